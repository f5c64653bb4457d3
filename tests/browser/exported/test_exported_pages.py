"""Pages without Python: a folder on a plain web server, and one file from a disk, without a network."""

import csv
import io
from urllib.parse import quote

import pytest
from atlas_builder import add_parent, as_made_from, build_atlas
from other_browsers import BROWSERS, missing
from pages import FIRST_DOT, UNDRAWN, Explorer
from recorded_once import recorded_once
from ways_to_serve import plain_server

from app.export.export import Options, exported
from app.page.views import VIEWS
from hvae.atlas.atlas import Atlas
from hvae.config import HVAEConfig

BELOW = "lectures/2026"
"""A page may lie anywhere on a server."""
SCRIPT = "</script><script>window.evil = 1</script>"
IMAGE = "\u2028<img src=x onerror='window.evil = 1'>"
EVIL = (SCRIPT, IMAGE, "\"'><b>&amp;`${window.evil = 1}`")
"""What a stranger could have written: names of classes, and more."""
SLOTS = {
    "landscapes": ("samples", "reconstructions", "traversal"),
    "model": ("model-samples", "model-reconstructions", "model-resample"),
}
FIGURE = """(id) => {
    const { data, layout } = document.querySelector(`#${id} .js-plotly-plot`);
    const { look, ...meta } = layout.meta;
    return [data, layout.xaxis.range, layout.xaxis.title.text, layout.annotations, meta];
}"""
KEY = """() => {
    const key = document.getElementById('figures-key');
    const cells = [...key.querySelectorAll('[data-point]')];
    return [key.innerText, cells.map((cell) => [cell.dataset.point, cell.style.backgroundColor, cell.title])];
}"""

SHOWN = """() => ['model-samples', 'model-resample'].every(
    (slot) => document.getElementById(`${slot}-picture`)?.dataset.state === 'shown')"""
