"""The own-input view: what a visitor's own image gives, and how it gets there."""

import io
import re
import struct
import zlib

import numpy as np
import pytest
from atlas_builder import build_atlas
from PIL import Image
from ways_to_serve import needs_server

from app.pictures.your_image import read_image
from hvae.config import HVAEConfig

RATES = "#own-flow .flow-number"
RUNNING = """() => document.getElementById('own-flow').getAnimations({ subtree: true })
    .some((one) => !(one instanceof CSSTransition))"""
RATES_TOLD = "() => !document.querySelector('.rate-row .rate-number').textContent.includes('–')"
SLOTS = ("own-layers", "own-resample")
FLOWS = """(own) => document.querySelector('#own-flow image')?.getAttribute('href')
    ?.split(',')[1].replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') === own"""
"""Whether the diagram shows an image: until its nats are known, what was there before it stays."""
CANVAS = "#own-canvas"


@pytest.fixture
def view(same_page):
    """The view with nothing in it yet."""
    same_page.page.click("#tab-own")
    same_page.page.wait_for_selector(CANVAS, state="visible")
    return same_page


def draw(explorer, *places, lift=True):
    """One stroke through places given as shares of the canvas."""
    box = explorer.page.locator(CANVAS).bounding_box()
    for index, (x, y) in enumerate(places):
        explorer.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if index == 0:
            explorer.page.mouse.down()
    if lift:
        explorer.page.mouse.up()


def own(explorer):
    """The image that the address carries, as (H, W) or (C, H, W) uint8."""
    explorer.page.wait_for_function("() => location.search.includes('own=')")
    return re.search(r"[?&]own=([A-Za-z0-9_-]+)", explorer.address)[1]


def shown_image(explorer):
    return read_image(own(explorer), (1, 32, 32))[0].astype(float)


def test_before_anything_is_drawn_there_are_words(view):
    assert view.page.locator("#own-empty").is_visible()
    assert view.page.locator("#own-answer").is_hidden()
    assert "own=" not in view.address


def test_drawing_shows_what_the_model_makes_of_it_while_the_pen_moves(view):
    draw(view, (0.5, 0.2), (0.5, 0.5), (0.55, 0.8), lift=False)
    view.wait_until_shown("", SLOTS)
    assert "own=" not in view.address, "the pen is still down"
    half = view.picture("own-layers")
    draw(view, (0.3, 0.5), (0.7, 0.5))
    view.page.wait_for_function(
        "() => location.search.includes('own=') && document.getElementById('own-layers-picture')"
        ".dataset.pictureUrl.includes(new URLSearchParams(location.search).get('own'))"
    )
    assert view.picture("own-layers") != half
    assert view.page.locator("#own-empty").is_hidden()


@pytest.mark.parametrize("corner", [(0.1, 0.1), (0.6, 0.5)])
def test_a_drawing_is_scaled_and_centred_by_mass_wherever_it_is_drawn(view, corner):
    x, y = corner
    draw(view, (x, y), (x, y + 0.3), (x + 0.1, y + 0.3))
    image = shown_image(view)
    rows, columns = np.nonzero(image > 20)
    # The tiny atlas says that it is `digits`, whose frame is filled from top to bottom.
    assert rows.max() - rows.min() + 1 >= 28
    mass = image.sum()
    assert abs((image.sum(1) * (np.arange(32) + 0.5)).sum() / mass - 16) < 1.5
    assert abs((image.sum(0) * (np.arange(32) + 0.5)).sum() / mass - 16) < 1.5
    assert image.max() == 255


@needs_server("compares with the server's numbers")
def test_the_rates_of_the_very_image_are_shown(view):
    draw(view, (0.3, 0.2), (0.7, 0.8))
    view.page.wait_for_function(RATES_TOLD)
    answer = view.page.evaluate(
        "async (url) => (await (await fetch(url)).json()).images[0]",
        f"/rates/tiny/b2-1_b1-1.json?image={own(view)}",
    )
    for latent in ("z2", "z1"):
        # Until they come, the rates of what the pen had drawn before stand there.
        view.page.wait_for_function(
            """([latent, nats]) => {
                const row = document.querySelector(`.rate-row[data-latent=${latent}]`);
                const said = row.querySelector('.rate-number').textContent;
                const allowed = Math.max(0.51, 0.001 * nats);
                return said.endsWith(' nats') && Math.abs(parseFloat(said) - nats) <= allowed;
            }""",
            arg=[latent, answer[f"rate_{latent}"]],
        )


