"""Check an atlas from end to end."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hvae.atlas import (
    EXAMPLES,
    MANIFEST,
    METRICS,
    PARENT,
    TRAINED_COLUMNS,
    checked_file,
    plain_file,
    read_examples,
    read_manifest,
    read_metrics,
)
from hvae.errors import UserError
from hvae.files import user_path


def problems(path: str | Path) -> list[str]:
    """Everything that is wrong with the atlas in the folder `path`, one sentence each; empty if it is sound.

    Checks atlas.json, every checksum, the schema of metrics.parquet, that rates, distortion and PSNR are
    numbers, and that every checkpoint loads with finite weights and the config of the atlas. A point that
    atlas.json lists as failed may hold NaN.
    """
    from hvae.checkpoint import load_model, load_parent

    folder = user_path(path)
    if not folder.is_dir():
        return [f"There is no folder {path}."]
    try:
        manifest = read_manifest(folder)
    except UserError as error:
        return [str(error)]
    found = []
    # metrics.parquet comes below: while it is being replaced, either of two checksums is right.
    for name in dict.fromkeys([EXAMPLES, *manifest.files]).keys() - {METRICS}:
        try:
            checked_file(folder, manifest.files, name)
        except UserError as error:
            found.append(str(error))
    found.sort()
    if found:
        return found
    try:
        metrics = read_metrics(folder, manifest)
        read_examples(plain_file(folder, EXAMPLES))
    except UserError as error:
        return [str(error)]
    loaders = {name: load_model for name in metrics["checkpoint"]}
    if PARENT in manifest.files:
        loaders[PARENT] = load_parent
    for row in metrics.to_dict("records"):
        name = row["checkpoint"]
        if name in manifest.failures:
            continue
        not_numbers = [column for column in TRAINED_COLUMNS if not np.isfinite(row[column])]
        if not_numbers:
            found.append(f"{METRICS} in {folder}: {not_numbers[0]} of {name} is not a finite number.")
    for name, load in loaders.items():
        if name in manifest.failures:
            continue
        try:
            model = load(folder / name)
        except UserError as error:
            found.append(str(error))
            continue
        if model.config.to_dict() != manifest.model:
            found.append(f"{name} in {folder} has another model config than {MANIFEST}.")
        if not all(weight.isfinite().all() for weight in model.state_dict().values()):
            found.append(f"{name} in {folder} has weights that are not finite numbers.")
    return found