PIXELS = """() => ['model-samples', 'model-resample'].map((slot) => {
    const canvas = document.getElementById(`${slot}-picture`);
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return [canvas.width, canvas.height, ...data].join(' ');
})"""
PLANES = f"() => document.querySelector('{FIRST_DOT}') && ({UNDRAWN})().length === 0"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A folder with atlases, exported in several ways."""
    root = tmp_path_factory.mktemp("exports")
    atlas = Atlas.open(add_parent(build_atlas(root / "tiny")))
    other = build_atlas(root / "other", (1.0, 10.0), HVAEConfig.of("local", width=8), classes=EVIL)
    gated = HVAEConfig.of("xiao-bamler", width=8, top_dim=6, inference="ladder")
    gated = Atlas.open(add_parent(build_atlas(root / "gated", (1.0, 10.0), gated), (1.0, 10.0)))
    notes = {"engine": SCRIPT, "device": IMAGE, SCRIPT: EVIL[2]}
    other = Atlas.open(as_made_from(other, dataset=f"folder:{SCRIPT}{IMAGE}", made_with=notes))
    (root / BELOW).mkdir(parents=True)
    whole = Options("all", "A <b>talk</b>", "?view=model&seed=3")
    with recorded_once():
        list(exported({"tiny": atlas, "other": other}, root / BELOW / "page", Options()))
        list(exported({"tiny": atlas}, root / "whole.html", whole))
        list(exported({"gated": gated}, root / "small.html", Options(lecture=True, test_images=2)))
        list(exported({"other": other}, root / "hostile.html", Options(title=f"{SCRIPT}{IMAGE}")))
    return root


@pytest.fixture(scope="module")
def addresses(places):
    """How each of the exports is opened."""
    with plain_server(places) as address:
        yield {
            "folder": f"{address}{BELOW}/page/",
            "file": (places / "whole.html").as_uri(),
            "small": (places / "small.html").as_uri(),
            "hostile": (places / "hostile.html").as_uri(),
        }


@pytest.fixture
def open_export(browser, addresses):
    """Open an export in a window of its own; what it asks elsewhere for, and any error, fails the test."""
    taken, wrong = [], []

    def start(which, query="", ready=FIRST_DOT):
        context = browser.new_context(offline=which != "folder", accept_downloads=True)
        page = context.new_page()
        taken.append(context)
        allowed = ("blob:", "data:", addresses[which])
        page.on("request", lambda one: None if one.url.startswith(allowed) else wrong.append(one.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
        page.goto(addresses[which] + query)
        page.wait_for_selector(ready)
        return Explorer(page)

    yield start
    for context in taken:
        context.close()
    assert wrong == []


def seen(explorer):
    """What a visitor sees of the views: fingerprints of pictures, and figures."""
    found = {}
    for view, slots in SLOTS.items():
        explorer.page.click(f"#tab-{view}")
        explorer.wait_until_shown("", slots)
        found |= {slot: explorer.picture(slot) for slot in slots}
    explorer.page.evaluate("() => hvae.screen.set({ units: 'bits', axes: 'log', colour: 'psnr' })")
    for view in ("reconstruction", "landscapes"):
        explorer.page.click(f"#tab-{view}")
        explorer.page.wait_for_function(
            """(view) => {
                const look = document.querySelector(`#${view}-0 .js-plotly-plot`)?.layout?.meta?.look;
                return look?.units === 'bits' && look.axes === 'log' && look.colour === 'psnr';
            }""",
            arg=view,
        )
        found[view] = explorer.page.evaluate(FIGURE, f"{view}-0")
    found["key"] = explorer.page.evaluate(KEY)
    return found


def leaves(value, path=""):
    """(path, number or text) of all that is in nested lists and dictionaries."""
    if isinstance(value, dict):
        return [leaf for name in sorted(value) for leaf in leaves(value[name], f"{path}/{name}")]
    if isinstance(value, list):
        return [leaf for index, part in enumerate(value) for leaf in leaves(part, f"{path}/{index}")]
    return [(path, value)]


def alike(found, expected):
    """Whether all is the same, but for numbers beyond the ten digits that an export has."""
    return all(
        path == its_path
        and (value == its or isinstance(its, float) and value == pytest.approx(its, rel=1e-9))
        for (path, value), (its_path, its) in zip(leaves(found), leaves(expected), strict=True)
    )


def test_an_export_shows_what_the_server_shows(open_export, open_page, serve, places):
    expected = seen(open_page(serve(places / "tiny")))
    assert alike(seen(open_export("folder")), expected)
    assert alike(seen(open_export("file", "?view=landscapes")), expected)


@pytest.mark.parametrize("which", ["folder", "file"])
def test_everything_works_without_a_server(open_export, places, which):
    explorer = open_export(which, "?view=landscapes&point=b2-10_b1-1&seed=5")
    page = explorer.page
    explorer.wait_until_shown("/b2-10_b1-1/")
    explorer.wait_until_shown("seed=5", ("samples",))
    page.click("#open-export")
    table = download(page, "Metrics as CSV").decode()
    assert len(list(csv.DictReader(io.StringIO(table)))) == 9
    file = "b2-10_b1-1.safetensors"
    assert download(page, "Model as safetensors") == (places / "tiny" / "models" / file).read_bytes()
    assert download(page, "samples as PNG").startswith(b"\x89PNG")
    page.click("#export .dialog-close")
    page.click("#tab-parent")
    box = page.locator("#beta-plane").bounding_box()
    page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 0.7 * box["height"])
    page.wait_for_function("() => hvae.screen.points[hvae.screen.current.point]?.estimated")
    assert not page.locator("#training-panel").is_visible()
    address = explorer.address
    assert "view=parent" in address and "point=fold" in address
    page.reload()
    page.wait_for_function("() => window.hvae?.screen.current?.view === 'parent'")
    assert explorer.address == address


def test_the_choice_leads_to_other_atlases_of_a_folder(open_export):
    explorer = open_export("folder", "?view=landscapes&seed=4")
    other = explorer.page.locator("[aria-label=Atlas] [aria-selected=false]")
    assert other.locator("img").evaluate("(image) => image.decode().then(() => image.naturalHeight)") == 32
    other.click()
    explorer.page.wait_for_function("() => window.hvae?.screen.current?.atlas === 'other'")
    explorer.wait_until_shown("/other/")
    assert explorer.text("#model-count") == "4 two-layer models"


@pytest.mark.parametrize("view", ["reconstruction", "representation", "generation"])
def test_recorded_figures_stay_where_they_first_appear(open_export, view):
    explorer = open_export("folder", "?view=landscapes")
    places = explorer.places_of_figures(view)
    assert places and len(places) == len({place.split()[0] for place in places}), places


def test_a_strangers_words_are_text_in_every_view(open_export):
    link = f"?atlas={quote(SCRIPT)}&point={quote(IMAGE)}&pins={quote(EVIL[2])}"
    explorer = open_export("hostile", link)
    page = explorer.page
    assert SCRIPT in page.title() and SCRIPT in explorer.text("h1")
    assert "<img src=x" in explorer.text("#about"), "the name of its data set"
    for view in VIEWS:
        page.click(f"#tab-{view}")
        page.wait_for_selector(f"#view-{view}", state="visible")
    page.keyboard.press("l")
    page.keyboard.press("e")
    page.wait_for_selector("#export-list li")
    found = "() => [window.evil ?? null, document.querySelectorAll('img[src=x]').length]"
    assert page.evaluate(found) == [None, 0]


def test_a_page_begins_where_its_maker_wants_and_its_title_is_text(open_export):
    explorer = open_export("file", ready="#view-model:not([hidden])")
    explorer.wait_until_shown("seed=3", ("model-samples",))
    assert explorer.page.title() == explorer.text("h1") == "A <b>talk</b>"


@pytest.mark.parametrize("name", BROWSERS)
def test_another_browser_draws_the_same_from_a_disk(open_export, places, tmp_path, name):
    if reason := missing(name):
        pytest.skip(reason)
    with BROWSERS[name](tmp_path) as window:
        window.open((places / "whole.html").as_uri())
        window.wait_for(SHOWN)
        pixels = window.evaluate(PIXELS)
        window.evaluate("() => document.getElementById('tab-landscapes').click()")
        window.wait_for(PLANES)
    explorer = open_export("file", ready="#view-model:not([hidden])")
    explorer.page.wait_for_function(SHOWN)
    assert explorer.page.evaluate(PIXELS) == pixels


def test_the_parent_stands_in_for_dots_and_the_page_says_so(open_export):
    explorer = open_export("small", ready="#lecture:not([hidden])")
    assert "by the parent" in explorer.text(".page-message:has-text('parent')")
    explorer.wait_until_shown("", ("model-samples", "model-reconstructions"))
    stood_in = explorer.picture("model-samples")
    explorer.page.evaluate("() => hvae.screen.set({ point: 'fold_b2-1_b1-1' })")
    explorer.wait_until_shown("/fold_b2-1_b1-1/", ("model-samples",))
    assert explorer.picture("model-samples") == stood_in
    assert explorer.page.evaluate("() => hvae.screen.fields.images.count") == 2


def download(page, label):
    with page.expect_download() as started:
        page.get_by_label(label, exact=True).click()
    return started.value.path().read_bytes()
