"""Errors of differences between models of one atlas, and whether a metric varies with (β₂, β₁) at all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from hvae.atlas.atlas import Atlas
from hvae.atlas.per_image import paired_errors
from hvae.metrics.estimate import error_of

Paired = Mapping[str, pd.DataFrame]
"""Column → covariance of the models' numbers, over the index of the table: see `paired`."""
UNPAIRED: Paired = MappingProxyType({})
"""Of a table whose models were not measured on the same images, or nobody knows."""

NEIGHBOURS = 4
"""Models around a model that count as its neighbours: as many as a point of a grid has."""
SHUFFLES = 999
ALIKE = 0.01
"""Share of shufflings that may be as smooth as a metric that varies with (β₂, β₁)."""


@lru_cache(maxsize=4)
def paired(atlas: Atlas) -> Paired:
    """Return, for each metric that single test images contribute to, the covariance of the models' numbers.

    Rows and columns are those of the atlas's table, in the metric's unit squared. NaN where a model lacks
    them. Empty for an older atlas: errors are then those of models measured apart.
    """
    index = atlas.metrics.index
    return {
        column: matrix.set_axis(index, axis=0).set_axis(index, axis=1)
        for column, matrix in paired_errors(atlas).items()
    }


def error_of_sum(
    table: pd.DataFrame, metric: str, weights: Mapping[object, float], errors: Paired = UNPAIRED
) -> float:
    """Return the standard error of Σ w_p m_p over models p of the table, m_p their metric; NaN if unknown.

    weights: row of the table → w_p. Paired where the models' covariance is known. Otherwise the errors of the
    models add in squares.
    """
    rows, factors = list(weights), np.array(list(weights.values()), dtype=float)
    if metric in errors:
        together = errors[metric].reindex(index=rows, columns=rows).to_numpy(float)
        if np.isfinite(together).all():
            return error_of(factors, together)
    separate = table.loc[rows, f"{metric}_se"].to_numpy(float) if f"{metric}_se" in table else math.nan
    return float(np.sqrt(np.square(factors * separate).sum()))


def errors_of_differences(
    table: pd.DataFrame, metric: str, reference: object, errors: Paired = UNPAIRED
) -> pd.Series:
    """Return the standard error of each model's metric minus that of one row, `reference`."""
    of_table = table.get(f"{metric}_se", pd.Series(np.nan, table.index)).astype(float)
    separate = np.hypot(of_table, of_table[reference])
    if metric not in errors:
        return separate
    known = errors[metric].reindex(index=table.index, columns=table.index)
    variances = pd.Series(np.diag(known), table.index)
    together = np.sqrt((variances + variances[reference] - 2 * known[reference]).clip(lower=0))
    return together.where(together.notna(), separate)


def varies_with_beta(table: pd.DataFrame, metric: str) -> bool:
    """Return whether models with similar (β₂, β₁) are more alike in a metric than chance would make them.

    The mean squared difference of ranks between neighbours in (log β₂, log β₁) is compared with that after
    the metric is shuffled among the models (von Neumann's ratio as a permutation test): fewer than ALIKE of
    SHUFFLES shufflings, always the same ones, may be as smooth. Without it, nothing that is said about where
    a metric is best is about (β₂, β₁).
    """
    values = table[metric].rank().to_numpy(float)
    if len(values) < NEIGHBOURS + 1 or np.ptp(values) == 0:
        return False
    at = np.log(table[["beta_2", "beta_1"]].to_numpy(float))
    _, near = cKDTree(at).query(at, NEIGHBOURS + 1)
    one, other = np.repeat(np.arange(len(at)), NEIGHBOURS), near[:, 1:].ravel()
    random = np.random.default_rng(0)
    shuffled = random.permuted(np.broadcast_to(values, (SHUFFLES, len(values))), axis=1)
    measured = np.square(values[one] - values[other]).sum()
    by_chance = np.square(shuffled[:, one] - shuffled[:, other]).sum(axis=1)
    return bool((1 + (by_chance <= measured).sum()) / (1 + SHUFFLES) <= ALIKE)
