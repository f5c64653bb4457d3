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


def decimals(value: float, standard_error: float = math.nan) -> int:
    """Return how many decimals a number is written with: none beyond the one digit of its standard error.

    Below 0 for a number that is known to tens or hundreds only.
    """
    count = next(count for size, count in DECIMALS if abs(value) >= size)
    return min(count, last_decimal(standard_error))


def last_decimal(standard_error: float) -> int:
    """Return the decimal at which a standard error has its first digit, rounded: 2 for 0.04, 1 for 0.096.

    A large number where there is no error, or none above 0.
    """
    if not (math.isfinite(standard_error) and standard_error > 0):
        return 99
    return -int(f"{standard_error:.0e}".partition("e")[2])


def metric_title(column: str) -> str:
    """Return a metric's title. Raises KeyError if there is no such metric."""
    return metric_of(column).title


def value_text(column: str, value: float, standard_error: float = math.nan) -> str:
    """Return a value with its metric's unit: `24.1 dB`, `0.953`, `12.3 nats`; a dash if it is not finite.

    standard_error: in the value's unit; it is not shown, but no digit beyond it is.
    """
    if not math.isfinite(value):
        return "–"
    about = metric_of(column)
    if about.unit == "share":
        return f"{rounded(100 * value, min(1, last_decimal(100 * standard_error)))} %"
    number = rounded(value, decimals(value, standard_error))
    return f"{number} {'nats' if about.in_nats else about.unit}".rstrip()


def rounded(value: float, count: int) -> str:
    """Return a number with so many decimals; tens or hundreds where there are fewer than none."""
    shown = round(value, count) + 0.0 if count < 0 else value  # no −0 where tens round to none
    return f"{shown:.{max(0, count)}f}".replace("-", "−")
