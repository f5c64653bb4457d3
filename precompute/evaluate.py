"""Fill in what is missing or stale in the metrics of an atlas."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console

from hvae.atlas import CLASSIFIER, Atlas, Manifest, checked_file
from hvae.errors import UserError
from hvae.files import user_path
from precompute.measurements import (
    EvaluationData,
    Measurement,
    columns_of,
    generation_scores,
    measurements,
)
from precompute.progress import progress_bar, stderr_console

if TYPE_CHECKING:
    from hvae.cache import MetricCache
    from hvae.model import HVAE
    from precompute.folder import AtlasFolder


def evaluate_atlas(out: Path, data_dir: Path, device: str = "auto", console: Console | None = None) -> None:
    """Measure what is missing or stale in the atlas `out`, point by point; train no point.

    Raises UserError where the atlas is not sound, or its data set is missing or has changed.
    """
    console = console or stderr_console()
    out = user_path(out)
    atlas = Atlas.open(out)
    for name in atlas.metrics["checkpoint"]:
        atlas.checked_file(name)
    if is_current(atlas):
        console.print(f"{out}: every metric of its {len(atlas.metrics)} points is up to date.")
        return
    from hvae import datasets
    from precompute.device import choose_device, denormals_flushed
    from precompute.folder import AtlasFolder

    chosen = choose_device(device)
    splits = (
        datasets.load(atlas.manifest.dataset, split, data_dir, device=chosen) for split in ("train", "test")
    )
    data = EvaluationData(*splits, atlas.manifest.seed)
    folder = AtlasFolder.open(out)
    try:
        with denormals_flushed():
            evaluate_folder(folder, data, console)
    finally:
        folder.close()


def evaluate_folder(folder: AtlasFolder, data: EvaluationData, console: Console) -> None:
    """`evaluate_atlas` for an atlas that is open already, on `data`.

    Raises UserError where the atlas was made from other data.
    """
    from hvae.cache import MetricCache

    made_from = folder.manifest.data
    if made_from and made_from != data.digests:
        dataset = folder.manifest.dataset
        raise UserError(f"{folder.path} was made from other images of {dataset}: restore them.")
    folder.update(data=data.digests)
    prepare_classifier(folder, data, console)
    cache = MetricCache()
    try:
        fill_in(folder, data, cache, console)
    finally:
        cache.close()


def is_current(atlas: Atlas) -> bool:
    """Whether every measurement of every point is there, by today's definition, and the classifier too."""
    try:
        atlas.checked_file(CLASSIFIER)
    except UserError:
        return False
    rows = atlas.metrics.to_dict("records")
    return not any(
        stale(measurement, row, atlas.manifest)
        for measurement in measurements(atlas.manifest.files[CLASSIFIER])
        for row in rows
    )


def stale(measurement: Measurement, row: dict, manifest: Manifest) -> bool:
    """Whether the row lacks the measurement, or holds it by another definition."""
    if row["checkpoint"] in manifest.failures:
        return False
    if manifest.evaluation.get(measurement.name) != measurement.fingerprint:
        return True
    return not all(np.isfinite(row.get(column, np.nan)) for column in measurement.columns)


def prepare_classifier(folder: AtlasFolder, data: EvaluationData, console: Console) -> None:
    """Load the atlas's classifier, or train it once; note the scores of real test images as the ceiling."""
    import torch

    from hvae.classifier import (
        accuracy,
        image_probabilities,
        load_classifier,
        save_classifier,
        train_classifier,
    )

    device = data.train.images.device
    try:
        file = checked_file(folder.path, folder.manifest.files, CLASSIFIER)
        data.classifier = load_classifier(file, device)
        return
    except UserError:
        pass  # none yet, or a damaged one
    with progress_bar(console) as progress:
        task = progress.add_task("classifier", total=None, speed="")
        data.classifier = train_classifier(
            data.train,
            seed=data.seed,
            on_step=lambda step, steps: progress.update(task, completed=step, total=steps),
        )
    right = accuracy(data.classifier, data.test)
    console.print(f"Classifier: {100 * right.value:.2f} % of the test images.")
    counts = torch.bincount(data.test.labels.cpu(), minlength=len(data.test.classes)).double()
    scores = generation_scores(image_probabilities(data.classifier, data.test))
    save_classifier(data.classifier, folder.path / CLASSIFIER)
    folder.update(
        ceiling=columns_of({**scores, "classifier_accuracy": right}),
        label_frequencies=(counts / counts.sum()).tolist(),
    )
    folder.write(CLASSIFIER)


def fill_in(folder: AtlasFolder, data: EvaluationData, cache: MetricCache, console: Console) -> None:
    """Measure every stale point, and write the atlas after each."""
    asked = measurements(folder.manifest.files[CLASSIFIER])
    current = {measurement.name: measurement.fingerprint for measurement in asked}
    for measurement in asked:
        if folder.manifest.evaluation.get(measurement.name) != measurement.fingerprint:
            for row in folder.rows.values():
                # Blank first: after a kill, an old number must not pass for one by today's definition.
                row.update(dict.fromkeys(measurement.columns, np.nan))
    folder.update(evaluation=current)
    folder.write()
    todo = {
        name: [measurement for measurement in asked if stale(measurement, row, folder.manifest)]
        for name, row in folder.rows.items()
    }
    left = [name for name, missing in todo.items() if missing]
    with progress_bar(console) as progress:
        task = progress.add_task("metrics", total=len(left), speed="")
        for number, name in enumerate(left, start=1):
            started = time.monotonic()
            for measurement in todo[name]:
                folder.rows[name].update(measured(measurement, folder, name, data, cache))
            folder.write()
            progress.update(task, completed=number)
            seconds = time.monotonic() - started
            names = ", ".join(measurement.name for measurement in todo[name])
            console.print(f"{number}/{len(left)}  {Path(name).stem}  {names}  ({seconds:.1f} s)")


def measured(
    measurement: Measurement, folder: AtlasFolder, name: str, data: EvaluationData, cache: MetricCache
) -> dict[str, float]:
    """The measurement's columns for one point, from the cache where they were measured before."""
    manifest = folder.manifest
    key = {
        "checkpoint": manifest.files[name],
        **data.digests,
        "seed": manifest.seed,
        "metric": measurement.name,
        "fingerprint": measurement.fingerprint,
    }
    values = cache.get(key)
    if values is None or set(values) != set(measurement.columns):
        values = measurement.measure(load(folder, name, data), data)
        cache.set(key, values)
    return values


def load(folder: AtlasFolder, name: str, data: EvaluationData) -> HVAE:
    """The model of one point, on the device, in the memory layout that every measurement uses."""
    import torch

    from hvae.checkpoint import load_model

    model = load_model(checked_file(folder.path, folder.manifest.files, name), data.train.images.device)
    return model.to(memory_format=torch.channels_last)
