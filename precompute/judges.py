"""Train the judges of an atlas, once, and note what they are worth."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console

from hvae.atlas.atlas import Atlas
from hvae.atlas.manifest import MAX_JUDGED, Judge, Manifest, Sureness
from hvae.atlas.metadata import read_metadata
from hvae.atlas.point import Point
from hvae.atlas.untrusted_files import CALIBRATED, CLASSIFIER, checked_file
from hvae.errors import UserError
from hvae.metrics.estimate import columns_of
from hvae.metrics.measurements.generation import generation_scores
from hvae.metrics.measurements.generation_calibrated import SUFFIX
from hvae.metrics.registry import EvaluationData
from precompute.progress import progress_bar

if TYPE_CHECKING:
    from hvae.metrics.samples.calibrated_judge import Calibration
    from hvae.model import HVAE
    from precompute.atlas_folder.folder import AtlasFolder

VERSION = 1
"""Raise it when the calibrated judge learns otherwise: it is then trained again."""


def needs_judge(manifest: Manifest) -> bool:
    """Return whether samples are scored: not if the images have no labels to learn from."""
    return "inception_score" not in manifest.undefined


def judges_are_current(atlas: Atlas) -> bool:
    """Return whether the judges are there, and the calibrated one learned through the points of today."""
    if not needs_judge(atlas.manifest):
        return True
    try:
        atlas.checked_file(CLASSIFIER)
        names = points_to_learn_from(atlas.manifest, atlas.metrics["checkpoint"])
        if names:
            atlas.checked_file(CALIBRATED)
        return not names or atlas.metadata(CALIBRATED).get("made_from") == made_from(atlas.manifest, names)
    except UserError:
        return False


def points_to_learn_from(manifest: Manifest, checkpoints: Iterable[str]) -> list[str]:
    """Return the checkpoints of the grid, in its order, without those whose training failed.

    Of more than 1,000 it is so many, evenly spaced. Points between the grid's do not count, so that another
    one of them does not change the judge; they do where the grid has none.
    """
    grid = (Point(*betas).checkpoint for betas in manifest.betas.pairs)
    there = [name for name in checkpoints if name not in manifest.failures]
    names = [name for name in grid if name in set(there)] or there
    if len(names) <= MAX_JUDGED:
        return names
    return [names[place] for place in np.linspace(0, len(names) - 1, MAX_JUDGED).astype(int)]


def made_from(manifest: Manifest, names: list[str]) -> dict[str, object]:
    """Return all that determines the calibrated judge, beside the data set: what its file carries."""
    digests = [manifest.files[CLASSIFIER], *(manifest.files[name] for name in names)]
    together = hashlib.sha256(json.dumps(digests).encode()).hexdigest()
    return {"version": VERSION, "points": len(names), "files": together, "seed": manifest.seed}


def prepare_classifier(folder: AtlasFolder, data: EvaluationData, console: Console) -> None:
    """Load the atlas's classifier, or train it once; store the scores of real test images as the ceiling."""
    import torch

    from hvae.metrics.classifier import (
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
            width=data.budget.width,
            min_steps=data.budget.steps,
            seed=data.seed,
            on_step=lambda step, steps: progress.update(task, completed=step, total=steps),
        )
    right = accuracy(data.classifier, data.test)
    console.print(f"Classifier: {100 * right.value:.2f} % of the test images.")
    counts = torch.bincount(data.test.labels.cpu(), minlength=len(data.test.classes)).double()
    scores = generation_scores(image_probabilities(data.classifier, data.test))
    save_classifier(data.classifier, folder.path / CLASSIFIER)
    ceiling = columns_of({**scores, "classifier_accuracy": right})
    folder.update(
        # JSON has no NaN: the standard error for a single image.
        ceiling={name: value for name, value in ceiling.items() if np.isfinite(value)},
        label_frequencies=(counts / counts.sum()).tolist(),
    )
    folder.write(CLASSIFIER)


