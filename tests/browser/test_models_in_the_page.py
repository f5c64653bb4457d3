"""Pictures that the page makes itself, beside the server's at the same addresses."""

import json
from urllib.request import urlopen

import numpy as np
import pytest
from atlas_builder import add_parent, build_atlas
from pages import Explorer
from plugins import linear_architecture, without_plugins
from ways_to_serve import needs_server

from hvae import HVAEConfig, load_plugin
from hvae.atlas.atlas import Atlas

DIFFERENCE = """async (slot) => {
    const canvas = document.getElementById(`${slot}-picture`);
    const ours = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    const answer = await fetch(canvas.dataset.pictureUrl);
    const image = await createImageBitmap(await answer.blob());
    const { width, height } = image;
    const other = Object.assign(document.createElement('canvas'), { width, height });
    other.getContext('2d').drawImage(image, 0, 0);
    const theirs = other.getContext('2d').getImageData(0, 0, width, height).data;
    if (ours.length !== theirs.length) throw new Error(`${slot} has another size`);
    const apart = ours.map((value, index) => Math.abs(value - theirs[index]));
    return [Math.max(...new Set(apart)), apart.filter(Boolean).length, apart.length];
}"""
"""Between our pixels of a slot and the server's: the largest one, how many there are, and of how many values.

They are compared in the page: a list of a million numbers takes Playwright seconds.
"""
PARTS = {
    "samples": ("model-samples", "model-reconstructions", "model-resample"),
    "walks": ("model-z2", "model-z2-strips", "model-z1", "model-z1-strips"),
    "mix": ("model-thumbnails", "model-mix", "model-interpolation"),
}


@needs_server("compares with the server's pictures")
@pytest.mark.parametrize("name", ["mnist", "street-digits"])
def test_the_pictures_are_the_servers(open_page, serve, name):
    explorer = open_page(serve(Atlas.shipped(name).path))
    asked = asked_of_the_server(explorer)
    differences = []
    explorer.page.click("#tab-model")
    for part, slots in PARTS.items():
        explorer.page.click(f"#part-tab-{part}")
        explorer.wait_until_shown("", slots)
        assert asked == []
        for slot in slots:
            differences.append(explorer.page.evaluate(DIFFERENCE, slot))
        asked.clear()
    largest, different, values = np.array(differences).T
    assert largest.max() <= 1 and different.sum() < 1e-4 * values.sum()


@needs_server("compares with the server's pictures")
def test_so_are_those_of_another_architecture_between_the_dots(open_page, serve, tmp_path):
    config = HVAEConfig.of("xiao-bamler", top_dim=6, width=8)
    atlas = add_parent(build_atlas(tmp_path / "other", (1.0, 10.0), config), (1.0, 10.0))
    explorer = open_page(serve(atlas))
    asked = asked_of_the_server(explorer)
    explorer.page.click("#tab-model")
    explorer.page.evaluate("() => hvae.screen.set({ point: 'fold_b2-2_b1-3' })")
    explorer.wait_until_shown("/fold_b2-2_b1-3/", PARTS["samples"])
    explorer.page.wait_for_function("() => hvae.screen.points['fold_b2-2_b1-3']?.estimated")
    assert asked == []
    for slot in PARTS["samples"]:
        largest, different, values = explorer.page.evaluate(DIFFERENCE, slot)
        # Weights are random, and some pixels lie on the edge between two bytes.
        assert largest <= 1 and different < 1e-3 * values


@needs_server("the server makes the pictures")
def test_an_architecture_that_the_browser_does_not_know_has_the_servers_pictures(open_page, serve, tmp_path):
    with without_plugins():
        (tmp_path / "linear.py").write_text(linear_architecture(), encoding="utf-8")
        load_plugin(tmp_path / "linear.py")
        config = HVAEConfig(architecture="linear", width=8, top_dim=4, channels=2)
        explorer = open_page(serve(build_atlas(tmp_path / "plugged", (1.0,), config)))
        asked = asked_of_the_server(explorer)
        explorer.page.click("#tab-model")
        explorer.wait_until_shown("", PARTS["samples"])
        assert {url.partition("?")[0].rpartition("/")[2] for url in asked} >= {"samples.png", "resample.png"}


