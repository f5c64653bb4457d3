"""A folder of a user's own pictures, with or without classes, with or without its own split."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path, PurePath
from typing import TypeVar

import numpy as np
import torch
from PIL import Image

from hvae.atlas.manifest import MAX_DATASET_NAME
from hvae.datasets.contents import Contents
from hvae.datasets.folder_layout import Layout, find_pictures
from hvae.datasets.images import Images, Split, reason
from hvae.datasets.picture import DARKEST_COLOUR, SIXTEEN_BITS, Header, Unreadable, brightest, header, pixels
from hvae.errors import UserError, printable

T = TypeVar("T")

PREFIX = "folder:"
MOST_NAMED = 10
"""The largest number of unreadable pictures that one message names."""
_ONE_IN_TEST = 7
_SHORT = 40


def load_folder(path: str, split: Split, size: int) -> Images:
    """Return one split of the pictures in a folder. Raises UserError if a picture or the folder is unusable.

    `find_pictures` describes the layout. If the folder has no split, one picture in seven of each class is
    for testing. Without classes, `classes` is empty and all labels are 0.
    """
    root = Path(path).expanduser()
    if not path or not root.is_dir():
        raise UserError(
            f"There is no folder {printable(path)!r}; write folder:PATH with the path of a folder of images."
        )
    try:
        layout = find_pictures(root)
    except OSError as error:
        where = printable(error.filename or root)
        raise UserError(f"Cannot list {where} ({reason(error)}); make it readable and run again.") from error
    splits = {name: _both_splits(layout, name) for name in layout.files}
    chosen = [file for of_class in splits.values() for file in of_class[split]]
    labels = [label for label, of_class in enumerate(splits.values()) for _ in of_class[split]]
    if not chosen:
        single = "Each class has a single image" if layout.classes else "There is a single image"
        raise UserError(f"{single} in {printable(root)}; add more, so that some are left for testing.")
    read, white = _read(root, layout.pictures, chosen, size)
    contents = Contents(
        *({name: len(of_class[part]) for name, of_class in splits.items()} for part in ("train", "test")),
        dict(layout.passed_over),
        white,
    )
    return Images(torch.from_numpy(np.stack(read)), torch.tensor(labels), layout.classes, contents)


def located(dataset: str, data_dir: Path) -> str:
    """Return the name of a data set whose pictures may have moved, with their present folder if it is found.

    Tried are the folder itself and then, in `data_dir`, its path and its last part. Other names than
    `folder:PATH` are returned unchanged. The caller has to compare checksums.
    """
    if not dataset.startswith(PREFIX):
        return dataset
    path = Path(dataset.removeprefix(PREFIX))
    for place in (path.expanduser(), data_dir / path, data_dir / path.name):
        if place.is_dir():
            return f"{PREFIX}{place}"
    return dataset


def recorded_name(dataset: str) -> str:
    """Return a data set's name as an atlas records it: `folder:x` for `folder:./x/`.

    Raises UserError if an atlas cannot hold the folder's name.
    """
    if not dataset.startswith(PREFIX) or dataset == PREFIX:
        return dataset
    name = f"{PREFIX}{PurePath(dataset.removeprefix(PREFIX))}"
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UserError(
            f"The path {printable(name.removeprefix(PREFIX))} is not UTF-8; rename the folder and run again."
        ) from None
    if len(name) > MAX_DATASET_NAME:
        raise UserError(
            f"The path {printable(name.removeprefix(PREFIX)[:60])}… has more than {MAX_DATASET_NAME} "
            "characters; name it from a folder nearer to it."
        )
    return name


def _both_splits(layout: Layout, name: str) -> dict[Split, list[Path]]:
    """Return the pictures of a class by split."""
    files = layout.files[name]
    if None not in files:
        return files
    return {
        split: [files[None][i] for i in split_members(len(files[None]), split)] for split in ("train", "test")
    }


def split_members(count: int, split: Split) -> list[int]:
    """Return which of a class's `count` sorted files belong to `split`; a single file is for training."""
    test_count = max(1, round(count / _ONE_IN_TEST)) if count >= 2 else 0
    # RandomState, unlike default_rng, promises the same numbers in every NumPy version.
    order = np.random.RandomState(0).permutation(count).tolist()
    return sorted(order[:test_count] if split == "test" else order[test_count:])


