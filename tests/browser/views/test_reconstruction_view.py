"""The reconstruction view: its figures come when it is shown, and are linked."""

import pytest

FIGURES = ["reconstruction-0", "reconstruction-1", "reconstruction-2"]


@pytest.fixture
def shown(explorer):
    explorer.page.keyboard.press("2")
    explorer.wait_until_drawn("reconstruction")
    return explorer


def test_the_figures_are_there_when_the_view_is_first_shown(explorer):
    assert explorer.page.locator("#view-reconstruction .js-plotly-plot").count() == 0
    explorer.page.keyboard.press("2")
    explorer.wait_until_drawn("reconstruction")
    for figure in FIGURES:
        assert len(explorer.dots(figure)) == 9


def test_a_dot_clicked_in_any_figure_is_selected_in_all(shown):
    for figure, point in zip(FIGURES, ["b2-0.1_b1-0.1", "b2-10_b1-10", "b2-1_b1-1"], strict=True):
        shown.click_dot(point, figure)
        shown.wait_until_shown(f"/{point}/")
        for other in FIGURES:
            shown.expect_ring_around(point, other)


def test_the_selection_follows_from_one_view_to_another(explorer):
    explorer.select("b2-10_b1-0.1")
    explorer.page.keyboard.press("2")
    explorer.wait_until_drawn("reconstruction")
    explorer.page.wait_for_function(
        "() => document.querySelector('#view-reconstruction .ring').dataset.point === 'b2-10_b1-0.1'"
    )


def test_units_chosen_here_hold_in_the_view_shown_before(shown):
    shown.page.get_by_role("radiogroup", name="Units").get_by_text("bits").click()
    for figure, key in (("reconstruction-2", None), ("landscapes-0", "1")):
        if key:
            shown.page.keyboard.press(key)
        shown.page.wait_for_function(
            """(figure) => document.querySelector(`#${figure} .js-plotly-plot`)
                .layout.xaxis.title.text.includes('bits')""",
            arg=figure,
        )
