"""Errors of differences between models of one atlas, and whether a metric varies with (β₂, β₁) at all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from hvae.atlas.atlas import Atlas
from hvae.atlas.per_image import paired_errors
from hvae.metrics.estimate import error_of


class Paired(NamedTuple):
    """What is known about the errors of an atlas's models beyond each one's own: see `paired`.

    covariances: column → covariance of the models' numbers, over the index of the table.
    scatter: column → standard deviation between runs of the same training, taken as independent for each
    model; columns where it was not measured are absent.
    """

    covariances: Mapping[str, pd.DataFrame]
    scatter: Mapping[str, float] = MappingProxyType({})


UNPAIRED = Paired({})
"""Of a table whose models were not measured on the same images, or nobody knows."""

NEIGHBOURS = 4
"""Models around a model that count as its neighbours: as many as a point of a grid has."""
SHUFFLES = 999
ALIKE = 0.01
"""Share of shufflings that may be as smooth as a metric that varies with (β₂, β₁)."""


@lru_cache(maxsize=4)
def paired(atlas: Atlas) -> Paired:
    """Return the covariance of the models' numbers in each metric that single test images contribute to.

    Rows and columns are those of the atlas's table, in the metric's unit squared. NaN where a model lacks
    them. None for an older atlas: errors are then those of models measured apart. With it, the scatter
    between runs, if the atlas has it.
    """
    index, scatter = atlas.metrics.index, atlas.manifest.scatter
    covariances = {
        column: matrix.set_axis(index, axis=0).set_axis(index, axis=1)
        for column, matrix in paired_errors(atlas).items()
    }
    return Paired(covariances, scatter.deviations if scatter else {})


def error_of_sum(
    table: pd.DataFrame, metric: str, weights: Mapping[object, float], errors: Paired = UNPAIRED
) -> float:
    """Return the standard error of Σ w_p m_p over models p of the table, m_p their metric; NaN if unknown.

    weights: row of the table → w_p. Paired where the models' covariance is known. Otherwise the errors of the
    models add in squares. The scatter between runs is added where it was measured.
    """
    rows, factors = list(weights), np.array(list(weights.values()), dtype=float)
    between_runs = errors.scatter.get(metric, 0.0) * float(np.sqrt(np.square(factors).sum()))
    return math.hypot(_error_of_one_run(table, metric, rows, factors, errors), between_runs)


def _error_of_one_run(
    table: pd.DataFrame, metric: str, rows: list[object], factors: np.ndarray, errors: Paired
) -> float:
    """`error_of_sum` without the scatter between runs."""
    if metric in errors.covariances:
        together = errors.covariances[metric].reindex(index=rows, columns=rows).to_numpy(float)
        if np.isfinite(together).all():
            return error_of(factors, together)
    separate = table.loc[rows, f"{metric}_se"].to_numpy(float) if f"{metric}_se" in table else math.nan
    return float(np.sqrt(np.square(factors * separate).sum()))


def errors_of_differences(
    table: pd.DataFrame, metric: str, reference: object, errors: Paired = UNPAIRED
) -> pd.Series:
    """Return the standard error of each model's metric minus that of one row, `reference`.

    It contains the scatter between runs where it was measured, twice: both models have it.
    """
    between_runs = pd.Series(math.sqrt(2) * errors.scatter.get(metric, 0.0), table.index)
    between_runs[reference] = 0.0
    of_table = table.get(f"{metric}_se", pd.Series(np.nan, table.index)).astype(float)
    separate = np.hypot(of_table, of_table[reference])
    if metric not in errors.covariances:
        return np.hypot(separate, between_runs)
    known = errors.covariances[metric].reindex(index=table.index, columns=table.index)
    variances = pd.Series(np.diag(known), table.index)
    together = np.sqrt((variances + variances[reference] - 2 * known[reference]).clip(lower=0))
    return np.hypot(together.where(together.notna(), separate), between_runs)


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
