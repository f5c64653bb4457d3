"""Data sets as one uint8 tensor of 32 × 32 pictures, ready to live on the device.

`load("mnist", "train")` gives `Images`; `Images.batch(index)` gives the floats that a model eats. Nothing
here runs once per image and step: a data set is decoded once, a batch is one index_select and one division.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import io
import os
import re
import socket
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from hvae.errors import UserError
from hvae.files import user_path

# torchvision and scikit-learn take seconds to import, so only the functions that need them import them:
# someone who opens an atlas never pays for it.

DATASETS = ("mnist", "fashion-mnist", "svhn", "cifar10", "digits", "folder:PATH")
"""What `load` and `--dataset` accept; PATH stands for a folder of the user's own."""

SIDE = 32
"""Height and width of every picture, pixels."""

Split = Literal["train", "test"]

# A firewall that drops packets in silence would otherwise hold a run for minutes per mirror.
_NETWORK_TIMEOUT_SECONDS = 30
_DIGITS_TEST_IMAGES = 360
_FOLDER_ONE_IN_TEST = 7


@dataclass(frozen=True, eq=False)
class Images:
    """One split of a data set, whole, on one device.

    Attributes:
        images: uint8 (N, C, H, W), 0 … 255, with H = W = 32 and C = 1 (grey) or 3 (RGB).
        labels: int64 (N,), each an index into `classes`.
        classes: the name of each class, for people to read.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]

    def __len__(self) -> int:
        """N, the number of images."""
        return len(self.images)

    def to(self, device: str | torch.device) -> Images:
        """The same images on `device`; no copy where they are there already."""
        return replace(self, images=self.images.to(device), labels=self.labels.to(device))

    def digest(self) -> str:
        """Hexadecimal SHA-256 of all pixels and labels: what a stored number was measured on."""
        hashed = hashlib.sha256(self.images.cpu().numpy().tobytes())
        hashed.update(self.labels.cpu().numpy().tobytes())
        return hashed.hexdigest()

    def batch(self, index: Tensor) -> Tensor:
        """The images at `index`, an integer tensor (n,), as float32 (n, C, H, W) in [0, 1]."""
        chosen = self.images.index_select(0, index.to(self.images.device))
        return chosen.to(torch.float32).div_(255)


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
    SVHN and CIFAR-10 are 32 × 32 already; of a user's own pictures, the central square is resized.

    Args:
        name: one of `DATASETS`. In `folder:PATH`, PATH holds one sub-folder per class with images in it, of
            any format that Pillow opens; folders further down are not read. One image in seven of each class
            is test, always the same ones. Transparent pixels become white.
        split: "train" or "test".
        data_dir: where torchvision's folder layout is, or goes (`MNIST/raw/…`, `FashionMNIST/raw/…`,
            `train_32x32.mat`, `cifar-10-batches-py/…`). `digits` and `folder:PATH` do not use it.
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
        loaded = _load_digits(split)
    elif name in _SOURCES:
        loaded = _load_torchvision(_SOURCES[name], split, user_path(data_dir), download)
    elif name.startswith("folder:"):
        loaded = _load_folder(name.removeprefix("folder:"), split)
    else:
        raise UserError(_unknown_name(name))
    return loaded.to(device)


def _unknown_name(name: str) -> str:
    close = difflib.get_close_matches(name.lower(), DATASETS, n=1)
    if os.path.isdir(os.path.expanduser(name)):
        close = [f"folder:{name}"]
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"There is no data set {name!r}{hint}: choose {', '.join(DATASETS[:-1])} or {DATASETS[-1]}."


# ---------------------------------------------------------------------------------------------- scikit-learn


def _load_digits(split: Split) -> Images:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    train, test = train_test_split(
        np.arange(len(digits.target)),
        test_size=_DIGITS_TEST_IMAGES,
        random_state=0,
        stratify=digits.target,
    )
    chosen = np.sort(train if split == "train" else test)
    small = torch.from_numpy(digits.images[chosen]).unsqueeze(1) * (255 / 16)
    large = F.interpolate(small, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    labels = torch.from_numpy(digits.target[chosen]).to(torch.int64)
    return Images(large.round().to(torch.uint8), labels, tuple(str(digit) for digit in digits.target_names))


# ----------------------------------------------------------------------------------------------- torchvision


@dataclass(frozen=True)
class _Source:
    """A data set that torchvision downloads and reads; `files` are relative to the data folder."""

    title: str
    torchvision_name: str
    files: tuple[str, ...]
    # Where torchvision pins the md5 of every file it reads, it replaces a damaged one by itself.
    pinned: bool
    digit_classes: bool

    def paths(self, split: Split, root: Path) -> list[Path]:
        return [root / file.format(split=split) for file in self.files]

    def open(self, split: Split, root: Path, download: bool) -> Any:
        """torchvision's data set object.

        md5 checks stay as torchvision makes them: CIFAR-10 is pickles, and only pinned ones may be read.
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

