"""The field's words as they are shown on the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import PurePath

from hvae.datasets.registry import find
from hvae.metrics.registry import metric_of


def dataset_title(dataset: str) -> str:
    """A data set's name for people; of a user's own folder, its last part."""
    known, argument = find(dataset)
    if known is None:
        return dataset
    return (PurePath(argument).name or known.title) if known.argument else known.title


def without_labels(classes: Sequence[str]) -> str:
    """What the page says where pictures have no labels that could tell anything; empty where they have."""
    if len(classes) > 1:
        return ""
    have = "are all of one class" if classes else "have no classes"
    return f"These pictures {have}: what needs labels is not shown."


def models_text(count: int) -> str:
    """How many models there are."""
    return f"{count} two-layer model{'s' * (count != 1)}"


BETA_DIGITS = 3
DECIMALS = ((999.95, 0), (9.995, 1), (0, 2))
"""From which size on a number has how many decimals, so that it has four digits at most, or none after the
point. The browser writes numbers by the same rule."""


def beta_text(beta: float) -> str:
    """β in at most `BETA_DIGITS` digits: 0.1, 0.316, 1, 10."""
    return f"{beta:.{BETA_DIGITS}g}"


def decimals(value: float) -> int:
    """How many decimals a number is written with."""
    return next(count for size, count in DECIMALS if abs(value) >= size)


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
    number = f"{value:.{decimals(value)}f}".replace("-", "−")
    return f"{number} {'nats' if about.in_nats else about.unit}".rstrip()
