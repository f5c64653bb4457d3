"""The field's words as they are shown on the page."""

from __future__ import annotations

import math
from pathlib import PurePath

from hvae.metrics.registry import metric_of

DATASETS = {
    "mnist": "MNIST",
    "fashion-mnist": "Fashion-MNIST",
    "svhn": "SVHN",
    "cifar10": "CIFAR-10",
    "digits": "Digits",
    "street-digits": "Street digits",
}


def dataset_title(dataset: str) -> str:
    """A data set's name for people; of a user's own folder, its last part."""
    if dataset.startswith("folder:"):
        return PurePath(dataset.removeprefix("folder:")).name or "own pictures"
    return DATASETS.get(dataset, dataset)


def models_text(count: int) -> str:
    """How many models there are."""
    return f"{count} two-layer model{'s' * (count != 1)}"


def beta_text(beta: float) -> str:
    """β in at most three digits: 0.1, 0.316, 1, 10."""
    return f"{beta:.3g}"


def metric_title(column: str) -> str:
    """A metric's name. Raises KeyError where the column is no metric's."""
    return metric_of(column).title


def value_text(column: str, value: float) -> str:
    """A metric with its unit: `24.1 dB`, `0.953`, `12.3 nats`; a dash where it was not computed."""
    if not math.isfinite(value):
        return "–"
    about = metric_of(column)
    if about.unit == "share":
        return f"{100 * value:.1f} %"
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f} {'nats' if about.in_nats else about.unit}".rstrip()