def _read(
    root: Path, files: Sequence[Path], chosen: Sequence[Path], size: int
) -> tuple[list[np.ndarray], int | None]:
    """Return the pixels of the chosen files, and the value of white in 16-bit ones if it is below 16 bits.

    Both splits need the same number of channels and one scale, so the headers of all files are read.
    Raises UserError, which names up to ten files.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        # Pillow warns about metadata, which do not matter, and about pictures between one and two times its
        # limit, which need an error.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        found, bad = _all_of(pool, header, files)
        grey = all(one.is_grey for one in found.values())
        white = _white(pool, found, bad)
        read, more = _all_of(
            pool,
            partial(pixels, grey=grey, white=white or SIXTEEN_BITS, size=size),
            [file for file in (files if bad else chosen) if file not in bad],
        )
        if more and not bad:  # the other split may have some, too: name all
            others = set(files) - set(chosen)
            more |= _all_of(pool, partial(pixels, grey=grey), [file for file in files if file in others])[1]
        bad |= more
    if bad:
        raise UserError(_unreadable(root, {file: bad[file] for file in files if file in bad}))
    return [read[file] for file in chosen], white


def _all_of(
    pool: Executor, look: Callable[[Path], T], files: Sequence[Path]
) -> tuple[dict[Path, T], dict[Path, str]]:
    """Return file → result of `look`, and file → why `look` failed."""

    def result(file: Path) -> T | Unreadable:
        try:
            return look(file)
        except Unreadable as error:
            return error

    results = dict(zip(files, pool.map(result, files), strict=True))
    bad = {file: str(error) for file, error in results.items() if isinstance(error, Unreadable)}
    return {file: found for file, found in results.items() if file not in bad}, bad


def _white(pool: Executor, found: dict[Path, Header], bad: dict[Path, str]) -> int | None:
    """Return the value of white in 16-bit grey pictures that all use fewer bits; otherwise None.

    Cameras and scanners put 12 bits into 16-bit files. All pictures get the same scale: a dark one stays
    dark. Colour pictures with this problem are added to `bad`.
    """
    deep = {file: one for file, one in found.items() if one.is_deep and one.white is None}
    values, unread = _all_of(pool, brightest, list(deep))
    bad |= unread
    grey = [value for file, value in values.items() if deep[file].is_grey]
    colour = {file: value for file, value in values.items() if not deep[file].is_grey}
    if colour and max(colour.values()) < DARKEST_COLOUR:
        why = "its range of brightness is unknown, nearly all of its 16 bits being dark: save it with 8 bits"
        bad |= dict.fromkeys(colour, why)
    bits = next((bits for bits in (8, 10, 12, 14) if max(grey, default=0) < 2**bits), 16)
    return 2**bits - 1 if bits < 16 and max(grey, default=0) > 0 else None


def _unreadable(root: Path, bad: dict[Path, str]) -> str:
    """Return one sentence about unreadable pictures, file → why, which fits into a UserError."""
    if len(bad) == 1:
        ((file, why),) = bad.items()
        return f"Cannot read the image {printable(file)} ({why}); mend or remove it, and run again."
    named = [
        f"{printable(file.relative_to(root))[-_SHORT:]} ({why[:_SHORT]})"
        for file, why in list(bad.items())[:MOST_NAMED]
    ]
    others = f" and {len(bad) - MOST_NAMED:,} more" if len(bad) > MOST_NAMED else ""
    return (
        f"Cannot read {len(bad):,} images in {printable(root)}: {', '.join(named)}{others}; mend or remove "
        "them, and run again."
    )
