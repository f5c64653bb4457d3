"""What single test images contribute to a point's numbers: per-image/NAME.safetensors.

`hvae.metrics.estimate` makes errors of differences between models of it. One file per point, so that it is
written like a checkpoint, whole or not at all.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load

from hvae.atlas.metadata import metadata_in
from hvae.atlas.untrusted_files import PER_IMAGE, read_checked
from hvae.errors import UserError, one_line
from hvae.metrics.estimate import Estimate, contributions, covariance
from hvae.metrics.registry import measurements, metric_columns

if TYPE_CHECKING:
    from hvae.atlas.atlas import Atlas
    from hvae.atlas.manifest import Manifest

KEY = "per_image"
"""The metadata's key: `checkpoint`, the SHA-256 of the point's file; `images`, N; and `evaluation`, the
measurement's fingerprint by its name, as in atlas.json."""
MOST_PAIRED = 1_000
"""Points up to which an atlas's errors are paired: the covariance is a square matrix of them."""


def per_image_file(checkpoint: str) -> str:
    """Return the name of the file that belongs to a checkpoint `models/NAME.safetensors`."""
    return f"{PER_IMAGE}/{PurePosixPath(checkpoint).name}"


def add_per_image(
    folder: Path, manifest: Manifest, checkpoint: str, images: int, measured: Mapping[str, dict]
) -> str:
    """Write what test images contribute to the numbers of a checkpoint, and return the file's name.

    measured: by the measurement's name, column → squared errors (N,), stored as float32, or hits bool (F, N),
    stored as bits, eight in a byte, the first the highest. images: N. What the file holds of other
    measurements, by today's definition, stays in it.
    Raises UserError if their folder is a link, OSError if the file cannot be written.
    """
    import torch

    from hvae.atlas.checkpoint import write_tensors

    name = per_image_file(checkpoint)
    known = per_image_evaluation(folder, manifest, checkpoint)
    kept = [one for one in measurements() if one.name in known and one.name not in measured]
    arrays = {}
    if kept:
        stored = stored_in(read_checked(folder, manifest.files, name), images, name).arrays
        arrays = {column: stored[column] for one in kept for column in one.names if column in stored}
    for array_of in measured.values():
        for column, array in array_of.items():
            arrays[column] = np.packbits(array, axis=-1) if array.dtype == bool else array.astype(np.float32)
    evaluation = {one.name: known[one.name] for one in kept}
    evaluation |= {key: manifest.evaluation[key] for key in measured}
    about = {"checkpoint": manifest.files[checkpoint], "images": images, "evaluation": evaluation}
    tensors = {column: torch.from_numpy(array) for column, array in arrays.items()}
    if (folder / PER_IMAGE).is_symlink():
        raise UserError(f"{folder / PER_IMAGE} is a link: an atlas keeps its files in its own folder.")
    (folder / PER_IMAGE).mkdir(exist_ok=True)
    write_tensors(folder / name, tensors, {KEY: about})
    return name


def per_image_evaluation(folder: Path, manifest: Manifest, checkpoint: str) -> dict[str, str]:
    """Return the measurements that a point's file holds by the definition in atlas.json: name → fingerprint.

    Empty where there is no such file, or it is damaged or of another checkpoint.
    """
    name = per_image_file(checkpoint)
    try:
        about = described(read_checked(folder, manifest.files, name), name)
    except UserError:
        return {}
    if about["checkpoint"] != manifest.files.get(checkpoint):
        return {}
    return {key: text for key, text in about["evaluation"].items() if manifest.evaluation.get(key) == text}


class Stored(NamedTuple):
    """What a file holds: column → array as it lies there, and the number N of images."""

    arrays: dict[str, np.ndarray]
    images: int

    def unpacked(self, column: str) -> np.ndarray:
        """Return squared errors (N,) or hits, bool (F, N)."""
        array = self.arrays[column]
        is_hits = array.dtype == np.uint8
        return np.unpackbits(array, axis=1, count=self.images).astype(bool) if is_hits else array


def read_per_image(atlas: Atlas, checkpoint: str) -> dict[str, np.ndarray]:
    """Return what test images contribute to a point's numbers: column → array.

    Which arrays, `hvae.metrics.estimate` says. Columns by another definition than the table's are left out.
    Empty if the atlas has none.
    Raises UserError if the file is damaged, of another checkpoint, or not what this program writes.
    """
    stored = _read(atlas, checkpoint)
    return {column: stored.unpacked(column) for column in stored.arrays}


