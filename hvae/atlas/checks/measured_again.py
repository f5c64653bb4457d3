"""Measure points of an atlas again and compare with its table, for `precompute verify --deep`.

On the whole test set, the numbers are those of the table, up to rounding. Of a larger set an atlas holds only
some images, a random sample without replacement; their mean differs from the table by a few of its standard
errors. Samples from the prior need no images: they are exactly those that were scored.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import torch

from hvae.atlas.atlas import Atlas
from hvae.atlas.untrusted_files import CLASSIFIER, EXAMPLES, MANIFEST
from hvae.datasets import Images, load
from hvae.errors import UserError
from hvae.metrics.classifier import accuracy, image_probabilities
from hvae.metrics.estimate import columns_of
from hvae.metrics.inception import sample_probabilities
from hvae.metrics.measurements.generation import GENERATION, SAMPLES, generation_scores
from hvae.metrics.measurements.reconstruction import RECONSTRUCTION, reconstruction_columns
from hvae.metrics.psnr import psnr
from hvae.metrics.rates import layer_rates
from hvae.numerics import one_thread

if TYPE_CHECKING:
    from hvae.metrics.classifier import Classifier
    from hvae.model import HVAE

SIGMAS = 6
"""Allowed difference between a mean over some images and over all, in standard errors of the sample."""
SLACK = {"psnr": 0.02, "classifier_accuracy": 0.01}
NATS = 0.05
"""A further allowed difference: a few images make most of the rate of a collapsed layer."""

ROUNDING = {"psnr": 0.01}
ROUNDED_NATS = 0.005
RELATIVE = {"generation": 2e-3, "reconstruction": 3e-4, "errors": 0.02}
"""Allowed differences of the same computation on another processor or with another release of torch."""


class TestImages(NamedTuple):
    """The images to measure on, and whether they are the whole test set of the table."""

    images: Images
    are_all: bool


class Compared(NamedTuple):
    """The result for one point: what was measured again, and which numbers do not match.

    unseen: column → the largest difference that counts as a match.
    """

    checkpoint: str
    measured: list[str]
    differences: list[str]
    unseen: dict[str, float]
    seconds: float


def images_to_measure(atlas: Atlas, data_dir: Path | None) -> TestImages:
    """Return the test set in `data_dir`; without one, the atlas's own test images.

    Raises UserError if the test set is missing or is not the one of the table, or if the atlas's images are
    not in it.
    """
    examples = atlas.examples()
    images = Images(*map(torch.from_numpy, examples), tuple(atlas.manifest.classes))
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0)).argsort()
    digest = atlas.manifest.data.get("test")
    if data_dir is None:
        # A small test set is there completely, shuffled; the order decides which noise each image gets.
        unshuffled = Images(images.images[order], images.labels[order], images.classes)
        return TestImages(unshuffled, True) if unshuffled.digest() == digest else TestImages(images, False)
    test = load(atlas.manifest.dataset, "test", data_dir, download=False, size=atlas.manifest.side)
    if digest is not None and test.digest() != digest:
        raise UserError(
            f"{data_dir} holds other test images of {atlas.manifest.dataset} than {atlas.path} names."
        )
    chosen = torch.randperm(len(test), generator=torch.Generator().manual_seed(0))[: len(images)]
    if not (
        torch.equal(test.images[chosen], images.images) and torch.equal(test.labels[chosen], images.labels)
    ):
        raise UserError(
            f"{EXAMPLES} in {atlas.path} does not hold the test images of {atlas.manifest.dataset}."
        )
    return TestImages(test, True)


def spread(metrics: pd.DataFrame, n: int) -> list[str]:
    """Return the checkpoints of n points far from each other in log β, in the table's order.

    They are always the same ones.
    """
    places = np.log(metrics[["beta_2", "beta_1"]].to_numpy(float))
    if n >= len(places):
        return list(metrics["checkpoint"])
    chosen = [0]
    nearest = np.full(len(places), math.inf)
    while len(chosen) < n:
        nearest = np.minimum(nearest, ((places - places[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(nearest.argmax()))
    return list(metrics["checkpoint"].iloc[sorted(chosen)])


def compared(atlas: Atlas, names: list[str], test: TestImages) -> Iterator[Compared]:
    """Measure the named points again, one after another. Raises UserError if a file is not sound."""
    rows = {row["checkpoint"]: row for row in atlas.metrics.to_dict("records")}
    samples = samples_that_were_scored(atlas)
    judge = atlas.load_judge() if samples else None
    for name in names:
        started = time.monotonic()
        if name in atlas.manifest.failures:
            yield Compared(name, [], [], {}, 0.0)
            continue
        model, row = atlas.load_checkpoint(name), rows[name]
        with one_thread():
            found, unseen = reconstruction_differences(model, row, test, atlas.manifest.seed)
            measured = ["rates, distortion, PSNR"]
            if judge is not None and np.isfinite(row["inception_score"]):
                found += generation_differences(model, judge, row, samples, atlas.manifest.seed)
                measured.append("samples' scores")
        sentences = [f"{name} in {atlas.path}: {difference}." for difference in found]
        yield Compared(name, measured, sentences, unseen, time.monotonic() - started)


def reconstruction_differences(
    model: HVAE, row: Mapping, test: TestImages, seed: int
) -> tuple[list[str], dict[str, float]]:
    """Return which of rates, distortion, −ELBO and PSNR differ, and the largest allowed differences."""
    again = reconstruction_columns(layer_rates(model, test.images, seed=seed), psnr(model, test.images))
    found, unseen = [], {}
    for column in RECONSTRUCTION.columns:
        of_errors = column.endswith("_se")
        table, value = row.get(column, math.nan), again[column]
        if not (np.isfinite(table) and np.isfinite(value)):
            if np.isfinite(table) != np.isfinite(value) and not (of_errors and np.isnan(table)):
                found.append(said(column, table, value, test))
            continue
        if test.are_all:
            relative = RELATIVE["errors" if of_errors else "reconstruction"]
            most = relative * abs(table) + ROUNDING.get(column, ROUNDED_NATS)
        elif of_errors:
            continue  # its size depends on the number of images
        else:
            most = SIGMAS * again[f"{column}_se"] + SLACK.get(column, NATS)
        if not of_errors:
            unseen[column] = most
        if not abs(table - value) <= most:
            found.append(said(column, table, value, test, most))
    return found, unseen


def generation_differences(
    model: HVAE, judge: Classifier, row: Mapping, samples: int, seed: int
) -> list[str]:
    """Return which scores of the samples differ."""
    again = columns_of(generation_scores(sample_probabilities(model, judge, n=samples, seed=seed)))
    found = []
    for column, value in again.items():
        table = row.get(column, math.nan)
        relative = RELATIVE["errors" if column.endswith("_se") else "generation"]
        if np.isfinite(table) and not abs(table - value) <= relative * abs(value) + 1e-4:
            found.append(f"{column} is {table:.6g} in the table and {value:.6g} of the same samples")
    return found


def judge_differences(atlas: Atlas, test: TestImages) -> list[str]:
    """Return sentences about wrong numbers in atlas.json: of the classifier and of the labels."""
    manifest, n = atlas.manifest, len(test.images)
    found = []
    if manifest.label_frequencies:
        shares = np.array(manifest.label_frequencies)
        counted = torch.bincount(test.images.labels, minlength=len(shares)).numpy() / n
        most = (
            np.full(len(shares), 1e-6)
            if test.are_all
            else SIGMAS * np.sqrt(shares * (1 - shares) / n) + 2 / n
        )
        for label in np.flatnonzero(~(np.abs(shares - counted) <= most))[:1]:
            found.append(
                f"label_frequencies[{label}] is {shares[label]:.6g}, of the test images {counted[label]:.6g}"
            )
    if manifest.ceiling and CLASSIFIER in manifest.files:
        judge = atlas.load_judge()
        with one_thread():
            again = {"classifier_accuracy": accuracy(judge, test.images)}
            if test.are_all:
                again |= generation_scores(image_probabilities(judge, test.images))
        for name, value in columns_of(again).items():
            known = manifest.ceiling.get(name)
            if known is None or (name.endswith("_se") and not test.are_all):
                continue
            if known == 0 and name == "classifier_accuracy_se" and manifest.ceiling[name[:-3]] in (0, 1):
                continue  # older releases gave a share of 0 or 1 no error
            most = RELATIVE["generation"] * abs(value) + 1e-4
            if not test.are_all:
                most = SIGMAS * math.sqrt(known * (1 - known) / n) + 2 / n
            if not abs(known - value) <= most:
                found.append(f"ceiling: {name} is {known:.6g}, of the test images {value:.6g}")
    return [f"{MANIFEST} in {atlas.path}: {text}." for text in found]


def samples_that_were_scored(atlas: Atlas) -> int:
    """Return the number of scored samples.

    It is 0 unless the atlas's own judge scored them, by today's definition.
    """
    digest = atlas.manifest.files.get(CLASSIFIER)
    try:
        definition = json.loads(atlas.manifest.evaluation[GENERATION.name])
        samples = definition["samples"]
        is_known = definition["version"] == GENERATION.version and definition["classifier"] == digest
    except (KeyError, TypeError, ValueError):
        return 0
    return samples if is_known and type(samples) is int and 1 <= samples <= SAMPLES else 0


def said(column: str, table: float, value: float, test: TestImages, most: float | None = None) -> str:
    """Return a clause about a number that differs."""
    where = "the same images" if test.are_all else f"{len(test.images)} test images"
    within = f", more than {most:.3g} away" if most is not None else ""
    return f"{column} is {table:.6g} in the table and {value:.6g} on {where}{within}"