def prepare_calibrated(folder: AtlasFolder, data: EvaluationData, console: Console) -> None:
    """Load the calibrated judge, or train it from the classifier; store in `judges` what both are worth.

    The atlas must have its classifier. Nothing is done where it has no point yet.
    """
    from hvae.atlas.checkpoint import load_model
    from hvae.metrics.classifier import image_probabilities, load_classifier, save_classifier
    from hvae.metrics.samples.calibrated_judge import images_to_learn, train_calibrated

    names = points_to_learn_from(folder.manifest, folder.rows)
    if not names:
        return
    device, origin = data.train.images.device, made_from(folder.manifest, names)
    try:
        file = checked_file(folder.path, folder.manifest.files, CALIBRATED)
        if read_metadata(file).get("made_from") == origin:
            data.calibrated = load_classifier(file, device)
            return
    except UserError:
        pass  # none yet, or a damaged one
    files = [checked_file(folder.path, folder.manifest.files, name) for name in names]
    with progress_bar(console) as progress:
        task = progress.add_task("calibrated judge: reconstructions", total=len(files), speed="")

        def load(file: Path) -> HVAE:
            progress.advance(task)
            return load_model(file, device)

        images = images_to_learn(data.train, [lambda f=file: load(f) for file in files], seed=data.seed)
        task = progress.add_task("calibrated judge", total=None, speed="")
        data.calibrated = train_calibrated(
            data.classifier,
            images,
            min_steps=data.budget.steps,
            seed=data.seed,
            on_step=lambda step, steps: progress.update(task, completed=step, total=steps),
        )
        task = progress.add_task("calibration", total=len(files), speed="")
        judges = examined(data, names, [lambda f=file: load(f) for file in files], len(images))
    for name, judge in judges.items():
        console.print(
            f"Judge {name}: {100 * judge.accuracy:.2f} % of the test images; on their reconstructions its "
            f"calibration error is {judge.reconstructions.error:.3f}."
        )
    scores = generation_scores(image_probabilities(data.calibrated, data.test))
    ceiling = columns_of({f"{name}{SUFFIX}": score for name, score in scores.items()})
    known = {name: value for name, value in ceiling.items() if np.isfinite(value)}
    save_classifier(data.calibrated, folder.path / CALIBRATED, {"made_from": origin})
    folder.update(judges=judges, ceiling={**folder.manifest.ceiling, **known})
    folder.write(CALIBRATED)


def examined(
    data: EvaluationData, names: list[str], models: list[Callable[[], HVAE]], learned_from: int
) -> dict[str, Judge]:
    """Return what both judges are worth, on test images and on reconstructions of test images.

    names, models: the checkpoints, and what loads each. learned_from: the number of pictures that the
    calibrated judge learned from.
    """
    from hvae.metrics.classifier import accuracy
    from hvae.metrics.probes import random_subset
    from hvae.metrics.samples.calibrated_judge import HELD_OUT, REAL, Guesses, calibration, guesses

    judges = list(data.judges.values())
    held_out = random_subset(data.test, HELD_OUT, data.seed)
    of_points = [
        guesses(judges, load(), held_out, seed=data.seed + number) for number, load in enumerate(models)
    ]
    real = min(len(data.train), REAL)
    trained_on = {
        "source": {"real": len(data.train), "reconstructed": 0, "points": 0},
        "calibrated": {"real": real, "reconstructed": learned_from - real, "points": len(names)},
    }
    found = {}
    for name, judge, own in zip(data.judges, judges, zip(*of_points, strict=True), strict=True):
        right = accuracy(judge, data.test)
        pooled = Guesses(*(np.concatenate(part) for part in zip(*own, strict=True)))
        found[name] = Judge(
            **trained_on[name],
            accuracy=right.value,
            accuracy_se=right.standard_error,
            held_out=len(held_out),
            reconstructions=sureness(calibration(pooled)),
            of_points={point: sureness(calibration(one)) for point, one in zip(names, own, strict=True)},
        )
    return found


def sureness(measured: Calibration) -> Sureness:
    """Return a calibration as atlas.json holds it, to four digits."""
    rounded = (round(min(max(value, 0.0), 1.0), 4) for value in measured)
    return Sureness(**dict(zip(measured._fields, rounded, strict=True)))
