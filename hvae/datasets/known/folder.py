"""A user's own pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hvae.datasets.dataset import Dataset

if TYPE_CHECKING:
    from hvae.datasets.images import Images, Split


def load(split: Split, path: str | Path, download: bool) -> Images:
    """Return one split of the pictures in a folder, with classes or without."""
    from hvae.datasets.folder import load_folder

    return load_folder(str(path), split)


DATASETS = (Dataset("folder", "own pictures", load, argument="PATH", place=1000),)
