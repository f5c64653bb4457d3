"""Check an atlas from end to end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from hvae.atlas.atlas import Atlas
from hvae.atlas.manifest import read_manifest
from hvae.atlas.metrics_table import TRAINED_COLUMNS, read_metrics
from hvae.atlas.untrusted_files import CLASSIFIER, EXAMPLES, METRICS, PARENT, checked_file
from hvae.errors import UserError
from hvae.files import user_path


def problems(path: str | Path) -> list[str]:
    """Everything that is wrong with the atlas in the folder `path`, one sentence each; empty if it is sound.

    Checks atlas.json, every checksum, the schema of metrics.parquet, that rates, distortion and PSNR are
    numbers, and that every checkpoint loads with finite weights and the config of the atlas. A point that
    atlas.json lists as failed may hold NaN.
    """
    from hvae.metrics.classifier import load_classifier

    folder = user_path(path)
    if not folder.is_dir():
        return [f"There is no folder {path}."]
    try:
        manifest = read_manifest(folder)
    except UserError as error:
        return [str(error)]
    # metrics.parquet comes below: while it is being replaced, either of two checksums is right.
    names = sorted(dict.fromkeys([EXAMPLES, *manifest.files]).keys() - {METRICS})
    found = sentences(lambda name=name: checked_file(folder, manifest.files, name) for name in names)
    if found:
        return found
    try:
        atlas = Atlas(folder, manifest, read_metrics(folder, manifest))
        atlas.examples()
    except UserError as error:
        return [str(error)]
    for row in atlas.metrics.to_dict("records"):
        name = row["checkpoint"]
        if name in manifest.failures:
            continue
        not_numbers = [column for column in TRAINED_COLUMNS if not np.isfinite(row[column])]
        if not_numbers:
            found.append(f"{METRICS} in {folder}: {not_numbers[0]} of {name} is not a finite number.")
    trained = [name for name in atlas.metrics["checkpoint"] if name not in manifest.failures]
    loads: list[Callable] = [lambda name=name: atlas.load_checkpoint(name) for name in trained]
    if PARENT in manifest.files:
        loads.append(atlas.load_parent)
    if CLASSIFIER in manifest.files:
        loads.append(lambda: load_classifier(folder / CLASSIFIER))
    return found + sentences(loads)


def sentences(checks: Iterable[Callable[[], object]]) -> list[str]:
    """What is wrong with that which is not right."""
    found = []
    for check in checks:
        try:
            check()
        except UserError as error:
            found.append(str(error))
    return found
