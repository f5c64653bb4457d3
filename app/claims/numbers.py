"""The numbers behind claims: pure functions of an atlas's table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd

from app.claims.differences import UNPAIRED, Paired, error_of_sum, errors_of_differences
from app.page.points import beta_vaes
from hvae.metrics.measurements import accuracy
from hvae.metrics.registry import metric_of

PROBES = tuple(accuracy.PROBES)
LINEAR = PROBES[:2]
CLEAR = 3.0
"""Standard errors from which a gain counts as more than noise."""
SURE = 0.01
"""A gain is sure where noise would show its like among as many models with at most this probability."""
INTERVAL = 0.99
"""What intervals of rank correlations cover. Grids have few lines, of which a bootstrap promises too much: by
chance alone, a 95 % interval of nine lies above 0 in 5 to 6 % of cases instead of 2.5 %."""


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
        return self.gain > -NormalDist().inv_cdf(SURE / count) * self.error


def measured(table: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return the rows that have a finite number in each of the columns."""
    columns = list(columns)
    if not set(columns) <= set(table.columns):
        return table.head(0)
    return table[np.isfinite(table[columns].to_numpy(float)).all(axis=1)]


def best(table: pd.DataFrame, metric: str) -> pd.Series:
    """Return the row where the metric is best."""
    values = table[metric]
    return table.loc[values.idxmax() if metric_of(metric).higher_is_better else values.idxmin()]


def as_good(table: pd.DataFrame, metric: str, errors: Paired = UNPAIRED) -> pd.DataFrame:
    """Return the rows that are as good as the best by a metric.

    As good is who is worse by less than the smallest effect that matters, or by no more than two standard
    errors of the difference.
    """
    top, values = best(table, metric), table[metric].astype(float)
    worse = (values - values[top.name]).abs()
    within = 2 * errors_of_differences(table, metric, top.name, errors)
    matters = metric_of(metric).smallest_effect
    return table[(worse <= within) | (worse < matters) | (table.index == top.name)]


def gains(table: pd.DataFrame, metric: str, errors: Paired = UNPAIRED) -> list[Gain]:
    """Return gains of points off the line β₂ = β₁ over β-VAEs of equal total rate.

    Clear first, largest first.
    The β-VAE of a total rate is interpolated linearly between the two on the grid around it; its standard
    error is that of the gain over the interpolation, paired where `errors` knows how. Points outside the
    range of β-VAEs are left out.
    """
    kept = ("beta_2", "beta_1", "rate_z2", "rate_z1", "rate_total", metric, f"{metric}_se")
    table = table[[column for column in table if column in kept]]  # rows of numbers alone are quick
    line = beta_vaes(table).sort_values("rate_total")
    totals, values = line["rate_total"].to_numpy(), line[metric].to_numpy()
    found = []
    for _, row in table.drop(line.index).iterrows():
        above = int(np.searchsorted(totals, row["rate_total"]))
        if not 0 < above < len(totals):
            continue
        below = above - 1
        share = (row["rate_total"] - totals[below]) / (totals[above] - totals[below])
        equal = (1 - share) * values[below] + share * values[above]
        weights = {row.name: 1.0, line.index[below]: share - 1, line.index[above]: -share}
        error = error_of_sum(table, metric, weights, errors)
        neighbour = max(values[below], values[above])
        found.append(Gain(row, equal, row[metric] - equal, error, row[metric] - neighbour))
    return sorted(found, key=lambda gain: (not gain.is_clear, -gain.gain))


def largest_noise(count: int) -> float:
    """Return the median of the largest of so many independent gains from noise alone, in standard errors."""
    return NormalDist().inv_cdf(0.5 ** (1 / count))


def rank_correlation(first: pd.Series, second: pd.Series) -> float:
    """Return Spearman's ρ of two columns; NaN where one of them has fewer than two values."""
    if min(first.nunique(), second.nunique()) < 2:
        return math.nan
    return float(np.corrcoef(first.rank(), second.rank())[0, 1])


def along(table: pd.DataFrame, fixed: str, first: str, second: str) -> pd.Series:
    """Return Spearman's ρ of two columns within each line of the grid with one `fixed` β."""
    return table.groupby(fixed)[[first, second]].apply(
        lambda line: rank_correlation(line[first], line[second])
    )


def interval(of_lines: pd.Series, draws: int = 2000) -> tuple[float, float]:
    """Return the bootstrap interval of the mean of a number that each line of the grid has.

    It covers INTERVAL. Lines are drawn again with replacement, always the same draws. NaN where no line has a
    number.
    """
    known = of_lines.dropna().to_numpy(float)
    if not len(known):
        return math.nan, math.nan
    again = np.random.default_rng(0).integers(0, len(known), (draws, len(known)))
    low, high = np.quantile(known[again].mean(axis=1), [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
    return float(low), float(high)
