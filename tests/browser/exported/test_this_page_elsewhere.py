"""The export dialog about the page itself: commands, a frame for other pages, a link to share, a QR code."""

import html
import io
import re
import shlex

import numpy as np
import pytest
from pages import Explorer
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, QRData
from ways_to_serve import HAS_SERVER, IS_OFFLINE, needs_server

from app.export.export import Options, first_address

SHARED = "navigator.share = (what) => { window.shared = what; return Promise.resolve(); }"
COPIED = """
    delete Navigator.prototype.share;
    navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); };
"""
on_the_web = pytest.mark.skipif(IS_OFFLINE, reason="a file on a disk has no address for others")


@pytest.fixture(scope="module")
def dialog(windows, tiny_address):
    """A page with a model selected and the dialog open, for all tests: each leaves the dialog open."""
    window = windows.take(1440, 900)
    explorer = Explorer(window).open(f"{tiny_address}?view=landscapes&point=b2-10_b1-0.1")
    window.click("#open-export")
    window.wait_for_selector("#export-list li")
    yield explorer
    assert windows.give_back([window]) == []


def lines(dialog):
    """Title of a row → what can be copied."""
    rows = dialog.page.locator("#page-list li").all()
    return {row.locator("span").inner_text(): row.locator("code").inner_text() for row in rows}


@needs_server("an exported page cannot export")
def test_the_commands_make_a_page_that_begins_with_what_is_on_screen(dialog):
    search = dialog.page.evaluate("location.search")
    assert "point=b2-10_b1-0.1" in search
    for title, path in {"This page as one file": "lecture.html", "… as a web site": "site"}.items():
        said = shlex.split(lines(dialog)[title])
        assert said == ["python", "-m", "app", "tiny", "--export", path, "--start", search]
        assert first_address(Options(start=said[-1])) == search
    assert "In place of tiny, write the atlas's folder." in dialog.text("#page-list")
    assert "--embed" in dialog.text("#page-list")


@on_the_web
def test_a_frame_of_another_page_would_show_this_address(dialog):
    snippet = lines(dialog)["Embed"]
    found = re.fullmatch(r'<iframe src="([^"]*)" title="[^"]*" width="100%" height="900"></iframe>', snippet)
    assert html.unescape(found[1]) == dialog.address
    if not HAS_SERVER:
        assert list(lines(dialog)) == ["Embed"] and "--embed" not in dialog.text("#page-list")


@on_the_web
def test_the_link_is_shared_or_else_copied(dialog):
    page = dialog.page
    page.evaluate(f"() => {{ {COPIED} }}")
    page.click("#share")
    page.wait_for_function("() => window.copied === location.href")
    page.locator("#export [role=status]", has_text="Copied.").wait_for()
    page.evaluate(f"() => {{ {SHARED} }}")
    page.click("#share")
    page.wait_for_function("() => window.shared?.url === location.href")


@on_the_web
def test_the_address_is_a_qr_code_that_fills_the_window(dialog):
    page = dialog.page
    page.click("#qr-small")
    large = page.locator("#qr-large svg")
    large.wait_for()
    box = large.bounding_box()
    assert box["height"] >= 0.95 * page.evaluate("innerHeight")
    code = QRCode(border=4, error_correction=ERROR_CORRECT_M)
    code.add_data(QRData(dialog.address.encode(), MODE_8BIT_BYTE))
    code.make()
    side = code.modules_count + 8
    image = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L"))
    scale = min(box["width"], box["height"]) / side
    x0, y0 = (box["x"] + (box["width"] - scale * side) / 2, box["y"] + (box["height"] - scale * side) / 2)
    centres = scale * (np.arange(side) + 0.5)
    seen = image[np.ix_((y0 + centres).astype(int), (x0 + centres).astype(int))] < 128
    code.mask_pattern = mask_of(seen[4:-4, 4:-4])
    code.make()
    assert np.array_equal(seen, np.array(code.get_matrix()))
    page.locator("#qr-large").click()
    large.wait_for(state="hidden")
    assert page.locator("#export").is_visible()


def mask_of(code):
    """The mask that a code says it wears: three bits beside its first finder, which are masked, too."""
    return int("".join(str(int(bit)) for bit in code[8, 2:5]), 2) ^ 0b101


@pytest.mark.skipif(not IS_OFFLINE, reason="a page with an address offers more")
def test_a_file_on_a_disk_offers_nothing_that_others_cannot_open(dialog):
    assert lines(dialog) == {}
    assert not dialog.page.locator("#share, #qr-place").first.is_visible()


@on_the_web
def test_an_address_that_no_code_holds_is_told(dialog):
    page = dialog.page
    page.click("#export .dialog-close")
    page.evaluate("() => hvae.screen.set({ pins: Array(60).fill('b2-10_b1-0.1'.repeat(5)) })")
    page.click("#open-export")
    assert dialog.text("#qr-about") == "This address is too long for a QR code."
    assert not page.locator("#qr-small").is_visible()