_SOURCES = {
    "mnist": _Source("MNIST", "MNIST", tuple(f"MNIST/raw/{file}" for file in _IDX_FILES), False, True),
    "fashion-mnist": _Source(
        "Fashion-MNIST",
        "FashionMNIST",
        tuple(f"FashionMNIST/raw/{file}" for file in _IDX_FILES),
        False,
        False,
    ),
    "svhn": _Source("SVHN", "SVHN", ("{split}_32x32.mat",), True, True),
    "cifar10": _Source(
        "CIFAR-10", "CIFAR10", tuple(f"cifar-10-batches-py/{file}" for file in _CIFAR_FILES), True, False
    ),
}


def _load_torchvision(source: _Source, split: Split, root: Path, download: bool) -> Images:
    try:
        # Without download first: what is on disk must load without a network, and without new folders.
        data_set = source.open(split, root, download=False)
    except Exception as error:  # torchvision's readers let nearly any exception out on a damaged file
        missing = any(not os.path.isfile(path) for path in source.paths(split, root))
        replaceable = source.pinned and download and not isinstance(error, OSError)
        if not missing and not replaceable:
            raise UserError(_damaged(source, split, root, error)) from error
        if not download:
            raise UserError(
                _missing(source, split, root, "downloading is off", "allow the download")
            ) from error
        data_set = _download(source, split, root)

    images = _as_images(source, data_set)
    right_shape = images.images.shape[1:] in ((1, SIDE, SIDE), (3, SIDE, SIDE)) and len(images) > 0
    right_labels = len(images) == len(images.labels) and bool(
        ((images.labels >= 0) & (images.labels < len(images.classes))).all()
    )
    if not (right_shape and right_labels):
        raise UserError(_damaged(source, split, root))
    return images


def _download(source: _Source, split: Split, root: Path) -> Any:
    folder = source.paths(split, root)[0].parent
    new_folders = [path for path in (folder, *folder.parents) if not path.exists()]
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_NETWORK_TIMEOUT_SECONDS)
    try:
        # Some torchvision versions print every attempt. The progress bar goes to stderr, and stays.
        with contextlib.redirect_stdout(io.StringIO()):
            return source.open(split, root, download=True)
    except Exception as error:  # from the network, the disk, the archive or the md5 check
        for path in new_folders:
            with contextlib.suppress(OSError):
                path.rmdir()
        problem = f"it could not be downloaded ({_reason(error)})"
        raise UserError(_missing(source, split, root, problem, "connect to the internet")) from error
    finally:
        socket.setdefaulttimeout(timeout)


def _as_images(source: _Source, data_set: Any) -> Images:
    classes = tuple("0123456789") if source.digit_classes else tuple(data_set.classes)
    if source.torchvision_name == "SVHN":
        pixels, labels = data_set.data, data_set.labels.reshape(-1)
    elif source.torchvision_name == "CIFAR10":
        pixels, labels = data_set.data.transpose(0, 3, 1, 2), data_set.targets
    else:
        pixels, labels = F.pad(data_set.data.unsqueeze(1), (2, 2, 2, 2)), data_set.targets
    if isinstance(pixels, np.ndarray):
        pixels = torch.from_numpy(np.ascontiguousarray(pixels))
    return Images(pixels, torch.as_tensor(labels, dtype=torch.int64), classes)


def _missing(source: _Source, split: Split, root: Path, problem: str, remedy: str) -> str:
    paths = source.paths(split, root)
    absent = [path.name for path in paths if not os.path.isfile(path)]
    # A file that is there and yet unusable is one whose md5 is wrong: a download that was cut short, usually.
    state = f"has no {absent[0]}" if absent else "holds a damaged copy"
    holds = paths[0].relative_to(root)
    return (
        f"{source.title} is not ready: {paths[0].parent} {state}, and {problem}; {remedy} and run again, "
        f"or pass --data-dir with the folder that holds {holds}."
    )


def _damaged(source: _Source, split: Split, root: Path, error: Exception | None = None) -> str:
    paths = source.paths(split, root)
    what = paths[0] if len(paths) == 1 else f"the {source.title} files in {paths[0].parent}"
    if isinstance(error, OSError):
        return f"Cannot read {what} ({_reason(error)}); make them readable, or pass another --data-dir."
    return f"Cannot use {what}, damaged or incomplete; delete them and run again to download them afresh."


