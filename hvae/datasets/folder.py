"""A user's own pictures: a folder with one sub-folder per class."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError

from hvae.datasets.images import SIDE, Images, Split, reason
from hvae.errors import UserError

_ONE_IN_TEST = 7


def load_folder(path: str, split: Split) -> Images:
    """One split of the pictures in a folder. Raises UserError where a picture or the folder will not do."""
    root = Path(path).expanduser()
    if not path or not root.is_dir():
        raise UserError(
            f"There is no folder {path!r}; write folder:PATH with the path of a folder of images."
        )
    try:
        files_of_class = _find_images(root)
    except OSError as error:
        raise UserError(f"Cannot list {root} ({reason(error)}); make it readable and run again.") from error
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
    test_count = max(1, round(count / _ONE_IN_TEST)) if count >= 2 else 0
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
        why = "not in a known image format" if unknown else reason(error)
        raise UserError(f"Cannot read the image {path} ({why}); mend or remove it, and run again.") from error


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
