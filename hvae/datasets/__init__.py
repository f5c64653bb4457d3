"""Data sets as one uint8 tensor of 32 × 32 pictures, ready to live on the device.

`load("mnist", "train")` gives `Images`; `Images.batch(index)` gives the floats that a model eats. Nothing
here runs once per image and step: a data set is decoded once, a batch is one index_select and one division.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import torch

from hvae.datasets.digits import load_digits
from hvae.datasets.folder import load_folder
from hvae.datasets.images import SIDE, Images, Split
from hvae.datasets.street_digits.dataset import load_street_digits
from hvae.datasets.torchvision_sets import SOURCES, load_torchvision
from hvae.errors import UserError
from hvae.files import user_path

# torchvision and scikit-learn take seconds to import, so only the functions that need them import them:
# someone who opens an atlas never pays for it.

__all__ = ["DATASETS", "SIDE", "Images", "Split", "load"]

DATASETS = ("mnist", "fashion-mnist", "svhn", "cifar10", "digits", "street-digits", "folder:PATH")
"""What `load` and `--dataset` accept; PATH stands for a folder of the user's own."""


def load(
    name: str,
    split: Split,
    data_dir: str | Path = "data",
    *,
    download: bool = True,
    device: str | torch.device = "cpu",
) -> Images:
    """Read one split of a data set, as 32 × 32 pictures.

    MNIST and Fashion-MNIST gain a black border of 2 pixels; scikit-learn's digits are enlarged from 8 × 8;
    SVHN and CIFAR-10 are 32 × 32 already; street-digits are made here, once; of a user's own pictures, the
    central square is resized.

    Args:
        name: one of `DATASETS`. In `folder:PATH`, PATH holds one sub-folder per class with images in it, of
            any format that Pillow opens; folders further down are not read. One image in seven of each class
            is test, always the same ones. Transparent pixels become white.
        split: "train" or "test".
        data_dir: where torchvision's folder layout is, or goes (`MNIST/raw/…`, `FashionMNIST/raw/…`,
            `train_32x32.mat`, `cifar-10-batches-py/…`, and our own `street-digits/…`). `digits` and
            `folder:PATH` do not use it.
        download: fetch what is missing in `data_dir`. Nothing is asked of the network if nothing is missing.
        device: where the tensors end up.

    Returns:
        Images with `images` uint8 (N, C, 32, 32), 0 … 255, and `labels` int64 (N,).

    Raises:
        UserError: the name is unknown, or the data are missing, damaged or not what they should be.
    """
    if split not in ("train", "test"):
        raise ValueError(f"split is 'train' or 'test', not {split!r}")
    if name == "digits":
        loaded = load_digits(split)
    elif name == "street-digits":
        loaded = load_street_digits(split, user_path(data_dir))
    elif name in SOURCES:
        loaded = load_torchvision(SOURCES[name], split, user_path(data_dir), download)
    elif name.startswith("folder:"):
        loaded = load_folder(name.removeprefix("folder:"), split)
    else:
        raise UserError(_unknown_name(name))
    return loaded.to(device)


def _unknown_name(name: str) -> str:
    close = difflib.get_close_matches(name.lower(), DATASETS, n=1)
    if os.path.isdir(os.path.expanduser(name)):
        close = [f"folder:{name}"]
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"There is no data set {name!r}{hint}: choose {', '.join(DATASETS[:-1])} or {DATASETS[-1]}."