def test_a_server_that_has_too_much_to_do_is_asked_for_the_rates_again(served_explorer):
    view = served_explorer
    view.page.click("#tab-own")
    view.page.wait_for_selector(CANVAS, state="visible")
    refused = view.turn_away_once("**/rates/**")
    draw(view, (0.3, 0.2), (0.7, 0.8))
    view.page.wait_for_function(RATES_TOLD)
    assert len(refused) >= 1


def take_test_image(explorer, index):
    explorer.wait_until_shown("", ("own-thumbnails",))
    explorer.page.locator(".own-view .thumbnail").nth(index).click()


def test_the_diagram_has_the_nats_of_the_very_image_and_its_pictures(view):
    take_test_image(view, 9)
    view.wait_until_shown(own(view), SLOTS)
    view.page.wait_for_function(FLOWS, arg=own(view))
    view.page.wait_for_function(
        """() => ['z2', 'z1'].every((latent) => {
            const told = document.querySelector(`.rate-row[data-latent=${latent}] .rate-number`).textContent;
            const numbers = [...document.querySelectorAll(`#own-flow [data-rate=${latent}]`)];
            const texts = numbers.map((one) => [...one.children].map((part) => part.textContent).join(' '));
            return told.endsWith('nats') && texts.length && texts.every((text) => text === told);
        })"""
    )
    told = {latent: view.text(f".rate-row[data-latent={latent}] .rate-number") for latent in ("z2", "z1")}
    total = float(view.page.locator("#own-flow [data-rate=total] .flow-value").text_content())
    assert total == pytest.approx(sum(float(text.split()[0]) for text in told.values()), abs=0.11, rel=1e-3)
    label = view.page.locator("#own-flow").get_attribute("aria-label")
    assert f"R(z₂) is {told['z2']}" in label
    # The diagram's pictures follow those of the sheet.
    view.page.wait_for_function(
        """async () => {
            const [images, sheet] = [document.querySelectorAll('#own-flow image'),
                document.getElementById('own-layers-picture')];
            const lefts = [0, (sheet.width - 32) / 2];
            const same = [...images].map(async (one, index) => {
                const picture = new Image(), canvas = document.createElement('canvas');
                [canvas.width, canvas.height, picture.src] = [32, 32, one.getAttribute('href') || ''];
                await picture.decode().catch(() => {});
                const context = canvas.getContext('2d');
                context.drawImage(picture, 0, 0);
                const got = context.getImageData(0, 0, 32, 32).data;
                const wanted = sheet.getContext('2d').getImageData(lefts[index], 0, 32, 32).data;
                return picture.width === 32 && got.every((value, i) => Math.abs(value - wanted[i]) <= 1);
            });
            return images.length === 2 && (await Promise.all(same)).every(Boolean);
        }"""
    )


def test_a_cleared_image_is_gone_from_the_diagram(view):
    take_test_image(view, 9)
    view.page.wait_for_function(RATES_TOLD)
    view.page.click("#own-clear")
    assert not view.page.evaluate("Boolean(document.querySelector('#own-flow image[href]'))")
    assert set(view.page.locator(RATES).all_text_contents()) == {"–"}


def test_each_image_flows_through_the_diagram_once_and_again_on_wish(view):
    take_test_image(view, 9)
    view.page.wait_for_function(RUNNING)
    view.page.wait_for_function(f"() => !({RUNNING})()")
    view.page.evaluate("hvae.screen.set({ point: 'b2-10_b1-1' })")
    view.wait_until_shown("/b2-10_b1-1/", SLOTS)
    view.page.wait_for_timeout(300)
    assert not view.page.evaluate(RUNNING), "another model, but the same image"
    take_test_image(view, 3)
    view.page.wait_for_function(RUNNING)
    view.page.wait_for_function(f"() => !({RUNNING})()")
    view.page.click("#own-flow-again")
    view.page.wait_for_function(RUNNING)
    view.page.click("#own-clear")
    view.page.wait_for_function(f"() => !({RUNNING})()")


