"""A few of an atlas's test images in a row, small enough to stand in a page: visitors choose by them."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from hvae.atlas.atlas import EXAMPLES, Atlas
from hvae.errors import UserError

COUNT = 3
SIDE = 32
"""Height and width of each, in pixels."""


def thumbnails(atlas: Atlas) -> str:
    """Return the first test images of different classes as a picture's address that contains the picture.

    It is empty if the atlas has no test images, or damaged ones. A strip of street digits takes 1.2 kB.
    """
    if EXAMPLES not in atlas.manifest.files:
        return ""
    try:
        examples = atlas.examples()
    except UserError:
        return ""
    _, firsts = np.unique(examples.labels, return_index=True)
    others = np.setdiff1d(np.arange(len(examples.labels)), firsts)
    chosen = [*np.sort(firsts), *others][:COUNT]
    strip = Image.new("RGB", (SIDE * len(chosen), SIDE))
    for place, index in enumerate(chosen):
        strip.paste(_tile(examples.images[index]), (SIDE * place, 0))
    file = io.BytesIO()
    strip.save(file, "WEBP", quality=80)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def _tile(image: np.ndarray) -> Image.Image:
    """An image (C, H, W), uint8, as a square; in grey if it has neither one channel nor three."""
    if len(image) != 3:
        image = image.mean(axis=0, keepdims=True).round().astype(np.uint8).repeat(3, axis=0)
    tile = Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))
    # Pixels that grow stay pixels.
    how = Image.Resampling.NEAREST if max(tile.size) <= SIDE else Image.Resampling.LANCZOS
    return tile.resize((SIDE, SIDE), how)
