"""Names and numbers as the page shows them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import PurePath

from hvae.datasets.registry import find
from hvae.metrics.registry import metric_of


def dataset_title(dataset: str) -> str:
    """Return a data set's name for people; for a user's own folder, the last part of its path."""
    known, argument = find(dataset)
    if known is None:
        return dataset
    return (PurePath(argument).name or known.title) if known.argument else known.title


def without_labels(classes: Sequence[str]) -> str:
    """Return what the page says if pictures have no labels, or one label only; otherwise an empty text."""
    if len(classes) > 1:
        return ""
    have = "are all of one class" if classes else "have no classes"
    return f"These pictures {have}: what needs labels is not shown."


def models_text(count: int) -> str:
    """Return how many models an atlas has, in words."""
    return f"{count} two-layer model{'s' * (count != 1)}"


BETA_DIGITS = 3
DECIMALS = ((999.95, 0), (9.995, 1), (0, 2))
"""(size, decimals): a number of at least that size has so many decimals. So it has at most four digits, or no
decimals. The browser follows the same rule."""


def beta_text(beta: float) -> str:
    """Return β in at most `BETA_DIGITS` digits: 0.1, 0.316, 1, 10."""
    return f"{beta:.{BETA_DIGITS}g}"


def decimals(value: float) -> int:
    """Return how many decimals a number is written with."""
    return next(count for size, count in DECIMALS if abs(value) >= size)


def metric_title(column: str) -> str:
    """Return a metric's title. Raises KeyError if there is no such metric."""
    return metric_of(column).title


def value_text(column: str, value: float) -> str:
    """Return a value with its metric's unit: `24.1 dB`, `0.953`, `12.3 nats`; a dash if it is not finite."""
    if not math.isfinite(value):
        return "–"
    about = metric_of(column)
    if about.unit == "share":
        return f"{100 * value:.1f} %"
    number = f"{value:.{decimals(value)}f}".replace("-", "−")
    return f"{number} {'nats' if about.in_nats else about.unit}".rstrip()
