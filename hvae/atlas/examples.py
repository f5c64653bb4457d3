"""examples.npz: test images and their labels; reading it unpickles nothing, and unpacks no bomb."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hvae.atlas.manifest import Manifest
from hvae.atlas.untrusted_files import EXAMPLES, MIB, read_checked
from hvae.errors import UserError, one_line

if TYPE_CHECKING:
    from hvae.datasets import Images

WRITTEN = 256
"""How many test images a new atlas gets, if there are as many."""
MAX_EXAMPLES = 512
MAX_UNPACKED = 32 * MIB
MAX_ENTRIES = 16


class Examples(NamedTuple):
    """Test images: `images` uint8 (N, C, H, W), `labels` int64 (N,)."""

    images: np.ndarray
    labels: np.ndarray


def read_examples(folder: Path, manifest: Manifest) -> Examples:
    """Return the test images in an atlas's folder: 1 to MAX_EXAMPLES, in the shape of its models.

    Raises UserError if they are missing or damaged, or do not belong to this atlas.
    """
    data = read_checked(folder, manifest.files, EXAMPLES)
    try:
        return unpacked(data, manifest.config.image_shape, len(manifest.classes))
    except Exception as error:  # zipfile, zlib and numpy raise many kinds
        raise UserError(f"{EXAMPLES} in {folder} is not readable ({one_line(error)}).") from None


def unpacked(data: bytes, image_shape: tuple[int, ...], classes: int) -> Examples:
    """Return the examples in an .npz file's bytes.

    Raises ValueError, and what zipfile, zlib and numpy raise.
    """
    # Every entry of the archive's directory becomes an object; our archives have two.
    if data.count(b"PK\x01\x02") > MAX_ENTRIES:
        raise ValueError("it has more than two arrays")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if len(set(archive.namelist())) < len(archive.namelist()):
            raise ValueError("it has an array twice")
        images, labels = (array(archive, name, dtype) for name, dtype in (("images", "u1"), ("labels", "i8")))
    if images.ndim != 4 or images.shape[1:] != tuple(image_shape) or labels.shape != images.shape[:1]:
        raise ValueError(
            f"it must hold images (N, {', '.join(map(str, image_shape))}) and as many labels, not "
            f"{images.shape} and {labels.shape}"
        )
    if not 1 <= len(images) <= MAX_EXAMPLES:
        raise ValueError(f"it must hold 1 to {MAX_EXAMPLES} images, not {len(images)}")
    if not ((labels >= 0) & (labels < max(1, classes))).all():  # without classes, all are 0
        raise ValueError(f"its labels must be from 0 to {max(1, classes) - 1}")
    return Examples(images, labels)


def array(archive: zipfile.ZipFile, name: str, dtype: str) -> np.ndarray:
    """Return one array of an .npz file, which must be of this dtype. Raises as `unpacked` does."""
    try:
        entry = archive.getinfo(f"{name}.npy")
    except KeyError:
        raise ValueError(f"it has no array {name}") from None
    # Other methods unpack everything, even for a few bytes.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is packed otherwise than by Deflate")
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            raise ValueError(f"{name} has an unknown version")
        shape, in_columns, found = read_header(file, max_header_size=1000)
        if found != np.dtype(dtype) or in_columns:
            raise ValueError(f"{name} must hold {np.dtype(dtype)} by rows, not {found}")
        size = math.prod(shape) * found.itemsize
        if not 0 <= size <= MAX_UNPACKED:
            raise ValueError(f"{name} unpacks to more than {MAX_UNPACKED // MIB} MiB")
        content = file.read(size + 1)
    if len(content) != size:
        raise ValueError(f"{name} does not hold as many numbers as its header says")
    return np.frombuffer(bytearray(content), found).reshape(shape)


def write_examples(path: Path, images: Images) -> None:
    """Write some test images and their labels, as an .npz without objects.

    They are chosen at random, because a data set may be sorted by class, but always the same ones.
    """
    import torch

    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:WRITTEN].numpy()
    chosen = images.images.cpu().numpy()[order], images.labels.cpu().numpy()[order]
    with open(path, "wb") as file:
        np.savez_compressed(file, images=chosen[0], labels=chosen[1])
