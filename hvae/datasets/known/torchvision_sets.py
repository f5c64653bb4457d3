"""Data sets that torchvision downloads and reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hvae.datasets.dataset import Dataset

if TYPE_CHECKING:
    from hvae.datasets.images import Images, Split


@dataclass(frozen=True)
class Source:
    """A data set that torchvision downloads and reads; `files` are relative to the data folder."""

    title: str
    torchvision_name: str
    channels: int
    files: tuple[str, ...]
    # If torchvision knows the md5 of every file that it reads, it replaces damaged ones by itself.
    pinned: bool
    digit_classes: bool
    licence: str = ""

    def paths(self, split: Split, root: Path) -> list[Path]:
        return [root / file.format(split=split) for file in self.files]

    def open(self, split: Split, root: Path, download: bool) -> Any:
        """Return torchvision's data set object.

        torchvision's md5 checks are kept: CIFAR-10 is pickles, and only files with a known md5 may be read.
        """
        import torchvision.datasets

        data_set = getattr(torchvision.datasets, self.torchvision_name)
        which = {"split": split} if self.torchvision_name == "SVHN" else {"train": split == "train"}
        return data_set(root, download=download, **which)


_IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_CIFAR_FILES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch", "batches.meta")

SOURCES = {
    "mnist": Source(
        "MNIST",
        "MNIST",
        1,
        tuple(f"MNIST/raw/{file}" for file in _IDX_FILES),
        False,
        True,
        "MNIST by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, CC BY-SA 3.0.",
    ),
    "fashion-mnist": Source(
        "Fashion-MNIST",
        "FashionMNIST",
        1,
        tuple(f"FashionMNIST/raw/{file}" for file in _IDX_FILES),
        False,
        False,
        "Fashion-MNIST, © 2017 Zalando SE, MIT licence.",
    ),
    "svhn": Source(
        "SVHN",
        "SVHN",
        3,
        ("{split}_32x32.mat",),
        True,
        True,
        "SVHN by Yuval Netzer et al., for non-commercial use only.",
    ),
    "cifar10": Source(
        "CIFAR-10", "CIFAR10", 3, tuple(f"cifar-10-batches-py/{file}" for file in _CIFAR_FILES), True, False
    ),
}


def load(name: str, split: Split, data_dir: str | Path, download: bool, size: int) -> Images:
    """Return one split, downloaded if it is missing and `download` allows it."""
    from hvae.datasets.torchvision_sets import load_torchvision

    return load_torchvision(SOURCES[name], split, Path(data_dir), download, size)


DATASETS = tuple(
    Dataset(
        name,
        source.title,
        partial(load, name),
        channels=source.channels,
        files=source.files,
        downloads=True,
        is_sized=True,
        licence=source.licence,
        place=place,
    )
    for place, (name, source) in enumerate(SOURCES.items(), start=10)
)
