"""The representation view: which layer and which classifier."""

import pytest
from atlas_builder import build_atlas


@pytest.fixture(scope="module")
def labelled_address(serve, tmp_path_factory):
    metrics = {
        "mi_z2": [0.2 * step for step in range(9)],
        "mi_z1": [0.1 * step for step in range(9)],
        "acc_rbf_svm_z2": [0.2 + 0.05 * step for step in range(9)],
        "acc_rbf_svm_z1": [0.3 + 0.05 * step for step in range(9)],
        "acc_knn_z2": [0.1 + 0.05 * step for step in range(9)],
    }
    return serve(build_atlas(tmp_path_factory.mktemp("labelled") / "labelled", metrics=metrics))


def wait_for_axes(explorer, figure, x, y):
    explorer.page.wait_for_function(
        """([figure, x, y]) => {
            const { xaxis, yaxis } = document.querySelector(`#${figure} .js-plotly-plot`)?.layout || {};
            return xaxis?.title?.text === x && yaxis?.title?.text === y;
        }""",
        arg=[figure, x, y],
    )


def test_another_layer_and_another_classifier_are_drawn_and_said_by_the_address(open_page, labelled_address):
    explorer = open_page(f"{labelled_address}?view=representation", ready="#representation-0 .point")
    wait_for_axes(explorer, "representation-1", "R(z₂), nats per image", "RBF SVM on z₂")
    explorer.page.get_by_role("radiogroup", name="Layer").get_by_text("z₁").click()
    wait_for_axes(explorer, "representation-0", "Total rate, nats per image", "I(y; z₁), nats")
    assert "lower bound" in explorer.text("#representation-note-0")
    explorer.page.get_by_role("radiogroup", name="Layer").get_by_text("z₂").click()
    explorer.page.locator("#control-probe").click()
    explorer.page.get_by_role("option", name="kNN").click()
    wait_for_axes(explorer, "representation-2", "I(y; z₂), nats", "kNN on z₂")
    assert "probe=knn" in explorer.address and "layer" not in explorer.address


def test_what_was_not_measured_is_said_in_words(open_page, labelled_address):
    explorer = open_page(
        f"{labelled_address}?view=representation&layer=z1&probe=knn", ready="#representation-1 .annotation"
    )
    assert "kNN" in explorer.page.locator("#representation-1 .annotation").text_content()
    assert len(explorer.dots("representation-0")) == 9
