"""One of a user's own pictures: its header, and its central square at the pictures' size.

Metadata are optional: a picture with readable pixels and unreadable metadata is used without them.
"""

from __future__ import annotations

import io
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import ExifTags, Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from hvae.datasets.images import SIDE, reason

T = TypeVar("T")

SIXTEEN_BITS = 65535
DARKEST_COLOUR = 64
"""16-bit colour pictures are read as their upper bytes. If no picture of a folder reaches this value, of 255,
they hold 14 bits or fewer, and most of the information is in the lower bytes, which are lost."""
_BITS_PER_SAMPLE = 258
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Unreadable(Exception):
    """The reason why a picture cannot be used, in words for people."""


class Header(NamedTuple):
    """The header of a picture.

    is_grey: whether it has no colours. is_deep: whether it has 16 bits or more per value. white: its largest
    possible value, if the header says so and it is below that of 16 bits.
    """

    is_grey: bool
    is_deep: bool
    white: int | None


def header(path: Path) -> Header:
    """Return a picture's header. Raises Unreadable."""
    return _looked_at(path, _header)


def brightest(path: Path) -> int:
    """Return the largest value in a 16-bit picture: up to 65535 if grey, up to 255 in colour.

    Raises Unreadable.
    """
    return _looked_at(path, lambda image: int(np.asarray(image).max()))


def pixels(path: Path, grey: bool, white: int = SIXTEEN_BITS, size: int = SIDE) -> np.ndarray:
    """Return the central square, upright, as uint8 (C, size, size). Raises Unreadable.

    white: the value of white in a 16-bit grey picture, if its header does not say.
    """
    return _looked_at(path, lambda image: _pixels(image, grey, white, size))


def _looked_at(path: Path, look: Callable[[Image.Image], T]) -> T:
    """Return the result of `look` for a picture.

    If that fails, for the picture without unreadable metadata.
    """
    _refuse_what_is_no_file(path)
    first: Exception | None = None
    try:
        for open_image in _ways_to_open(path):
            try:
                with open_image() as image:
                    return look(image)
            except (Unreadable, Image.DecompressionBombError, Image.DecompressionBombWarning):
                raise
            except Exception as error:  # Pillow's plugins let nearly any exception out on a damaged file
                first = first or error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable(
            f"more than {Image.MAX_IMAGE_PIXELS:,} pixels, the most that is safe to read: shrink it"
        ) from error
    unknown = isinstance(first, UnidentifiedImageError)
    raise Unreadable("not in a known image format" if unknown else reason(first)) from first


def _refuse_what_is_no_file(path: Path) -> None:
    """Raise Unreadable for pipes, devices and broken links: opening a pipe would wait for ever."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise Unreadable(error.strerror or reason(error)) from error
    if not stat.S_ISREG(mode):
        raise Unreadable("a pipe or a device, not a file")


def _ways_to_open(path: Path) -> Iterator[Callable[[], Image.Image]]:
    """Yield the picture unchanged, then without the parts that hold no pixels."""
    yield lambda: Image.open(path)
    try:
        data = path.read_bytes()
    except OSError:
        return
    for keep_exif in (True, False):
        bare = _without_metadata(data, keep_exif)
        if bare is not None:
            yield lambda bare=bare: Image.open(io.BytesIO(bare))
    if data[:4] in (b"II*\0", b"MM\0*"):
        yield lambda: _bare_tiff(path)


def _bare_tiff(path: Path) -> Image.Image:
    image = Image.open(path)
    # Pillow reads all metadata here, after the pixels.
    image.load_end = lambda: None
    image.getexif = lambda: {}
    return image


def _without_metadata(data: bytes, keep_exif: bool) -> bytes | None:
    """Return a PNG or JPEG file with only what its pixels need, and its EXIF if wanted.

    None for other formats.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        kept = [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", *([b"eXIf"] if keep_exif else [])]
        return data[:8] + b"".join(chunk for name, chunk in _png_chunks(data) if name in kept)
    if data.startswith(b"\xff\xd8"):
        return _bare_jpeg(data, keep_exif)
    return None


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at + 8 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at:end]
        at = end


def _bare_jpeg(data: bytes, keep_exif: bool) -> bytes | None:
    parts, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == 0xDA:  # the pixels
            return b"".join([*parts, data[at:]])
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        is_exif = marker == 0xE1 and data[at + 4 : at + 8] == b"Exif"
        # APP0 and APP14 give the meaning of colours.
        is_metadata = (0xE1 <= marker <= 0xEF and marker != 0xEE) or marker == 0xFE
        if not is_metadata or (is_exif and keep_exif):
            parts.append(data[at:end])
        at = end
    return None


def _header(image: Image.Image) -> Header:
    is_grey = image.mode in ("1", "L", "LA", "La", "I", "F") or image.mode.startswith("I;16")
    layout = image.tile[0][3] if image.tile else None
    raw_mode = layout if isinstance(layout, str) else next(iter(layout or ()), "")
    is_deep = image.mode[0] in "IF" or ";16" in str(raw_mode)
    white = None
    if is_deep and isinstance(image, TiffImagePlugin.TiffImageFile):
        bits = image.tag_v2.get(_BITS_PER_SAMPLE, (16,))[0]
        white = 2**bits - 1 if bits < 16 else None
    return Header(is_grey, is_deep, white)


def _pixels(image: Image.Image, grey: bool, white: int, size: int) -> np.ndarray:
    declared = _header(image).white
    # A JPEG decodes several times faster at a fraction of its size.
    image.draft(None, (4 * size, 4 * size))
    image.load()
    picture = image if image.mode[0] not in "IF" else _to_eight_bits(image, declared or white)
    # TIFF comes upright already.
    way = None if isinstance(image, TiffImagePlugin.TiffImageFile) else _UPRIGHT.get(_orientation(image))
    if way is not None:
        picture = picture.transpose(way)
    if picture.has_transparency_data:
        # The colour of transparent pixels is arbitrary, and often as black as the strokes beside them.
        behind = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(behind, picture.convert("RGBA"))
    picture = picture.convert("L" if grey else "RGB")
    square = np.array(ImageOps.fit(picture, (size, size)))
    return square[None] if grey else square.transpose(2, 0, 1)


def _orientation(image: Image.Image) -> int | None:
    """Return the camera's orientation by EXIF; None if it cannot be read."""
    try:
        held = image.getexif().get(ExifTags.Base.Orientation)
        return held if isinstance(held, int) else None
    except Exception:  # nearly any, from metadata that are wrong
        return None


def _to_eight_bits(image: Image.Image, white: int) -> Image.Image:
    """Scale 0 … `white` to 0 … 255, where Pillow's own convert("L") would clip."""
    values = np.asarray(image)
    if image.mode == "F" or values.min() < 0 or values.max() > white:
        raise Unreadable("its range of brightness is unknown: save it with 8 or 16 bits per pixel")
    return Image.fromarray(((values.astype(np.uint64) * 255 + white // 2) // white).astype(np.uint8))
