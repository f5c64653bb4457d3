"""The rate plane: clicking dots, and what the selected one looks like."""

import pytest

FIVE = ["b2-0.1_b1-0.1", "b2-10_b1-0.1", "b2-1_b1-0.1", "b2-0.1_b1-10", "b2-10_b1-10"]


def test_clicking_five_dots_changes_samples_and_reconstructions_each_time(explorer):
    seen = {slot: [explorer.picture(slot)] for slot in ("samples", "reconstructions", "traversal")}
    for point in FIVE:
        explorer.select(point)
        for slot, pictures in seen.items():
            pictures.append(explorer.picture(slot))
    assert all(len(set(pictures)) == 6 for pictures in seen.values())


def test_title_and_numbers_are_those_of_the_clicked_dot(explorer):
    assert explorer.text("#model-title") == "β₂ = 1, β₁ = 1"
    explorer.select("b2-0.1_b1-10")
    explorer.page.wait_for_function(
        "() => document.getElementById('model-title').textContent === 'β₂ = 0.1, β₁ = 10'"
    )
    assert explorer.text("#stat-rate_z2").endswith("nats") and explorer.text("#stat-psnr").endswith("dB")


@pytest.mark.parametrize("point", FIVE[:3])
def test_the_selected_dot_wears_a_ring(explorer, point):
    explorer.select(point)
    dot, ring = explorer.dots()[point], explorer.ring()
    assert ring["x"] == pytest.approx(dot["x"], abs=1) and ring["y"] == pytest.approx(dot["y"], abs=1)
    assert ring["size"] > dot["size"] + 6


def test_of_quick_clicks_the_last_one_counts(explorer):
    dots = explorer.dots()
    for point in FIVE:
        explorer.page.mouse.click(dots[point]["x"], dots[point]["y"])
    explorer.wait_until_shown(f"/{FIVE[-1]}/")
    explorer.page.wait_for_timeout(400)
    explorer.wait_until_shown(f"/{FIVE[-1]}/")
    assert explorer.text("#model-title") == "β₂ = 10, β₁ = 10"
    assert explorer.page.locator("#plane-ring").get_attribute("data-point") == FIVE[-1]


def test_a_click_beside_all_dots_changes_nothing(explorer):
    box = explorer.page.locator("#plane .nsewdrag").bounding_box()
    before = explorer.page.locator("#samples-picture").get_attribute("data-frames")
    explorer.page.mouse.click(box["x"] + box["width"] - 4, box["y"] + 4)
    explorer.page.wait_for_timeout(200)
    assert explorer.page.locator("#samples-picture").get_attribute("data-frames") == before


def test_another_size_metric_resizes_the_dots_and_keeps_the_selection(explorer):
    explorer.select("b2-0.1_b1-10")
    sizes = {point: dot["size"] for point, dot in explorer.dots().items()}
    explorer.page.get_by_role("textbox", name="Dot size").or_(
        explorer.page.get_by_role("combobox", name="Dot size")
    ).first.click()
    explorer.page.get_by_role("option", name="Negative ELBO").click()
    explorer.page.wait_for_function(
        """(size) => document.querySelector('#plane .js-plotly-plot').data
            .find((trace) => trace.name === 'points').marker.size[0] !== size""",
        arg=sizes["b2-0.1_b1-0.1"],
    )
    explorer.page.wait_for_timeout(100)
    dot, ring = explorer.dots()["b2-0.1_b1-10"], explorer.ring()
    assert ring["x"] == pytest.approx(dot["x"], abs=1) and ring["y"] == pytest.approx(dot["y"], abs=1)
    assert explorer.text("#size-note") == "lower Negative ELBO"
    assert explorer.text("#model-title") == "β₂ = 0.1, β₁ = 10"


def test_hovering_tells_the_dots_numbers(explorer):
    dot = explorer.dots()["b2-1_b1-1"]
    explorer.page.mouse.move(dot["x"] + 1, dot["y"])
    explorer.page.wait_for_selector("#plane .hovertext")
    assert "β₂ = 1, β₁ = 1" in explorer.page.locator("#plane .hoverlayer").text_content()
