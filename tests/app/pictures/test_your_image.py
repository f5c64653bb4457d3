"""An image in the address: what it gives, and that nothing but a small PNG is taken."""

import base64
import io
import struct
import zlib

import numpy as np
import pytest
from atlas_builder import build_atlas
from PIL import Image, PngImagePlugin
from sheets import assert_same, tiles

from app.pictures.queries import QueryError
from app.pictures.your_image import MAX_CHARACTERS, read_image
from app.server.build import create_app
from hvae.atlas.atlas import Atlas
from hvae.config import HVAEConfig

POINT = "/pictures/tiny/b2-1_b1-0.1"
GREY = (1, 32, 32)


@pytest.fixture(scope="module")
def client(tiny_atlas):
    return create_app({"tiny": Atlas.open(tiny_atlas)}).server.test_client()


def png(image: Image.Image, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def noise(mode: str, size=(32, 32)) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    return Image.fromarray(pixels, "RGBA").convert("RGB").convert(mode)


def test_a_test_image_given_as_ones_own_gives_the_same(client, tiny_atlas):
    image = Atlas.open(tiny_atlas).examples().images[5]
    own = text(png(Image.fromarray(image[0], "L")))
    for address in ("{}/layers.png?seed=2", "{}/resample.png?seed=2"):
        mine, theirs = (client.get(address.format(POINT) + part) for part in (f"&image={own}", "&images=5"))
        assert_same(tiles(mine.data), tiles(theirs.data))
    rates = [
        client.get(f"/rates/tiny/b2-1_b1-0.1.json?{part}").get_json()["images"][0]
        for part in (f"image={own}", "images=5")
    ]
    assert rates[0] == pytest.approx(rates[1], rel=1e-6)


def test_its_pictures_do_not_need_the_test_images(own_atlas):
    (own_atlas / "examples.npz").unlink()
    client = create_app({"own": Atlas.open(own_atlas)}).server.test_client()
    address = f"/pictures/own/b2-1_b1-1/layers.png?image={text(png(noise('L')))}"
    assert client.get(address).status_code == 200
    assert client.get("/pictures/own/b2-1_b1-1/layers.png").status_code == 409


def test_padding_may_be_left_out():
    for compression in range(10):
        data = png(noise("L"), compress_level=compression)
        assert (read_image(text(data).rstrip("="), GREY) == read_image(text(data), GREY)).all()


def test_colour_becomes_grey_and_grey_becomes_colour():
    colour = noise("RGB")
    grey = np.asarray(colour.convert("L"))
    assert (read_image(text(png(colour)), GREY)[0] == grey).all()
    assert (read_image(text(png(colour)), (3, 32, 32)) == np.asarray(colour).transpose(2, 0, 1)).all()
    assert (read_image(text(png(noise("L"))), (3, 32, 32)) == np.asarray(noise("L"))).all()


def test_transparency_becomes_black():
    clear = Image.new("RGBA", (32, 32), (255, 255, 255, 0))
    clear.putpixel((3, 4), (255, 255, 255, 255))
    shown = read_image(text(png(clear)), GREY)[0]
    assert shown[4, 3] == 255 and shown.sum() == 255


def test_a_frame_that_is_not_square_is_not_turned():
    wide = noise("L", (16, 8))
    assert (read_image(text(png(wide)), (1, 8, 16))[0] == np.asarray(wide)).all()
    with pytest.raises(QueryError, match="16 × 8 pixels.*8 × 16"):
        read_image(text(png(wide)), (1, 16, 8))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def header(width: int, height: int, depth: int = 8) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))


def text_bomb() -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("note", "0" * 8_000_000, zip=True)
    return png(noise("1"), pnginfo=notes)


WHOLE = png(noise("L"))
REFUSED = {
    "too large a frame": png(noise("1", (33, 32))),
    "a frame that would not fit in memory": header(60_000, 60_000)
    + chunk(b"IDAT", b"")
    + chunk(b"IEND", b""),
    "no pixels": header(32, 32) + chunk(b"IEND", b""),
    "too few pixels": header(32, 32) + chunk(b"IDAT", zlib.compress(b"0" * 50)) + chunk(b"IEND", b""),
    "not compressed data": header(32, 32) + chunk(b"IDAT", b"0" * 50) + chunk(b"IEND", b""),
    "cut off": WHOLE[:-30],
    "cut off within its header": WHOLE[:20],
    "a note that unpacks to 8 MB": text_bomb(),
    "16 bits": png(Image.fromarray(np.zeros((32, 32), np.uint16))),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "HTML": b"<!doctype html><script>alert(1)</script>",
    "a JPEG": b"\xff\xd8\xff\xe0" + b"0" * 100,
    "HTML behind a PNG's signature": b"\x89PNG\r\n\x1a\n<html>",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_small_png_is_refused_in_a_sentence(client, data):
    refused(client, text(data))


@pytest.mark.parametrize(
    "given",
    ["data:image/png;base64,iVBORw0KGgo=", "<svg/>", "a", "===", "+/+/", "é", "A" * (MAX_CHARACTERS + 1)],
)
def test_what_is_no_base64url_is_refused(client, given):
    refused(client, given)


def refused(client, given: str) -> None:
    for address in (f"{POINT}/layers.png", "/rates/tiny/b2-1_b1-0.1.json"):
        response = client.get(address, query_string={"image": given})
        assert response.status_code == 400, response.data
        sentence = response.get_json()["error"]
        assert sentence.endswith(".") and len(sentence) < 200 and "<" not in sentence


def test_an_unpacked_bomb_of_pixels_costs_no_more_than_the_frame():
    """Rows beyond the last are never unpacked: 12 kB that hold 12 MB of them."""
    data = header(32, 32) + chunk(b"IDAT", zlib.compress(b"\0" * 12_000_000, 9)) + chunk(b"IEND", b"")
    assert len(text(data)) < MAX_CHARACTERS
    assert read_image(text(data), GREY).shape == GREY


def test_an_image_and_images_cannot_both_be_given(client):
    response = client.get(f"{POINT}/layers.png?images=0&image={text(WHOLE)}")
    assert response.status_code == 400
    assert response.get_json()["error"] == "Either images or image can be given, not both."


def test_a_model_of_two_channels_takes_no_image_of_ones_own(tmp_path):
    with pytest.raises(QueryError, match="2 channels"):
        read_image(text(WHOLE), (2, 32, 32))


def test_the_largest_image_that_is_allowed_can_be_sent(client):
    """Incompressible, as no drawing is."""
    assert len(text(png(noise("RGB")))) < MAX_CHARACTERS
    assert client.get(f"{POINT}/layers.png?image={text(png(noise('RGB')))}").status_code == 200


def test_an_own_image_for_a_colour_model(tmp_path):
    config = HVAEConfig((3, 32, 32), top_dim=4, channels=2, width=8)
    atlas = Atlas.open(build_atlas(tmp_path / "rgb", (1.0,), config))
    client = create_app({"rgb": atlas}).server.test_client()
    response = client.get(f"/pictures/rgb/b2-1_b1-1/layers.png?image={text(png(noise('RGB')))}")
    shown = np.asarray(Image.open(io.BytesIO(response.data)))
    assert (shown[:, :32, :3] == np.asarray(noise("RGB"))).all()
