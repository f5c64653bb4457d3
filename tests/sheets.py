"""Reading contact sheets back."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image


def tiles(png: bytes) -> np.ndarray:
    """The pictures of a sheet of 32 × 32 tiles, (rows, columns, 32, 32), first channel.

    They are where the sheet is opaque, however wide the gaps; a place left free is black.
    """
    sheet = np.asarray(Image.open(io.BytesIO(png)))
    opaque = sheet[..., -1] > 0
    tops, lefts = _starts(opaque.any(1)), _starts(opaque.any(0))
    return np.array([[sheet[top : top + 32, left : left + 32, 0] for left in lefts] for top in tops])


def _starts(opaque: np.ndarray) -> list[int]:
    return [int(at) for at in np.flatnonzero(opaque & ~np.r_[False, opaque[:-1]])]


def as_bytes(pictures: torch.Tensor) -> np.ndarray:
    """Pictures (N, 1, H, W) in [0, 1] as uint8 (N, H, W)."""
    return pictures.mul(255).round().byte().numpy()[:, 0]


def assert_same(shown: np.ndarray, expected: np.ndarray) -> None:
    """Pictures are the same up to one grey level, which rounding may cost."""
    assert shown.shape == expected.shape
    assert np.abs(shown.astype(int) - expected).max() <= 1
