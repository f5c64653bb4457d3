"""What docs/findings.md says in numbers: pure functions of an atlas's table."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from hvae.metrics.measurements import accuracy

PROBES = tuple(accuracy.PROBES)
LINEAR = PROBES[:2]
CLEAR = 3.0
"""Standard errors from which a gain counts as more than noise."""
SURE = 0.01
"""A gain is sure where noise would show its like among as many models with at most this probability."""


class Gain(NamedTuple):
    """How much better a point is than β-VAEs of its total rate."""

    row: pd.Series
    equal: float
    gain: float
    error: float
    against_better_neighbour: float

    @property
    def is_clear(self) -> bool:
        """Whether the gain is more than noise would show at one model."""
        return self.gain > CLEAR * self.error

    def is_sure(self, count: int) -> bool:
        """Return whether noise alone would not give it among so many models (Bonferroni's bound)."""
        return self.gain > norm.isf(SURE / count) * self.error


def best(table: pd.DataFrame, metric: str) -> pd.Series:
    """Return the row where the metric is highest."""
    return table.loc[table[metric].idxmax()]


def as_good(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the rows whose metric is within two standard errors of the difference from the best."""
    top = best(table, metric)
    error = np.hypot(table[f"{metric}_se"], top[f"{metric}_se"])
    return table[(top[metric] - table[metric] <= 2 * error) | (table.index == top.name)]


def beta_vaes(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows on the line β₂ = β₁, lowest total rate first."""
    return table[np.isclose(table["beta_2"], table["beta_1"])].sort_values("rate_total")


def gains(table: pd.DataFrame, metric: str) -> list[Gain]:
    """Return gains of points off the line β₂ = β₁ over β-VAEs of equal total rate.

    Clear first, largest first.
    The β-VAE of a total rate is interpolated linearly between the two on the grid around it; its standard
    error is that of the interpolation. Points outside the range of β-VAEs are left out.
    """
    line = beta_vaes(table)
    totals, values = line["rate_total"].to_numpy(), line[metric].to_numpy()
    errors = line[f"{metric}_se"].to_numpy()
    found = []
    for _, row in table.drop(line.index).iterrows():
        above = int(np.searchsorted(totals, row["rate_total"]))
        if not 0 < above < len(totals):
            continue
        below = above - 1
        share = (row["rate_total"] - totals[below]) / (totals[above] - totals[below])
        equal = (1 - share) * values[below] + share * values[above]
        error = math.hypot(row[f"{metric}_se"], (1 - share) * errors[below], share * errors[above])
        neighbour = max(values[below], values[above])
        found.append(Gain(row, equal, row[metric] - equal, error, row[metric] - neighbour))
    return sorted(found, key=lambda gain: (not gain.is_clear, -gain.gain))


def largest_noise(count: int) -> float:
    """Return the median of the largest of so many independent gains from noise alone, in standard errors."""
    return float(norm.ppf(0.5 ** (1 / count)))


def rank_correlation(first: pd.Series, second: pd.Series) -> float:
    """Return Spearman's ρ of two columns."""
    return float(np.corrcoef(first.rank(), second.rank())[0, 1])


def along(table: pd.DataFrame, fixed: str, first: str, second: str) -> pd.Series:
    """Return Spearman's ρ of two columns within each line of the grid with one `fixed` β."""
    return table.groupby(fixed)[[first, second]].apply(
        lambda line: rank_correlation(line[first], line[second])
    )
