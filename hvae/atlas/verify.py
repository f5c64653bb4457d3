"""Check an atlas: its files, and that they agree with each other.

See `measured_again` for new measurements.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from hvae.architectures.registry import find
from hvae.atlas.atlas import Atlas
from hvae.atlas.manifest import Manifest, read_manifest
from hvae.atlas.metrics_table import TRAINED_COLUMNS, read_metrics
from hvae.atlas.per_image import refuse_disagreement
from hvae.atlas.untrusted_files import (
    CALIBRATED,
    CLASSIFIER,
    EXAMPLES,
    MANIFEST,
    METRICS,
    PARENT,
    checked_file,
)
from hvae.errors import UserError, one_line
from hvae.files import no_key_twice, user_path
from hvae.metrics.registry import measurements, metric_columns

VERSION = re.compile(r"\d+(\.\d+)*([.+-]?[A-Za-z0-9]+)*")
JUDGES = {"classifier": CLASSIFIER, "calibrated": CALIBRATED}
"""Keys of definitions in `evaluation`, and the file whose SHA-256 they hold."""
VERSIONED = ("python", "torch", "torchvision", "scikit-learn", "numpy", "pandas", "hvae-explorer")


def problems(path: str | Path) -> list[str]:
    """Return all errors of the atlas in the folder `path`, one sentence each; empty if it is sound.

    Checks atlas.json, every checksum, and the schema of metrics.parquet; that its numbers are possible
    (`hvae.atlas.checks.possible`), and add up from single images; that every checkpoint, the parent and the
    classifier load with finite weights and belong to the table and to atlas.json (`hvae.atlas.origin`). A
    point that atlas.json lists as failed may hold NaN.
    """
    folder = user_path(path)
    if not folder.is_dir():
        return [f"There is no folder {path}."]
    try:
        manifest = read_manifest(folder)
    except UserError as error:
        return [str(error)]
    # metrics.parquet comes below: while it is being replaced, both its old and its new checksum are right.
    names = sorted(dict.fromkeys([EXAMPLES, *manifest.files]).keys() - {METRICS})
    found = sentences(lambda name=name: checked_file(folder, manifest.files, name) for name in names)
    if found:
        return found
    try:
        atlas = Atlas(folder, manifest, read_metrics(folder, manifest))
        atlas.examples()
    except UserError as error:
        return [str(error)]
    found = [*not_finite(atlas), *wrong_versions(folder, manifest)]
    try:
        find(manifest.config.architecture)
    except UserError as error:  # of every model alike
        return [*found, str(error)]
    trained = [name for name in atlas.metrics["checkpoint"] if name not in manifest.failures]
    loads: list[Callable] = [lambda name=name: atlas.load_checkpoint(name) for name in trained]
    if PARENT in manifest.files:
        loads.append(atlas.load_parent)
    loads += [lambda name=name: refuse_disagreement(atlas, name) for name in trained]
    judges = [name for name in (CLASSIFIER, CALIBRATED) if name in manifest.files]
    loads += [lambda name=name: atlas.load_judge(name=name) for name in judges]
    return found + sentences(loads)


def not_finite(atlas: Atlas) -> Iterator[str]:
    """Yield a sentence for each trained point with a missing or infinite number."""
    for row in atlas.metrics.to_dict("records"):
        name = row["checkpoint"]
        if name in atlas.manifest.failures:
            continue
        # Perfect reconstructions have a PSNR of infinity; nothing else that is measured can be infinite.
        wrong = [column for column in TRAINED_COLUMNS if not np.isfinite(row[column])]
        wrong += [column for column in metric_columns() if column not in wrong and np.isinf(row[column])]
        if wrong:
            yield f"{METRICS} in {atlas.path}: {wrong[0]} of {name} is not a finite number."


def wrong_versions(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield a sentence for each version or definition in atlas.json that is invalid or too new.

    A metric of an older definition is no error: `precompute evaluate` measures it again.
    """
    for program in VERSIONED:
        version = manifest.made_with.get(program, "0")
        if not isinstance(version, str) or not VERSION.fullmatch(version):
            no_version = one_line(repr(version), 60)
            yield f"{MANIFEST} in {folder}: made_with: {no_version} is no version of {program}."
    of = manifest.files.get
    known = {measurement.name: measurement.version for measurement in measurements()}
    for name, text in manifest.evaluation.items():
        try:
            definition = json.loads(text, object_pairs_hook=no_key_twice)
            version = definition["version"]
        except (ValueError, TypeError, KeyError, RecursionError):
            version = None
        if type(version) is not int or version < 1:
            yield f"{MANIFEST} in {folder}: evaluation: {one_line(name, 60)} has no definition."
        elif version > known.get(name, version):
            yield (
                f"{MANIFEST} in {folder}: evaluation: {name} has version {version}, this program knows "
                f"{known[name]}: verify with a newer release."
            )
        elif any(definition.get(key, of(file)) != of(file) for key, file in JUDGES.items()):
            yield (
                f"{MANIFEST} in {folder}: evaluation: {name} was judged by another classifier: "
                f"python -m precompute evaluate measures it again."
            )


def sentences(checks: Iterable[Callable[[], object]]) -> list[str]:
    """Return the messages of the checks that fail, each once."""
    found = []
    for check in checks:
        try:
            check()
        except UserError as error:
            found.append(str(error))
    return list(dict.fromkeys(found))
