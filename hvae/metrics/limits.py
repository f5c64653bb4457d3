"""Metrics that cannot be measured on a data set, known before training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch

from hvae.datasets.contents import NAMED
from hvae.datasets.images import Images
from hvae.errors import printable
from hvae.metrics.measurements.accuracy import PROBES, accuracy_column
from hvae.metrics.measurements.information import INFORMATION, INFORMATION_BOUND
from hvae.metrics.measurements.realism import REALISM
from hvae.metrics.metric import LATENTS
from hvae.metrics.registry import measurements
from hvae.metrics.samples.precision_recall import NEAREST

FEW_TEST_IMAGES = 30
PROBE_FITS, MOST_PROBE_IMAGES = 3, 4_000
"""How many times a probe is fitted, each time on other training images, and on how many of them at most."""
MOST_CLASSES_TIMES_IMAGES = 1_200_000
"""Limit for probes that separate one class after another, whose time grows with classes × training images
(of all fits). At this limit, linear SVMs take some 20 s of a core for each layer of a point."""
COSTLY_PROBES = tuple(probe for probe in PROBES if probe != "knn")


class Limit(NamedTuple):
    """A sentence about an impossible measurement, and the columns that are NaN for this reason.

    The standard errors of these columns are NaN as well.
    """

    sentence: str
    columns: tuple[str, ...] = ()


def costly_probes(train: Images) -> tuple[str, ...]:
    """Return the probes that are not fitted on these images, because they would take too long."""
    classes = len(train.labels.unique())
    return COSTLY_PROBES if classes * _probe_images(train) > MOST_CLASSES_TIMES_IMAGES else ()


def _probe_images(train: Images) -> int:
    return min(len(train), PROBE_FITS * MOST_PROBE_IMAGES)


def limits(train: Images, test: Images) -> list[Limit]:
    """Return warnings about measurements on these images; none in the usual case."""
    found: list[Limit] = []
    in_train, in_test = (images.labels.cpu().unique().tolist() for images in (train, test))
    without_labels = _without_labels(train, in_train)
    if without_labels:
        what = "what needs labels (mutual information, accuracies, scores of samples) is not measured"
        found.append(Limit(f"{without_labels}: {what}.", _of_labels()))
    elif len(in_test) == 1:
        name = printable(test.classes[in_test[0]])
        of_information = (*INFORMATION.names, *INFORMATION_BOUND.names)
        what = "mutual information is not measured, and accuracies say nothing of other classes"
        found.append(Limit(f"All test images are of one class, {name}: {what}.", of_information))
    if len(test) == 1:
        trained = [name for one in measurements() if one.when_trained for name in one.names]
        columns = tuple(f"{column}_se" for column in trained)
        found.append(Limit("There is one test image only: no standard error can be given.", columns))
    elif len(test) < FEW_TEST_IMAGES:
        found.append(Limit(f"There are only {len(test)} test images: standard errors will be large."))
    # One more than neighbours need: the standard error leaves one out.
    if not without_labels and len(test) < NEAREST + 2:
        what = f"the Fréchet distance, precision and recall need at least {NEAREST + 2}"
        found.append(Limit(f"There are too few test images, {len(test)}: {what}.", REALISM.names))
    if not without_labels:
        found += _classes_that_lack_images(train, in_train, in_test)
        found += _of_costly_probes(train)
    return found


def undefined(found: Iterable[Limit]) -> dict[str, str]:
    """Return column → why it is NaN for every point."""
    return {column: limit.sentence for limit in reversed(list(found)) for column in limit.columns}


def _of_labels() -> tuple[str, ...]:
    return tuple(name for one in measurements() if one.needs_labels for name in one.names)


def _without_labels(train: Images, in_train: Sequence[int]) -> str:
    """Return why labels carry no information, as the beginning of a sentence; empty if they carry some."""
    if not train.classes:
        return "These pictures have no classes"
    if len(train.classes) == 1:
        return f"These pictures are all of one class, {printable(train.classes[0])}"
    if len(in_train) == 1:
        return f"All training images are of one class, {printable(train.classes[in_train[0]])}"
    return ""


def _classes_that_lack_images(train: Images, in_train: Sequence[int], in_test: Sequence[int]) -> list[Limit]:
    every, trained, tested = range(len(train.classes)), set(in_train), set(in_test)
    counts = torch.bincount(train.labels.cpu(), minlength=len(train.classes)).tolist()
    untested = [label for label in every if label not in tested]
    single = [label for label in untested if counts[label] == 1]
    untested = [label for label in untested if counts[label] != 1]
    untrained = [label for label in every if label not in trained]
    found = []
    for labels, has, means in (
        (single, "a single image", "it is for training, and nothing tests that class"),
        (untested, "no test image", "accuracies say nothing of that class"),
        (untrained, "no training image", "nothing can recognise that class"),
    ):
        if labels:
            names = ", ".join(printable(train.classes[label]) for label in labels[:NAMED])
            more = f" and {len(labels) - NAMED:,} more" if len(labels) > NAMED else ""
            verb = "has" if len(labels) == 1 else "each have"
            found.append(Limit(f"{names}{more} {verb} {has}: {means}."))
    return found


def _of_costly_probes(train: Images) -> list[Limit]:
    skipped = costly_probes(train)
    if not skipped:
        return []
    classes, images = len(train.labels.unique()), _probe_images(train)
    columns = tuple(
        accuracy_column(probe, latent, from_draws=from_draws)
        for from_draws in (False, True)
        for probe in skipped
        for latent in LATENTS
    )
    sentence = (
        f"{classes:,} classes × {images:,} training images are too many for the probes {', '.join(skipped)} "
        f"(at most {MOST_CLASSES_TIMES_IMAGES:,}, for the time it takes): their accuracies are not measured."
    )
    return [Limit(sentence, columns)]
