"""Taking things away: figures, metrics, the model, and code that reloads what is on screen."""

import base64
import io
import json
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from kind_of_errors import registered
from PIL import Image, ImageColor
from safetensors.numpy import load
from ways_to_serve import WAY, needs_server

from app.pictures.contact_sheet import contact_sheet, paired_sheet
from hvae.atlas.atlas import Atlas

CODE = """async (addresses) => {
    const { pythonCode } = await import('/assets/page/views/python-code.js');
    return pythonCode(addresses, 'b2-10_b1-1');
}"""


def download(explorer, label):
    with explorer.page.expect_download() as started:
        explorer.page.get_by_label(label, exact=True).click()
    return started.value.path().read_bytes()


@pytest.fixture
def export(explorer):
    """The page with a model selected and the dialog open."""
    explorer.select("b2-10_b1-0.1")
    explorer.slide(0, 1.5)
    explorer.wait_until_shown("z2.0=1.5", ("traversal",))
    explorer.page.click("#open-export")
    explorer.page.wait_for_selector("#export-list li")
    return explorer


def saved(explorer, label):
    """The name and the bytes of a file."""
    with explorer.page.expect_download() as started:
        explorer.page.get_by_label(label, exact=True).click()
    return started.value.suggested_filename, started.value.path().read_bytes()


def titles(explorer):
    rows = explorer.page.locator("#export-list li:has-text('Figure:')").all_inner_texts()
    return [row.split("\n")[0].removeprefix("Figure: ") for row in rows]


def texts(svg):
    """All words in a drawing."""
    return " ".join(ElementTree.fromstring(svg).itertext())


def test_a_figure_says_as_a_slide_what_the_page_says_around_it(export):
    """Its title and metric, the signs, the colour key with its ends, and the source."""
    assert titles(export)[0] == "Reconstruct: PSNR"
    name, svg = saved(export, "Reconstruct: PSNR as SVG")
    assert name == "tiny-reconstruct-psnr.svg"
    said = texts(svg.decode())
    signs = export.page.locator(".signs li:visible").all_inner_texts()
    about = "Digits, 3 × 3 · 9 two-layer models · HVAE Explorer · after Xiao & Bamler, ICLR 2023"
    assert len(signs) >= 4
    for words in ("Reconstruct: PSNR", export.text("#landscapes-note-0"), "R(z₂)", about, *signs):
        assert words.replace("∑", "").strip() in said, words
    colours = [colour for _, colour in json.loads(export.page.get_attribute(".key-cells", "data-cells"))]
    assert len(colours) == 9 and all(said.count(end) >= 1 for end in ("β₁", "β₂", "0.1", "10"))
    assert all(f"rgb({', '.join(map(str, ImageColor.getrgb(one)))})".encode() in svg for one in colours)


@pytest.mark.parametrize(("format", "paper"), [("PNG", (255, 255, 255)), ("PNG, dark", (20, 21, 23))])
def test_a_slide_is_as_wide_as_a_projector_and_light_or_dark(export, format, paper):
    name, picture = saved(export, f"Reconstruct: PSNR as {format}")
    assert name == f"tiny-reconstruct-psnr{'-dark' if 'dark' in format else ''}.png"
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    assert image.size == (3840, 2160) and image.getpixel((5, 5)) == paper
    darkest, brightest = (
        np.asarray(image.convert("L"))[40:200, :1600].min(),
        np.asarray(image.convert("L")).max(),
    )
    assert (darkest < 40 and paper == (255, 255, 255)) or (brightest > 200 and paper != (255, 255, 255))


def test_a_slide_of_another_colour_says_of_which_metric_and_a_long_note_stays_on_it(open_page, tiny_address):
    explorer = open_page(
        f"{tiny_address}?view=reconstruction&colour=psnr", ready="#reconstruction-0 .scatterlayer .point"
    )
    explorer.wait_until_drawn("reconstruction")
    note = "A sentence about what is drawn here, which is so long that it is cut. " * 8
    explorer.page.evaluate(
        "(note) => document.getElementById('reconstruction-note-1').replaceChildren(note)", note
    )
    explorer.page.click("#open-export")
    explorer.page.wait_for_selector("#export-list li")
    assert len(set(titles(explorer))) == 3
    svg = saved(explorer, f"{titles(explorer)[1]} as SVG")[1].decode()
    ends = explorer.page.locator("#figures-key .key-ends > span").all_inner_texts()
    assert len(ends) == 2 and all(words in texts(svg) for words in ("PSNR", "A sentence about", " …", *ends))
    widest = explorer.page.evaluate(
        """(svg) => {
            const place = document.body.appendChild(document.createElement('div'));
            place.innerHTML = svg;
            const right = place.firstChild.getBoundingClientRect().left + 960;
            const lines = [...place.querySelectorAll('text')];
            const beyond = lines.map((one) => one.getBoundingClientRect().right - right);
            place.remove();
            return Math.max(...beyond);
        }""",
        svg,
    )
    assert widest <= 0


def test_the_metrics_read_back_as_they_were_measured(export, tiny_atlas):
    table = pd.read_csv(io.BytesIO(download(export, "Metrics as CSV")))
    pd.testing.assert_frame_equal(table, Atlas.open(tiny_atlas).metrics, check_exact=True)


def test_the_model_is_the_selected_points_file(export, tiny_atlas):
    file = tiny_atlas / "models" / "b2-10_b1-0.1.safetensors"
    downloaded = download(export, "Model as safetensors")
    assert downloaded == file.read_bytes() and load(downloaded)


