"""Procedural photographs of house numbers, a substitute for SVHN."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hvae.datasets.dataset import Dataset

if TYPE_CHECKING:
    from hvae.datasets.images import Images, Split


VERSION = 1
"""Raise this when pictures change: a new version is made again, beside the old one."""
FILE = f"street-digits/{{split}}-{VERSION}.npz"


def load(split: Split, data_dir: str | Path, download: bool) -> Images:
    """Return one split, made on this machine the first time."""
    from hvae.datasets.street_digits.dataset import load_street_digits

    return load_street_digits(split, Path(data_dir))


DATASETS = (
    Dataset(
        "street-digits",
        "Street digits",
        load,
        channels=3,
        files=(FILE,),
        licence="Street digits are made by this program, and are under its licence.",
        place=60,
    ),
)
