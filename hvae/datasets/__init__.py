"""Data sets as one uint8 tensor of pictures, ready to live on the device.

`load("mnist", "train")` gives `Images`; `Images.batch(index)` gives a model's float input. Nothing here runs
once per image and step: a data set is decoded once, a batch is one index_select and one division.
"""

from __future__ import annotations

import difflib
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hvae.datasets.dataset import SIDE, SIDES, is_side
from hvae.datasets.registry import find, patterns
from hvae.errors import UserError
from hvae.files import user_path

if TYPE_CHECKING:
    import torch

    from hvae.datasets.images import Images, Split

# torch, torchvision and scikit-learn take seconds to import, so only the functions that need them import
# them. Opening an atlas needs none of them.

__all__ = ["DATASETS", "SIDE", "Images", "Split", "load"]


def __getattr__(name: str) -> Any:
    """Return Images and Split, which need torch, or DATASETS, the names for `load` and `--dataset`."""
    if name == "DATASETS":
        return patterns()
    if name in ("Images", "Split"):
        return getattr(import_module("hvae.datasets.images"), name)
    raise AttributeError(f"module 'hvae.datasets' has no attribute {name!r}")


def load(
    name: str,
    split: Split,
    data_dir: str | Path = "data",
    *,
    download: bool = True,
    device: str | torch.device = "cpu",
    size: int = SIDE,
) -> Images:
    """Return one split of a data set, as pictures of size × size pixels.

    MNIST and Fashion-MNIST, of 28 × 28 pixels, gain a black border, or are scaled if `size` is smaller;
    scikit-learn's digits are enlarged from 8 × 8; SVHN and CIFAR-10 are scaled from 32 × 32, and so are
    street-digits, which are made here, once; the central square of a user's own pictures is scaled.

    Args:
        name: one of `DATASETS`. In `folder:PATH`, PATH holds one sub-folder of images per class, in any
            format that Pillow opens, or images without classes; deeper folders are not read. Its `train` and
            `test` (or `val`) are the splits; without them one image in seven of each class is for testing,
            always the same ones. Transparent pixels become white.
        split: "train" or "test".
        data_dir: the folder of torchvision's layout (`MNIST/raw/…`, `FashionMNIST/raw/…`,
            `train_32x32.mat`, `cifar-10-batches-py/…`), and of our `street-digits/…`. `digits` and
            `folder:PATH` do not use it.
        download: fetch missing files into `data_dir`. If no file is missing, the network is not used.
        device: the device of the tensors.
        size: height and width of the pictures, a multiple of 4 from 16 to 128.

    Returns:
        Images with `images` uint8 (N, C, size, size), 0 … 255, and `labels` int64 (N,).

    Raises:
        UserError: the name is unknown, the size is not possible, or the data are missing, damaged or invalid.
    """
    if split not in ("train", "test"):
        raise ValueError(f"split is 'train' or 'test', not {split!r}")
    dataset, argument = find(name)
    if dataset is None:
        raise UserError(_unknown_name(name))
    if not is_side(size):
        raise UserError(f"Pictures of {size} pixels cannot be made of a data set: choose {SIDES}.")
    place = argument if dataset.argument else user_path(data_dir)
    if dataset.is_sized:
        return dataset.load(split, place, download, size).to(device)
    from hvae.datasets.resize import scaled

    return scaled(dataset.load(split, place, download), size).to(device)


def _unknown_name(name: str) -> str:
    known = patterns()
    close = difflib.get_close_matches(name.lower(), known, n=1)
    if os.path.isdir(os.path.expanduser(name)):
        close = [f"folder:{name}"]
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"There is no data set {name!r}{hint}: choose {', '.join(known[:-1])} or {known[-1]}."