def test_the_flow_waits_until_it_is_seen(open_page, tiny_address):
    page = (explorer := open_page(tiny_address, 390, 844)).page
    page.click("#tab-own")
    take_test_image(explorer, 9)
    page.wait_for_function(RATES_TOLD)
    page.wait_for_timeout(300)
    assert not page.evaluate(RUNNING)
    page.locator("#own-flow").scroll_into_view_if_needed()
    page.wait_for_function(RUNNING)


def test_nothing_moves_where_motion_is_unwelcome(open_page, tiny_address):
    explorer = open_page(tiny_address, reduced_motion="reduce")
    explorer.page.click("#tab-own")
    take_test_image(explorer, 9)
    explorer.page.wait_for_function(RATES_TOLD)
    for _ in range(3):
        assert explorer.page.evaluate("document.getAnimations().length") == 0
        explorer.page.wait_for_timeout(100)
    assert "–" not in "".join(explorer.page.locator(RATES).all_text_contents())
    assert not explorer.page.locator("#own-flow-again").is_visible()


def test_a_link_carries_the_drawing(view, open_page):
    draw(view, (0.3, 0.2), (0.7, 0.8))
    view.wait_until_shown(own(view), SLOTS)
    pictures = [view.picture(slot) for slot in SLOTS]
    url = view.address
    view.page.goto("about:blank")
    view.page.goto(url)
    view.page.wait_for_selector("#own-layers-picture", state="attached")
    view.wait_until_shown("", SLOTS)
    assert [view.picture(slot) for slot in SLOTS] == pictures
    assert view.address == url


def test_clear_leaves_nothing(view):
    draw(view, (0.3, 0.2), (0.7, 0.8))
    view.wait_until_shown(own(view), SLOTS)
    view.page.click("#own-clear")
    view.page.wait_for_selector("#own-empty", state="visible")
    assert "own=" not in view.address
    lit = "() => document.getElementById('own-canvas').getContext('2d').getImageData(0, 0, 640, 640).data"
    assert view.page.evaluate(f"() => ({lit})().every((value, index) => index % 4 === 3 || value === 0)")


def test_a_test_image_is_taken_as_it_is(view, tiny_atlas):
    from hvae.atlas.atlas import Atlas

    view.wait_until_shown("", ("own-thumbnails",))
    view.page.locator(".own-view .thumbnail").nth(9).click()
    view.wait_until_shown("", SLOTS)
    expected = Atlas.open(tiny_atlas).examples().images[9, 0]
    assert np.abs(shown_image(view) - expected).max() <= 1


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_a_chosen_file_becomes_its_central_square(view):
    """Left and right thirds are white, the central square is grey."""
    pixels = np.full((128, 384), 255, np.uint8)
    pixels[:, 128:256] = 80
    view.page.set_input_files(
        "#own-file", {"name": "wide.png", "mimeType": "image/png", "buffer": png(pixels)}
    )
    view.wait_until_shown("", SLOTS)
    assert np.abs(shown_image(view)[:, 1:-1] - 80).max() <= 1


def test_a_dropped_file_is_taken(view):
    data = list(png(np.full((64, 64), 120, np.uint8)))
    view.page.evaluate(
        """(data) => {
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array(data)], 'grey.png', { type: 'image/png' }));
            const canvas = document.getElementById('own-canvas');
            const how = { bubbles: true, cancelable: true, dataTransfer: files };
            for (const name of ['dragover', 'drop']) canvas.dispatchEvent(new DragEvent(name, how));
        }""",
        data,
    )
    view.wait_until_shown("", SLOTS)
    assert np.abs(shown_image(view) - 120).max() <= 1


def test_a_file_that_is_no_image_is_refused_in_a_sentence(view):
    view.page.set_input_files(
        "#own-file", {"name": "notes.png", "mimeType": "image/png", "buffer": b"<html>no image</html>"}
    )
    message = view.page.locator("#own-message")
    message.wait_for(state="visible")
    assert message.inner_text().startswith("notes.png is not an image")
    assert view.page.locator("#own-empty").is_visible()


