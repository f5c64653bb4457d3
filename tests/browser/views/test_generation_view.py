"""The generation view: which score over which rate."""

import pytest
from atlas_builder import build_atlas
from ways_to_serve import needs_server


@pytest.fixture(scope="module")
def scored_address(serve, tmp_path_factory):
    metrics = {
        "inception_score": [1.0 + 0.3 * step for step in range(9)],
        "diversity": [2.0 + 0.5 * step for step in range(9)],
        "sharpness": [(1.0 + 0.3 * step) / (2.0 + 0.5 * step) for step in range(9)],
    }
    return serve(build_atlas(tmp_path_factory.mktemp("scored") / "scored", metrics=metrics))


def test_another_score_over_another_rate_is_drawn(open_page, scored_address):
    explorer = open_page(f"{scored_address}?view=generation", ready="#generation-2 .point")
    assert explorer.text("#generation-note-0") == "best 3.40"
    assert "not measured" in explorer.text("#generation-note-1"), "this atlas has no ceiling"
    explorer.page.locator(".signs li:visible", has_text="real test images").wait_for(state="hidden")
    assert explorer.page.locator(".signs li:visible", has_text="best split in each band").count() == 1
    for control, option in (("score", "Sharpness"), ("rate", "Over R(z₂)")):
        explorer.page.locator(f"#control-{control}").click()
        explorer.page.get_by_role("option", name=option, exact=True).click()
    explorer.page.wait_for_function(
        """() => {
            const { xaxis, yaxis } = document.querySelector('#generation-1 .js-plotly-plot').layout;
            return xaxis.title.text === 'R(z₂), nats per image' && yaxis.title.text === 'Sharpness';
        }"""
    )
    assert "score=sharpness" in explorer.address and "rate=rate_z2" in explorer.address


@needs_server("a server is gone for a while")
def test_figures_come_by_themselves_once_the_server_is_back(explorer):
    explorer.page.route("**/*", lambda route: route.abort())
    explorer.page.keyboard.press("4")
    for index in range(3):
        place = explorer.page.locator(f"#generation-place-{index}", has_text="when the server can be reached")
        place.wait_for(state="visible")
    assert "cannot be reached. Trying again" in explorer.text("#connection-message")
    explorer.page.unroute("**/*")
    explorer.wait_until_drawn("generation")
    assert explorer.text("#connection-message") == ""


@needs_server("a server is gone for a while")
def test_a_figure_that_was_to_change_meanwhile_changes_once_the_server_is_back(explorer):
    explorer.page.route("**/*", lambda route: route.abort())
    explorer.page.get_by_text("bits", exact=True).click()
    explorer.page.locator("#connection-message", has_text="Trying again").wait_for(state="visible")
    title = "() => document.querySelector('#landscapes-0 .js-plotly-plot').layout.xaxis.title.text"
    assert "nats" in explorer.page.evaluate(title)
    explorer.page.unroute("**/*")
    explorer.page.wait_for_function(f"() => ({title})().includes('bits')")


def test_an_atlas_without_scores_says_why(explorer):
    explorer.page.keyboard.press("4")
    explorer.wait_until_drawn("generation")
    for index in range(3):
        words = explorer.page.locator(f"#generation-{index} .annotation").text_content()
        assert "No model of this atlas has a number" in words
    explorer.page.locator(".signs li:visible").first.wait_for(state="hidden")
