"""A number measured on a finite sample, with its standard error."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Estimate(NamedTuple):
    """A value and its standard error, in the value's own unit. Both are NaN if they are unknown."""

    value: float
    standard_error: float

    @classmethod
    def mean_of(cls, terms: ArrayLike) -> Estimate:
        """Return the mean of N terms and s/√N, s their sample standard deviation (NaN for N < 2)."""
        terms = np.asarray(terms, dtype=np.float64)
        value = float(terms.mean()) if len(terms) else math.nan
        error = float(terms.std(ddof=1) / math.sqrt(len(terms))) if len(terms) > 1 else math.nan
        return cls(value, error)

    @classmethod
    def share_of(cls, hits: ArrayLike) -> Estimate:
        """Return the share p of hits, N booleans, in [0, 1], with its standard error √(p (1 − p) / N)."""
        hits = np.asarray(hits, dtype=np.float64)
        if len(hits) == 0:
            return NOT_A_NUMBER
        share = float(hits.mean())
        return cls(share, math.sqrt(share * (1 - share) / len(hits)))


NOT_A_NUMBER = Estimate(math.nan, math.nan)


def columns_of(estimates: dict[str, Estimate]) -> dict[str, float]:
    """Return column → value, and column_se → standard error."""
    values = {}
    for column, estimate in estimates.items():
        values[column], values[f"{column}_se"] = estimate
    return values
