"""A user's own pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hvae.datasets.dataset import Dataset

if TYPE_CHECKING:
    from hvae.datasets.images import Images, Split


def load(split: Split, path: str | Path, download: bool, size: int) -> Images:
    """Return one split of the pictures in a folder, with classes or without."""
    from hvae.datasets.folder import load_folder

    return load_folder(str(path), split, size)


DATASETS = (Dataset("folder", "own pictures", load, argument="PATH", is_sized=True, place=1000),)
