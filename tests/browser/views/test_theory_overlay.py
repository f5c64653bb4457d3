"""What theory predicts, over the figures: a switch, hollow dots, and both numbers on a dot's card."""

import json

import pytest
from atlas_builder import build_atlas
from pages import FIRST_DOT

from hvae.atlas.atlas import MANIFEST
from hvae.files import write_json

HOLLOW = """([figure, point]) => {
    const plot = document.querySelector(`#${figure} .js-plotly-plot`), box = plot.getBoundingClientRect();
    const { _size, xaxis, yaxis } = plot._fullLayout;
    const trace = plot.data.find(({ name }) => name === 'theory');
    const at = trace.ids.indexOf(point);
    return [box.left + _size.l + xaxis.d2p(trace.x[at]), box.top + _size.t + yaxis.d2p(trace.y[at])];
}"""
HAS_HOLLOW = """(figure) => document.querySelector(`#${figure} .js-plotly-plot`)
    ?.data?.some(({ name }) => name === 'theory')"""


@pytest.fixture(scope="module")
def predictable(serve, tmp_path_factory):
    """The address of an atlas whose rates theory predicts."""
    folder = build_atlas(tmp_path_factory.mktemp("predictable") / "predictable")
    manifest = json.loads((folder / MANIFEST).read_text())
    write_json(folder / MANIFEST, manifest | {"spectrum": [90.0 / (1 + place) for place in range(300)]})
    return serve(folder)


def test_hollow_dots_come_with_the_switch_and_select_their_points(open_page, predictable):
    explorer = open_page(predictable)
    explorer.page.get_by_role("radiogroup", name="What theory predicts").get_by_text("on").click()
    explorer.page.wait_for_function(HAS_HOLLOW, arg="landscapes-0")
    assert "theory=on" in explorer.address
    assert "no model off β₂ = β₁" in explorer.text("#landscapes-theory")
    x, y = explorer.page.evaluate(HOLLOW, ["landscapes-0", "b2-0.1_b1-0.1"])
    explorer.page.mouse.move(x, y)
    explorer.page.wait_for_selector(".dot-card:not([hidden])")
    names = explorer.page.locator(".dot-card dt").all_inner_texts()
    assert names[:4] == ["R(z₂)", "R(z₂), theory", "R(z₁|z₂)", "R(z₁|z₂), theory"]
    explorer.page.mouse.click(x, y)
    explorer.wait_until_shown("/b2-0.1_b1-0.1/")
    explorer.expect_ring_around("b2-0.1_b1-0.1")


def test_an_address_may_ask_for_theory_in_the_reconstruction_view(open_page, predictable):
    explorer = open_page(f"{predictable}?view=reconstruction&theory=on", ready="#reconstruction-2 .point")
    explorer.page.wait_for_function(HAS_HOLLOW, arg="reconstruction-2")
    assert "predicted by theory" in explorer.text(".signs")
    explorer.page.keyboard.press("4")
    explorer.page.locator("#control-theory").wait_for(state="hidden")


def test_an_atlas_without_a_spectrum_has_a_sentence_in_place_of_the_switch(open_page, tiny_address):
    explorer = open_page(f"{tiny_address}?theory=on", ready=FIRST_DOT)
    assert explorer.page.locator("#control-theory").count() == 0
    assert "images' spectrum" in explorer.text(".legend-note")
    assert "theory “on” (instead: off)" in explorer.text("#link-message")