def _read(atlas: Atlas, checkpoint: str) -> Stored:
    name = per_image_file(checkpoint)
    if name not in atlas.manifest.files:
        return Stored({}, 0)
    data, called = atlas.read(name), f"{name} in {atlas.path}"
    about = described(data, called)
    if about["checkpoint"] != atlas.manifest.files.get(checkpoint):
        raise UserError(f"{called} is of another checkpoint: python -m precompute evaluate makes it again.")
    current = {
        column
        for measurement in measurements()
        if about["evaluation"].get(measurement.name) == atlas.manifest.evaluation.get(measurement.name)
        for column in measurement.names
    }
    stored = stored_in(data, about["images"], called)
    arrays = {column: array for column, array in stored.arrays.items() if column in current}
    return stored._replace(arrays=arrays)


def described(data: bytes, called: str) -> dict:
    """Return a file's KEY, validated. Raises UserError."""
    about = metadata_in(io.BytesIO(data), called).get(KEY)
    types = {"checkpoint": str, "images": int, "evaluation": dict}
    if not isinstance(about, dict) or any(type(about.get(key)) is not kind for key, kind in types.items()):
        raise UserError(f"{called} does not say what it is of.")
    return about


def stored_in(data: bytes, images: int, called: str) -> Stored:
    """Return the arrays in a file's bytes. Raises UserError if one is not of so many images."""
    try:
        arrays = load(data)
    except (SafetensorError, LookupError, ValueError, TypeError) as error:
        raise UserError(f"{called} cannot be read ({one_line(error)}).") from None
    for column, array in arrays.items():
        if column not in metric_columns():
            raise UserError(f"{called} has numbers of {one_line(column, 60)}, which is no column.")
        is_errors = array.dtype == np.float32 and array.shape == (images,)
        is_hits = array.dtype == np.uint8 and array.ndim == 2 and array.shape[1] == -(-images // 8)
        if not (is_errors if column == "psnr" else is_hits) or images < 1 or not len(array):
            raise UserError(f"{called}: {column} is not one number for each of {images} images.")
    return Stored(arrays, images)


def paired_errors(atlas: Atlas) -> dict[str, pd.DataFrame]:
    """Return column → the covariance of the points' numbers, checkpoint × checkpoint, in the columns' unit.

    √(wᵀ C w) is the standard error of Σ w_p m_p: of a difference, or of a gain over an interpolated model.
    NaN for points without numbers of single images, so also where their file is damaged. Empty for an atlas
    of more than MOST_PAIRED points, or without such files.
    """
    names = list(atlas.metrics["checkpoint"])
    if len(names) > MOST_PAIRED:
        return {}
    files: dict[str, Stored] = {}
    for name in names:
        with suppress(UserError):  # `verify` says which; without it, errors are not paired
            files[name] = _read(atlas, name)
    paired = {}
    for column in dict.fromkeys(column for stored in files.values() for column in stored.arrays):
        having = {name: stored for name, stored in files.items() if column in stored.arrays}
        shape = next(iter(having.values())).arrays[column].shape
        known = [name for name, stored in having.items() if stored.arrays[column].shape == shape]
        # Unpacked one at a time: hits take eight times the room of the file.
        matrix = covariance(contributions(column, having[name].unpacked(column)) for name in known)
        paired[column] = pd.DataFrame(matrix, known, known).reindex(index=names, columns=names)
    return paired


def refuse_disagreement(atlas: Atlas, checkpoint: str) -> None:
    """Raise UserError if single test images do not add up to a point's number in the table.

    Or if the file cannot be read, as `read_per_image` does.
    """
    row = atlas.metrics.set_index("checkpoint").loc[checkpoint]
    for column, array in read_per_image(atlas, checkpoint).items():
        is_psnr = column == "psnr"
        value = -10 * np.log10(array.mean(dtype=float)) if is_psnr else Estimate.share_over_fits(array).value
        if np.isfinite(row[column]) and not np.isclose(row[column], value, rtol=1e-4, atol=1e-6):
            raise UserError(
                f"{per_image_file(checkpoint)} in {atlas.path} does not add up to {column} in the table: "
                f"{value:.6g} instead of {row[column]:.6g}."
            )
