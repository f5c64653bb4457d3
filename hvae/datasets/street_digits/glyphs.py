"""The digits of some open-licensed typefaces, as signed distance fields.

A distance field is a small image from which a digit can be drawn at any size, softness and stroke weight. The
distance is positive inside the ink.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hvae.errors import UserError

FACES = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    *("DejaVuSansMono", "DejaVuSansMono-Bold"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
)
"""File names of the faces, DejaVu's (Bitstream Vera's licence) and STIX's (SIL Open Font License)."""

CELLS = 64
"""A field has CELLS × CELLS values."""
EXTENT = 1.5
"""Width and height of a field, in heights of a digit. The digit is in the middle."""

# Drawn this much finer, then averaged.
_FINER = 4


@dataclass(frozen=True, eq=False)
class Glyphs:
    """distances: float32 (faces, 10, CELLS, CELLS), in heights of a digit, positive in the ink.
    widths: float32 (faces, 10), of the ink, in heights of a digit."""

    distances: np.ndarray
    widths: np.ndarray


@lru_cache(maxsize=1)
def read_glyphs() -> Glyphs:
    """Return the digits of all FACES. Raises UserError if matplotlib, which brings them, is not installed."""
    folder = font_folder()
    faces = [face_glyphs(folder / f"{name}.ttf") for name in FACES]
    return Glyphs(*(np.stack(part) for part in zip(*faces, strict=True)))


def font_folder() -> Path:
    """Return matplotlib's folder of fonts, without importing matplotlib, which would be slow."""
    found = importlib.util.find_spec("matplotlib")
    if found is None or not found.submodule_search_locations:
        raise UserError(
            'street-digits are drawn with fonts that matplotlib brings: pip install -e ".[street-digits]".'
        )
    return Path(found.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"


def face_glyphs(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return distances and widths of one face's ten digits. Raises UserError if the font file is missing."""
    from scipy.ndimage import distance_transform_edt

    side = CELLS * _FINER
    height = round(side / EXTENT)
    try:
        font = ImageFont.truetype(file, side, layout_engine=ImageFont.Layout.BASIC)
        _, top, _, bottom = drawn(font, "0123456789", 8 * side).getbbox()
        font = font.font_variant(size=side * height / (bottom - top))
    except OSError:
        raise UserError(f"matplotlib has no font {file.name} any more: install an older release.") from None
    # Of all digits together, so that they stand on one line.
    _, top, _, bottom = drawn(font, "0123456789", 8 * side).getbbox()
    distances, widths = [], []
    for digit in "0123456789":
        picture = drawn(font, digit, 2 * side)
        left, _, right, _ = picture.getbbox()
        corner = (left + right - side) // 2, (top + bottom - side) // 2
        cut = picture.crop((*corner, corner[0] + side, corner[1] + side))
        ink = np.asarray(cut) >= 128
        distance = distance_transform_edt(ink) - distance_transform_edt(~ink)
        cells = distance.reshape(CELLS, _FINER, CELLS, _FINER).mean(axis=(1, 3)) / height
        distances.append(cells.astype(np.float32))
        widths.append((right - left) / height)
    return np.stack(distances), np.array(widths, np.float32)


def drawn(font: ImageFont.FreeTypeFont, text: str, width: int) -> Image.Image:
    """Return white text on black; all texts of a font have the same baseline."""
    picture = Image.new("L", (width, 2 * CELLS * _FINER))
    start = CELLS * _FINER / 2, 1.5 * CELLS * _FINER
    ImageDraw.Draw(picture).text(start, text, fill=255, font=font, anchor="ls")
    return picture