def _reason(error: Exception) -> str:
    """The core of an error message, without line breaks, error numbers and urllib's angle brackets."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    text = re.sub(r"^<urlopen error (.*)>$", r"\1", lines[-1])
    return re.sub(r"^\[Errno -?\d+\] ", "", text).rstrip(".")


# ------------------------------------------------------------------------------------- a user's own pictures


def _load_folder(path: str, split: Split) -> Images:
    root = Path(path).expanduser()
    if not path or not root.is_dir():
        raise UserError(
            f"There is no folder {path!r}; write folder:PATH with the path of a folder of images."
        )
    try:
        files_of_class = _find_images(root)
    except OSError as error:
        raise UserError(f"Cannot list {root} ({_reason(error)}); make it readable and run again.") from error
    classes = tuple(files_of_class)
    if len(classes) < 2:
        found = f"one class only, {classes[0]}" if classes else "no sub-folder with images in it"
        raise UserError(
            f"{root} holds {found}; give every class, at least two, a sub-folder with its images."
        )

    chosen: list[Path] = []
    labels: list[int] = []
    for label, files in enumerate(files_of_class.values()):
        members = _split_members(len(files), split)
        chosen += [files[i] for i in members]
        labels += [label] * len(members)
    if not chosen:
        raise UserError(
            f"Each class in {root} has a single image; add more, so that some are left for testing."
        )

    with warnings.catch_warnings(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        # Pillow only warns about a picture between one and two times its limit.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # Both splits need the same number of channels, so each looks at the headers of all files.
        grey = all(list(pool.map(_is_grey, [file for files in files_of_class.values() for file in files])))
        pictures = list(pool.map(partial(_read_picture, grey=grey), chosen))
    return Images(torch.from_numpy(np.stack(pictures)), torch.tensor(labels), classes)


def _find_images(root: Path) -> dict[str, list[Path]]:
    """Image files by class name, both sorted. Empty sub-folders, hidden and side files do not count."""
    extensions = {ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    files_of_class = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")):
        visible = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        images = [path for path in visible if path.suffix.lower() in extensions and not path.is_dir()]
        if images:
            files_of_class[folder.name] = images
        elif visible:
            # To pass over it in silence would lose a class of, say, HEIC photos, or of a folder too deep.
            raise UserError(
                f"{folder} has no image that can be opened, only {visible[0].name} and the like; "
                "put images (PNG, JPEG, …) right into it, or move it elsewhere."
            )
    return files_of_class


def _split_members(count: int, split: Split) -> list[int]:
    """Which of a class's `count` sorted files belong to `split`; a single file is for training."""
    test_count = max(1, round(count / _FOLDER_ONE_IN_TEST)) if count >= 2 else 0
    # RandomState, unlike default_rng, promises the same numbers in every NumPy version.
    order = np.random.RandomState(0).permutation(count).tolist()
    return sorted(order[:test_count] if split == "test" else order[test_count:])


@contextlib.contextmanager
def _blaming(path: Path) -> Iterator[None]:
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        limit = f"more than {Image.MAX_IMAGE_PIXELS:,} pixels, the most that is safe to read"
        raise UserError(f"{path} has {limit}; shrink it or remove it, and run again.") from error
    except Exception as error:  # Pillow's plugins let nearly any exception out on a damaged file
        unknown = isinstance(error, UnidentifiedImageError)
        reason = "not in a known image format" if unknown else _reason(error)
        raise UserError(
            f"Cannot read the image {path} ({reason}); mend or remove it, and run again."
        ) from error


def _is_grey(path: Path) -> bool:
    with _blaming(path), Image.open(path) as image:
        return image.mode in ("1", "L", "LA", "La", "I", "F") or image.mode.startswith("I;16")


def _read_picture(path: Path, grey: bool) -> np.ndarray:
    """The central square of a picture, upright, as uint8 (C, 32, 32)."""
    with _blaming(path), Image.open(path) as image:
        image.draft(
            None, (4 * SIDE, 4 * SIDE)
        )  # a JPEG decodes several times faster at a fraction of its size
        ImageOps.exif_transpose(image, in_place=True)
        picture = image if image.mode[0] not in "IF" else _sixteen_to_eight_bits(image)
        if picture.has_transparency_data:
            # What lies under transparent pixels is arbitrary, and often as black as the strokes beside it.
            white = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(white, picture.convert("RGBA"))
        picture = picture.convert("L" if grey else "RGB")
        pixels = np.array(ImageOps.fit(picture, (SIDE, SIDE)))
    return pixels[None] if grey else pixels.transpose(2, 0, 1)


def _sixteen_to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale 0 … 65535 to 0 … 255, where Pillow's own convert("L") would clip."""
    values = np.asarray(image)
    if image.mode == "F" or values.min() < 0 or values.max() > 65535:
        raise ValueError("its range of brightness is unknown: save it with 8 or 16 bits per pixel")
    return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))