def bomb(width, height):
    """A PNG of some kB that unpacks to width × height white pixels."""
    pixels = zlib.compressobj(9)
    row = b"\0" + b"\xff" * (width // 8)
    data = b"".join([*(pixels.compress(row * 100) for _ in range(height // 100)), pixels.flush()])
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)),
        (b"IDAT", data),
        (b"IEND", b""),
    ]
    chunks = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
ODD = {
    "of too many pixels": ("bomb.png", "image/png", bomb(16_000, 16_000), "more than 64 million pixels"),
    "cut off": ("half.png", "image/png", png(np.eye(64, dtype=np.uint8) * 255)[:20], "not an image"),
    "SVG": ("drawing.svg", "image/svg+xml", SVG, "not an image of pixels"),
    "SVG that says it is a PNG": ("drawing.png", "image/png", SVG, "not an image"),
    "empty": ("empty.jpg", "image/jpeg", b"", "not an image"),
    "of a long name with HTML in it": ("<img src=x>" * 20 + ".png", "image/png", b"x", "not an image"),
}


@pytest.mark.parametrize(("name", "mime", "data", "sentence"), ODD.values(), ids=ODD.keys())
def test_an_odd_file_is_refused_in_a_sentence_and_nothing_hangs(view, name, mime, data, sentence):
    view.page.set_input_files("#own-file", {"name": name, "mimeType": mime, "buffer": data})
    view.page.wait_for_function("() => document.getElementById('own-message').textContent")
    assert sentence in view.text("#own-message")
    assert view.page.locator("#own-message img").count() == 0
    view.page.set_input_files(
        "#own-file",
        {"name": "grey.png", "mimeType": "image/png", "buffer": png(np.full((64, 64), 120, np.uint8))},
    )
    view.page.wait_for_selector("#own-answer", state="visible")
    view.wait_until_shown(own(view), SLOTS)
    assert view.text("#own-message") == ""


@pytest.mark.parametrize(
    ("dropped", "sentence"),
    [
        ("items.add('https://example.invalid/a.png', 'text/uri-list')", "not a file"),
        (
            "items.add(new File([new Blob(Array(65).fill(new Uint8Array(1e6)))], 'large.png'))",
            "more than 64 MB",
        ),
    ],
)
def test_what_cannot_be_taken_when_it_is_dropped_is_told(view, dropped, sentence):
    view.page.evaluate(
        f"""() => {{
            const dropped = new DataTransfer();
            dropped.{dropped};
            const how = {{ bubbles: true, cancelable: true, dataTransfer: dropped }};
            document.getElementById('own-canvas').dispatchEvent(new DragEvent('drop', how));
        }}"""
    )
    view.page.wait_for_function("() => document.getElementById('own-message').textContent")
    assert sentence in view.text("#own-message")


def test_another_model_is_asked_about_the_same_image(view):
    draw(view, (0.3, 0.2), (0.7, 0.8))
    view.wait_until_shown(own(view), SLOTS)
    before = view.picture("own-layers")
    view.page.keyboard.press("ArrowRight")
    view.wait_until_shown("/b2-10_b1-1/", SLOTS)
    assert view.picture("own-layers") != before


def test_a_colour_model_takes_files_and_not_the_pen(open_page, serve, tmp_path):
    config = HVAEConfig((3, 32, 32), top_dim=4, channels=2, width=8)
    explorer = open_page(serve(build_atlas(tmp_path / "rgb", (1.0,), config)))
    explorer.page.click("#tab-own")
    draw(explorer, (0.3, 0.2), (0.7, 0.8))
    assert explorer.page.locator("#own-empty").is_visible()
    assert not re.search(r"\bdraw[ ,n]", explorer.page.locator(".own-view").inner_text(), re.IGNORECASE)
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[..., 0] = 200
    explorer.page.set_input_files(
        "#own-file", {"name": "red.png", "mimeType": "image/png", "buffer": png(pixels)}
    )
    explorer.wait_until_shown("", SLOTS)
    assert (read_image(own(explorer), (3, 32, 32)) == pixels.transpose(2, 0, 1)).all()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 720), (390, 844)])
def test_it_fits_the_window(open_page, tiny_address, width, height):
    explorer = open_page(tiny_address, width, height)
    explorer.page.click("#tab-own")
    explorer.page.locator(".own-view .thumbnail").nth(2).wait_for()
    explorer.wait_until_shown("", ("own-thumbnails",))
    explorer.page.locator(".own-view .thumbnail").nth(2).click()
    explorer.wait_until_shown("", SLOTS)
    assert explorer.page.evaluate("document.documentElement.scrollWidth") <= width
    if width > 390:
        assert explorer.page.evaluate("document.documentElement.scrollHeight") <= height