@needs_server("the server makes the pictures")
@pytest.mark.parametrize(
    "script", ["delete window.Worker", "window.Worker = class { constructor() { throw new Error('no'); } }"]
)
def test_a_browser_that_cannot_run_the_models_gets_the_servers_pictures(browser, tiny_address, script):
    page = browser.new_page()
    page.add_init_script(script)
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    asked = asked_of_the_server(Explorer(page).open(tiny_address))
    page.click("#draw-again")
    Explorer(page).wait_until_shown("seed=1", ("samples", "traversal"))
    assert asked and errors == []
    page.close()


@pytest.mark.parametrize("view", ["landscapes", "model"])
def test_the_first_pictures_are_on_the_screen_before_figures_begin(browser, tiny_address, view):
    page = browser.new_page()
    page.add_init_script(
        """window.plotsThen = [];
        document.addEventListener('hvae:drawn',
            () => plotsThen.push(document.querySelectorAll('.js-plotly-plot').length))"""
    )
    page.goto(f"{tiny_address}?view={view}")
    page.wait_for_selector("#landscapes-0 .js-plotly-plot", state="attached")
    assert page.evaluate("plotsThen.slice(0, 3)") == [0, 0, 0]
    page.close()


@needs_server("asks the server what it has done")
def test_a_visit_never_wakes_the_servers_decoder(open_page, serve, tmp_path):
    address = serve(add_parent(build_atlas(tmp_path / "visited")))
    explorer = open_page(address)
    asked, page = asked_of_the_server(explorer), explorer.page
    page.click("#tab-model")
    explorer.wait_until_shown("", PARTS["samples"])
    page.click("#tab-own")
    box = page.locator("#own-canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function(
        "() => !document.querySelector('.rate-row .rate-number').textContent.includes('–')"
    )
    page.click("#tab-parent")
    page.wait_for_selector("#beta-plane canvas, #beta-plane svg")
    box = page.locator("#beta-plane").bounding_box()
    page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 0.7 * box["height"])
    page.wait_for_function("() => hvae.screen.points[hvae.screen.current.point]?.estimated")
    assert asked == []
    with urlopen(address.partition("?")[0].rstrip("/") + "/healthz") as answer:
        assert json.load(answer)["decoding"] == "asleep"


@needs_server("changes what the server sends")
def test_where_webassembly_is_forbidden_plain_javascript_draws_the_same(open_page, tiny_address, windows):
    """The worker's own Content-Security-Policy decides."""
    explorer = open_page(tiny_address)
    samples = explorer.picture("samples")

    def forbid(route):
        answer = route.fetch()
        policy = answer.headers["content-security-policy"].replace("'wasm-unsafe-eval'", "")
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": policy})

    page = explorer.page
    page.route("**/assets/worker/worker.js", forbid)
    asked = asked_of_the_server(explorer)
    explorer.open(tiny_address)
    assert explorer.picture("samples") == samples and asked == []
    page.unroute("**/assets/worker/worker.js")


def test_another_worker_takes_the_place_of_one_that_has_died(open_page, tiny_address):
    explorer = open_page(tiny_address)
    page = explorer.page
    (worker,) = page.workers
    worker.evaluate("() => { self.onmessage = null; }")  # as if it had run into an endless loop
    # The patience for the next answer ends at once.
    page.evaluate(
        """() => {
            const real = window.setTimeout;
            window.setTimeout = (act, ms) => {
                if (ms !== 10000) return real(act, ms);
                window.setTimeout = real;
                return real(act, 50);
            };
        }"""
    )
    page.click("#draw-again")
    explorer.wait_until_shown("seed=1", ("samples", "traversal"))
    page.click("#draw-again")
    explorer.wait_until_shown("seed=2", ("samples", "traversal"))
    page.wait_for_timeout(500)  # what is made ahead of the next click
    asked = asked_of_the_server(explorer)
    page.click("#draw-again")
    explorer.wait_until_shown("seed=3", ("samples", "traversal"))
    assert asked == []


def asked_of_the_server(explorer):
    """The addresses of pictures and numbers that the page asks the server for from here on."""
    asked, places = [], ("/pictures/", "/rates/", "/estimates/")
    explorer.page.on(
        "request",
        lambda request: asked.append(request.url) if any(place in request.url for place in places) else None,
    )
    return asked