@needs_server("compares with the server's pictures")
def test_the_code_gives_the_pictures_on_screen(export, tiny_atlas, monkeypatch):
    monkeypatch.chdir(tiny_atlas.parent)
    names = {}
    exec(export.text("#export-code"), names)
    assert {"samples", "reconstructions", "traversal"} <= set(names)
    for slot in ("samples", "traversal"):
        assert np.array_equal(shown(export, slot), contact_sheet(as_bytes(names[slot])))
    strip = contact_sheet(as_bytes(names["reconstructions"])[:8])
    assert np.array_equal(shown(export, "reconstructions")[34:66], strip)


@needs_server("compares with the server's pictures")
def test_the_code_walks_along_directions_of_z1_as_the_page_does(explorer, tiny_atlas, monkeypatch):
    monkeypatch.chdir(tiny_atlas.parent)
    address = "/pictures/tiny/b2-10_b1-1/traversal.png?seed=3&z1.1=2&z2.4=-1.5"
    names = {}
    exec(explorer.page.evaluate(CODE, [address]), names)
    sheet = contact_sheet(as_bytes(names["traversal"]))
    difference = np.abs(fetched(explorer, address).astype(int) - sheet.astype(int))
    assert difference.max() <= 1


@needs_server("the server makes the picture")
@pytest.mark.skipif(WAY == "gunicorn", reason="the module is registered in this process alone")
def test_the_code_makes_a_kind_of_picture_that_a_new_module_brings(
    open_page, serve, tiny_atlas, tmp_path, monkeypatch
):
    monkeypatch.chdir(tiny_atlas.parent)
    with registered(tmp_path):
        explorer = open_page(serve(tiny_atlas))
        address, names = "/pictures/tiny/b2-10_b1-1/errors.png?images=3,1", {}
        exec(explorer.page.evaluate(CODE, [address]), names)
        sheet = paired_sheet(Atlas.open(tiny_atlas).examples().images[[3, 1]], as_bytes(names["errors"]))
        assert np.array_equal(fetched(explorer, address), sheet)


def own_image():
    """A PNG as base64url, half of it transparent."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 4), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.urlsafe_b64encode(file.getvalue()).decode().rstrip("=")


@needs_server("compares with the server's pictures")
def test_the_code_makes_every_kind_of_picture_that_the_views_show(explorer, tiny_atlas, monkeypatch):
    monkeypatch.chdir(tiny_atlas.parent)
    image = own_image()
    kinds = {
        "samples": "n=8&seed=2&temperature=0.5",
        "reconstructions": "images=3,1",
        "resample": "rows=3&seed=5",
        "dimensions": "latent=z2&seed=3&rows=6",
        "dimensions_again": "latent=z1&seed=3&rows=6",
        "mix": "images=0,4",
        "interpolation": "images=2,5,7",
        "examples": "images=0,1,2",
        "layers": f"draws=0&image={image}",
        "resample_again": f"seed=4&image={image}",
    }
    addresses = [
        f"/pictures/tiny/b2-10_b1-1/{name.removesuffix('_again')}.png?{query}"
        for name, query in kinds.items()
    ]
    names = {}
    exec(explorer.page.evaluate(CODE, addresses), names)
    for name, address in zip(kinds, addresses, strict=True):
        given, made = fetched(explorer, address), as_bytes(names[name])
        tiles = set(map(bytes, tiles_of(given)))
        # A pixel may round the other way where models are asked for more pictures at once.
        for picture in made:
            assert min(distance(picture[0], np.frombuffer(tile, np.uint8)) for tile in tiles) <= 1, name


def tiles_of(sheet):
    """The pictures of a sheet: 32 rows that are opaque, cut where columns are."""
    opaque = sheet[..., -1] > 0
    tops, lefts = (starts(opaque.any(axis)) for axis in (1, 0))
    for top in tops:
        for left in lefts:
            if opaque[top, left]:
                yield sheet[top : top + 32, left : left + 32, 0].tobytes()


def starts(filled):
    return np.flatnonzero(np.diff(filled.astype(int), prepend=0) == 1)


def distance(picture, tile):
    return np.abs(picture.astype(int) - tile.reshape(32, 32)).max()


@needs_server("compares with the server's pictures")
def test_the_code_of_compared_models_has_a_block_for_each(explorer, tiny_atlas, monkeypatch):
    monkeypatch.chdir(tiny_atlas.parent)
    for point in ("b2-10_b1-1", "b2-0.1_b1-10"):
        explorer.select(point)
        explorer.page.keyboard.press("p")
    explorer.page.keyboard.press("7")
    explorer.wait_until_shown("/b2-10_b1-1/", ("compare-0-samples", "compare-0-reconstructions"))
    explorer.wait_until_shown("/b2-0.1_b1-10/", ("compare-1-samples", "compare-1-reconstructions"))
    explorer.page.keyboard.press("e")
    explorer.page.wait_for_selector("#export-list li")
    names = {}
    exec(explorer.text("#export-code"), names)
    for index in (0, 1):
        sheet = contact_sheet(as_bytes(names[f"samples_{index + 1}"]))
        assert np.array_equal(shown(explorer, f"compare-{index}-samples"), sheet)


def fetched(explorer, address):
    body = explorer.page.request.get(explorer.address.split("?")[0].rstrip("/") + address).body()
    return np.asarray(Image.open(io.BytesIO(body)))


def shown(explorer, slot):
    return fetched(explorer, explorer.page.locator(f"#{slot}-picture").get_attribute("data-picture-url"))


def as_bytes(pictures):
    return (pictures.numpy() * 255).round().astype(np.uint8)


@needs_server("asks for addresses")
def test_what_is_not_there_is_not_found(export):
    address = export.address.split("?")[0]
    for path in ("tiny/nothing.safetensors", "none/metrics.csv", "tiny/%2e%2e%2f%2e%2e%2fx", "tiny"):
        answer = export.page.request.get(f"{address}atlases/{path}")
        assert answer.status == 404 and "/tmp" not in answer.text()
