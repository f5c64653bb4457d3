"""The page works in every documented way to serve it; HVAE_TEST_SERVER has all browser tests try one."""

from __future__ import annotations

import io
import re
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from services import needs_serve
from ways_to_serve import WAYS

from app.pictures.your_image import read_image

OTHERS = [pytest.param("gunicorn", marks=needs_serve), "proxy"]
SLOTS = ("own-layers", "own-resample")
MOST_BYTES = 4000
"""Of an address, whoever passes it on."""


@pytest.fixture(scope="module", params=OTHERS)
def address(request, colour_atlas):
    with WAYS[request.param](colour_atlas) as address:
        yield address


def noise():
    """The hardest image that there is: 32 × 32 pixels of every colour, which no encoding makes smaller."""
    return np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def show_own(explorer, pixels):
    """Have the own-input view take an image; what the model gets is returned."""
    explorer.page.click("#tab-own")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    upload = {"name": "own.png", "mimeType": "image/png", "buffer": file.getvalue()}
    explorer.page.set_input_files("#own-file", upload)
    explorer.wait_until_shown("", SLOTS)
    explorer.page.wait_for_function("() => location.search.includes('own=')")
    return read_image(re.search(r"[?&]own=([A-Za-z0-9_-]+)", explorer.address)[1], (3, 32, 32))


def test_dots_figures_and_pictures_are_shown(open_page, address):
    explorer = open_page(address)
    explorer.select("b2-10_b1-1")
    explorer.page.click("#tab-reconstruction")
    explorer.wait_until_drawn("reconstruction")
    explorer.page.click("#tab-model")
    explorer.page.wait_for_function(
        "() => document.getElementById('model-samples-picture')?.dataset.state === 'shown'"
    )


def test_any_image_fits_into_every_address_that_it_travels_in(open_page, address):
    """Its colours differ by at most 4 of 255 from those that were given; the link shows the same again."""
    explorer = open_page(address)
    asked = []
    explorer.page.on("request", lambda request: asked.append(request.url))
    pixels = noise()
    taken = show_own(explorer, pixels)
    assert np.abs(taken.transpose(1, 2, 0).astype(int) - pixels).max() <= 4
    assert max(len(url) for url in [*asked, explorer.address]) <= MOST_BYTES
    seen, link = [explorer.picture(slot) for slot in SLOTS], explorer.address
    explorer.page.goto("about:blank")
    explorer.page.goto(link)
    explorer.page.wait_for_selector("#own-layers-picture", state="attached")
    explorer.wait_until_shown("", SLOTS)
    assert [explorer.picture(slot) for slot in SLOTS] == seen


def test_an_image_with_few_colours_is_taken_as_it_is(open_page, address):
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[4:20, 8:28] = (201, 17, 88)
    taken = show_own(open_page(address), pixels)
    assert (taken.transpose(1, 2, 0) == pixels).all()


def test_what_is_missing_is_said_in_a_sentence(open_page, address):
    page = open_page(address).page
    answer = page.evaluate(
        "async (url) => { const got = await fetch(url); return [got.status, (await got.json()).error]; }",
        f"/pictures/{urlsplit(address).path.strip('/') or 'colour'}/nowhere/samples.png",
    )
    assert answer == [404, "This atlas has no such point."]
