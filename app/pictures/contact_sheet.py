"""Contact sheets: many small pictures in one PNG."""

from __future__ import annotations

import io
import zlib
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from torch import Tensor

COLUMNS = 8
GAP = 2
"""Transparent pixels between neighbouring pictures."""


APART = 4
"""Further transparent pixels between the parts of a sheet."""

Tile = np.ndarray | None
"""A picture uint8 (C, H, W), or an empty place."""


def to_bytes(pictures: Tensor) -> np.ndarray:
    """Return pixel means (N, C, H, W) in [0, 1] as uint8."""
    # NaN, from NaN weights, is shown as black; a cast would give any value.
    return pictures.nan_to_num(0).mul(255).round().byte().numpy()


def grid_sheet(
    rows: Sequence[Sequence[Tile]], apart_rows: Collection[int] = (), apart_columns: Collection[int] = ()
) -> np.ndarray:
    """Lay out tiles of one shape (C, H, W), with C = 1 or 3, in rows; at least one is a picture.

    apart_rows, apart_columns: indices after which the gap is wider by APART.
    Returns uint8 (height, width, C + 1), the last channel being opacity: 255 on pictures, 0 between them.
    """
    channels, height, width = next(tile.shape for row in rows for tile in row if tile is not None)
    tops = [index * (height + GAP) + APART * _before(index, apart_rows) for index in range(len(rows))]
    longest = max(map(len, rows))
    lefts = [index * (width + GAP) + APART * _before(index, apart_columns) for index in range(longest)]
    sheet = np.zeros((tops[-1] + height, lefts[-1] + width, channels + 1), np.uint8)
    for top, row in zip(tops, rows, strict=True):
        for left, tile in zip(lefts, row, strict=False):
            if tile is not None:
                place = sheet[top : top + height, left : left + width]
                place[..., :channels] = tile.transpose(1, 2, 0)
                place[..., channels] = 255
    return sheet


def _before(index: int, apart: Collection[int]) -> int:
    return sum(other < index for other in apart)


def contact_sheet(pictures: np.ndarray) -> np.ndarray:
    """Lay out pictures, uint8 (N, C, H, W), N ≥ 1, in rows of at most COLUMNS; see `grid_sheet`."""
    return grid_sheet([pictures[start : start + COLUMNS] for start in range(0, len(pictures), COLUMNS)])


def paired_sheet(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Lay out pictures in pairs of rows, `above` over `below`, both uint8 (N, C, H, W), N ≥ 1."""
    starts = range(0, len(above), COLUMNS)
    return grid_sheet([part[start : start + COLUMNS] for start in starts for part in (above, below)])


def png(sheet: np.ndarray) -> bytes:
    """Return a sheet as PNG. Encoding is fast, and files are not small: someone may be dragging a slider."""
    mode = {2: "LA", 4: "RGBA"}[sheet.shape[2]]
    file = io.BytesIO()
    Image.frombytes(mode, sheet.shape[1::-1], sheet.tobytes()).save(
        file, "PNG", compress_level=1, compress_type=zlib.Z_RLE
    )
    return file.getvalue()
