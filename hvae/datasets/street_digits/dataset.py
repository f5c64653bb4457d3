"""Street digits: procedural 32 × 32 photographs of house numbers, made here instead of downloaded."""

from __future__ import annotations

import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from hvae.datasets.images import SIDE, Images, Split
from hvae.datasets.known.street_digits import FILE
from hvae.files import write_whole

COUNTS = {"train": 50_000, "test": 10_000}
SEEDS = {"train": 1, "test": 2}
_CHUNK = 1_000


def load_street_digits(split: Split, data_dir: Path) -> Images:
    """Return RGB pictures of a digit with others beside it: 50,000 or 10,000, ten classes of equal size.

    They are made once, in about a minute, and kept in DATA_DIR/street-digits. Raises UserError if matplotlib,
    whose fonts are used, is not installed, and OSError if the folder cannot be written.
    """
    file = data_dir / FILE.format(split=split)
    pictures, labels = kept(file, COUNTS[split]) or made(split, file)
    return Images(torch.from_numpy(pictures), torch.from_numpy(labels), tuple("0123456789"))


def kept(file: Path, count: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the pictures and labels in a file; None if it is missing, damaged or of another kind."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            pictures, labels = arrays["images"], arrays["labels"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    right = pictures.shape == (count, 3, SIDE, SIDE) and pictures.dtype == np.uint8
    return (pictures, labels) if right and labels.shape == (count,) and labels.dtype == np.int64 else None


def made(split: Split, file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Make the pictures and labels of a split, and keep them in a file."""
    pictures, labels = street_digits(COUNTS[split], SEEDS[split])
    file.parent.mkdir(parents=True, exist_ok=True)

    def write(aside: Path) -> None:
        with open(aside, "wb") as opened:
            np.savez(opened, images=pictures, labels=labels)

    write_whole(file, write)
    return pictures, labels


def street_digits(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures uint8 (N, 3, 32, 32) and labels int64 (N,); the first ones are the same for any N."""
    from hvae.datasets.street_digits.glyphs import read_glyphs
    from hvae.datasets.street_digits.scenes import draw_scenes, paint

    glyphs = read_glyphs()

    def chunk(number: int) -> tuple[np.ndarray, np.ndarray]:
        scenes = draw_scenes(_CHUNK, seed, number)
        return paint(scenes, glyphs), scenes.labels.astype(np.int64)

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        chunks = list(pool.map(chunk, range(-(-count // _CHUNK))))
    pictures, labels = (np.concatenate(part)[:count] for part in zip(*chunks, strict=True))
    return pictures, labels
