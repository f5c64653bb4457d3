"""Once all figures of an atlas are recorded, a page draws what is chosen by itself."""

import os
from threading import Thread

import pytest
from services import served
from ways_to_serve import needs_server

from app.atlases.shelf import Snapshot
from app.page.figures.look import Look
from app.page.figures.planes import landscape_figure
from app.page.points import points_table
from app.server.build import create_app
from app.server.host_names import LOOPBACK_NAMES
from app.server.recorded_figures import FigureRecorder, record_into
from hvae.atlas.atlas import Atlas

FIGURE = """(id) => {
    const { data, layout } = document.querySelector(`#${id} .js-plotly-plot`);
    const dots = data.find((trace) => trace.ids);
    return { ids: dots.ids, sizes: [...dots.marker.size], type: layout.xaxis.type };
}"""
THERE = """() => performance.getEntriesByType('resource').some(
    ({ name, responseStatus }) => name.includes('figures.json') && responseStatus === 200)"""
METRICS = "Object.keys(hvae.screen.fields.sizes.choices)"
CHANGED = """([id, former]) => {
    const plot = document.querySelector(`#${id} .js-plotly-plot`);
    return String(plot.data.find((trace) => trace.ids).marker.size) !== String(former);
}"""


@pytest.fixture
def address(tiny_atlas):
    """A server that has recorded, in this process."""

    def start(folder, version, sender):
        own = type(sender)(os.dup(sender.fileno()))
        recording = Thread(target=record_into, args=(folder, version, own))
        recording.start()
        recording.join()

    atlas = Atlas.open(tiny_atlas)
    recorder = FigureRecorder(start)
    assert recorder.figures(Snapshot("tiny", atlas, tiny_atlas))
    app = create_app({"tiny": atlas}, hosts=LOOPBACK_NAMES, recorder=recorder)
    with served(app.server) as address:
        yield address
    app.server.extensions["decoder"].close()


@needs_server("a server records its figures")
def test_choices_are_drawn_at_once_and_as_the_server_draws_them(open_page, address, tiny_atlas):
    page = open_page(address).page
    page.wait_for_function(THERE)
    page.wait_for_timeout(300)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    first, *others = page.evaluate("hvae.screen.first.sizes")
    sizes = [next(name for name in page.evaluate(METRICS) if name != first), *others]

    former = page.evaluate(FIGURE, "landscapes-0")["sizes"]
    page.evaluate("(sizes) => hvae.screen.set({ sizes, axes: 'log' })", sizes)
    page.wait_for_function(CHANGED, arg=["landscapes-0", former])
    drawn = page.evaluate(FIGURE, "landscapes-0")
    expected = landscape_figure(points_table(Atlas.open(tiny_atlas)), sizes, 0, Look(axes="log"))
    dots = next(trace for trace in expected.data if trace.ids is not None)
    assert drawn["ids"] == list(dots.ids) and drawn["sizes"] == pytest.approx(list(dots.marker.size))
    assert drawn["type"] == expected.layout.xaxis.type

    page.keyboard.press("2")
    page.wait_for_selector("#reconstruction-0 .scatterlayer .point")
    page.evaluate("hvae.screen.set({ colour: 'psnr', units: 'bits' })")
    page.wait_for_selector("#figures-key .key-ramp")
    assert "bits" in page.locator("#reconstruction-0 .xtitle").text_content()
    page.keyboard.press("1")
    page.wait_for_function("document.querySelector('#landscapes-0 .xtitle')?.textContent.includes('bits')")
    assert [url for url in asked if "_dash-update-component" in url] == []
