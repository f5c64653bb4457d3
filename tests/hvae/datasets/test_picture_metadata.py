"""Metadata are optional: with any metadata, readable pixels are read."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from data_files import random_bytes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from hvae.datasets.picture import header, pixels

PICTURE = Image.fromarray(random_bytes(32, 32, 3))
SIDEWAYS = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
"""EXIF of a camera that was held at a right angle."""


def encoded(kind, **options):
    buffer = io.BytesIO()
    PICTURE.save(buffer, kind, **options)
    return buffer.getvalue()


PNG, JPEG, WEBP, TIFF = (
    encoded("PNG"),
    encoded("JPEG", quality=95),
    encoded("WEBP", lossless=True),
    encoded("TIFF"),
)


def png_with(*chunks, before_pixels=True):
    at = 33 if before_pixels else len(PNG) - 12
    made = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return PNG[:at] + made + PNG[at:]


def jpeg_with(*segments):
    made = b"".join(
        bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data for marker, data in segments
    )
    return JPEG[:2] + made + JPEG[2:]


def webp_with(exif):
    body = b"EXIF" + struct.pack("<I", len(exif)) + exif + b"\0" * (len(exif) % 2)
    canvas = b"VP8X" + struct.pack("<II", 10, 0x08) + b"\x1f\0\0\x1f\0\0"
    inner = b"WEBP" + canvas + WEBP[12:] + body
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


def entry(tag, kind, count, value):
    return b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHI", tag, kind, count) + value + b"\0" * 4


BAD = {
    "no TIFF": b"xx",
    "an empty one": b"",
    "half a header": b"II*\0",
    "a directory beyond the end": b"II*\0\xff\xff\xff\x7f",
    "an entry beyond the end": entry(0x010E, 2, 2**31 - 1, b"\xff\xff\xff\x7f"),
    "an orientation of letters": entry(0x0112, 2, 4, b"abc\0"),
    "an orientation of 99": entry(0x0112, 3, 1, b"\x63\0\0\0"),
    "a fraction by 0": entry(0x011A, 5, 1, b"\x08\0\0\0"),
    "an unknown type": entry(0x0112, 77, 1, b"\x06\0\0\0"),
    "a directory of itself": entry(0x8769, 4, 1, b"\x08\0\0\0"),
}

FILES = {
    **{f"PNG, {name}": png_with((b"eXIf", exif)) for name, exif in BAD.items()},
    **{f"JPEG, {name}": jpeg_with((0xE1, b"Exif\0\0" + exif)) for name, exif in BAD.items()},
    **{f"WebP, {name}": webp_with(exif) for name, exif in BAD.items()},
    "PNG, text that unpacks to megabytes": png_with((b"zTXt", b"c\0\0" + zlib.compress(b"x" * 2**23))),
    "PNG, international text likewise": png_with((b"iTXt", b"c\0\1\0\0\0" + zlib.compress(b"x" * 2**23))),
    "PNG, text that does not unpack": png_with((b"zTXt", b"c\0\0not packed")),
    "PNG, a profile that is none": png_with((b"iCCP", b"c\0\0not packed")),
    "PNG, a profile without an end": png_with((b"iCCP", b"c")),
    "PNG, a raw profile": png_with((b"tEXt", b"Raw profile type exif\0\nexif\n 9\nzz zz")),
    "PNG, half a raw profile": png_with((b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n"))),
    "PNG, metadata behind the pixels": png_with((b"eXIf", b"xx"), before_pixels=False),
    "PNG, an impossible density": png_with((b"pHYs", b"\0")),
    "PNG, no gamma": png_with((b"gAMA", b"")),
    "PNG, a wrong checksum": PNG[:33] + b"\0\0\0\2tEXta\0nope" + PNG[33:],
    "JPEG, an empty profile": jpeg_with((0xE2, b"ICC_PROFILE\0")),
    "JPEG, several pictures that are none": jpeg_with((0xE2, b"MPF\0II*\0\xff\xff\0\0")),
    "JPEG, Photoshop's": jpeg_with((0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0\0\0\xff\xff")),
    "JPEG, XMP that is no XML": jpeg_with((0xE1, b"http://ns.adobe.com/xap/1.0/\0<")),
    "JPEG, a comment of no language": jpeg_with((0xFE, bytes(range(256)))),
}


def read(folder, data):
    file = folder / "picture"
    file.write_bytes(data)
    assert not header(file).is_grey
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pixels(file, grey=False)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The pixels of each kind of file without any metadata."""
    folder = tmp_path_factory.mktemp("plain")
    return {kind: read(folder, data) for kind, data in (("PNG", PNG), ("JPEG", JPEG), ("WebP", WEBP))}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", FILES)
def test_metadata_that_cannot_be_read_leave_the_picture_as_it_is(tmp_path, plain, name):
    np.testing.assert_array_equal(read(tmp_path, FILES[name]), plain[name.split(",")[0]])


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        [b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"pHYs", b"gAMA", b"sRGB", b"cHRM", b"fcTL"]
    ),
    st.binary(max_size=60),
    st.booleans(),
)
def test_no_metadata_of_a_png_stop_it(tmp_path, plain, chunk, data, before):
    np.testing.assert_array_equal(read(tmp_path, png_with((chunk, data), before_pixels=before)), plain["PNG"])


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([0xE1, 0xE2, 0xE3, 0xED, 0xEF, 0xFE]),
    st.sampled_from(
        [b"", b"Exif\0\0", b"Exif\0\0II*\0\x08\0\0\0", b"ICC_PROFILE\0", b"MPF\0", b"Photoshop 3.0\0"]
    ),
    st.binary(max_size=60),
)
def test_no_metadata_of_a_jpeg_stop_it(tmp_path, plain, marker, beginning, data):
    found = read(tmp_path, jpeg_with((marker, beginning + data)))
    ways = [np.rot90(plain["JPEG"], turns, (1, 2)) for turns in range(4)]
    assert any(np.array_equal(found, way) for way in [*ways, *(way[:, :, ::-1] for way in ways)])


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("PNG", png_with((b"eXIf", SIDEWAYS))),
        ("PNG", png_with((b"zTXt", b"c\0\0not packed"), (b"eXIf", SIDEWAYS))),
        ("PNG", png_with((b"eXIf", SIDEWAYS), before_pixels=False)),
        ("JPEG", jpeg_with((0xE1, b"Exif\0\0" + SIDEWAYS))),
        ("JPEG", jpeg_with((0xE1, b"Exif\0\0" + SIDEWAYS), (0xE2, b"ICC_PROFILE\0"))),
        ("WebP", webp_with(SIDEWAYS)),
    ],
)
def test_an_orientation_that_can_be_read_is_respected(tmp_path, plain, kind, data):
    np.testing.assert_array_equal(read(tmp_path, data), np.rot90(plain[kind], -1, (1, 2)))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("tag", [0x8769, 0x8825, 0xA005, 330, 34675, 33723, 37500, 34665])
def test_tiff_directories_that_lead_nowhere_leave_the_picture_as_it_is(tmp_path, tag):
    file = tmp_path / "x.tiff"
    PICTURE.save(file, tiffinfo={tag: 2**31})
    np.testing.assert_array_equal(pixels(file, grey=False), np.asarray(PICTURE).transpose(2, 0, 1))
