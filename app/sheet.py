"""Contact sheets: many small pictures in one PNG."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

COLUMNS = 8
GAP = 2
"""Transparent pixels between neighbouring pictures."""


def contact_sheet(pictures: np.ndarray) -> np.ndarray:
    """Lay pictures out in rows of at most COLUMNS.

    pictures: uint8 (N, C, H, W) with C = 1 or 3 and N ≥ 1.
    Returns uint8 (height, width, C + 1), the last channel being opacity: 255 on pictures, 0 between them.
    """
    n, channels, height, width = pictures.shape
    columns = min(n, COLUMNS)
    rows = -(-n // columns)
    sheet = np.zeros((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, channels + 1), np.uint8)
    for index, picture in enumerate(pictures):
        top, left = (index // columns) * (height + GAP), (index % columns) * (width + GAP)
        sheet[top : top + height, left : left + width, :channels] = picture.transpose(1, 2, 0)
        sheet[top : top + height, left : left + width, channels] = 255
    return sheet


def paired_sheet(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Lay pictures out in pairs of rows, `above` over `below`, both uint8 (N, C, H, W), N ≥ 1."""
    blank = np.zeros((GAP, 1, 1), np.uint8)
    strips = []
    for start in range(0, len(above), COLUMNS):
        for part in (above, below):
            strip = contact_sheet(part[start : start + COLUMNS])
            strips += [strip, np.broadcast_to(blank, (GAP, *strip.shape[1:]))]
    # A last pair that is not full is padded with transparency.
    full = max(strip.shape[1] for strip in strips)
    padded = [np.pad(strip, ((0, 0), (0, full - strip.shape[1]), (0, 0))) for strip in strips]
    return np.concatenate(padded[:-1])


def png(sheet: np.ndarray) -> bytes:
    """A sheet as PNG. Fast rather than small: it travels a short way, and someone is dragging a slider."""
    mode = {2: "LA", 4: "RGBA"}[sheet.shape[2]]
    file = io.BytesIO()
    Image.frombytes(mode, sheet.shape[1::-1], sheet.tobytes()).save(file, "PNG", compress_level=1)
    return file.getvalue()
