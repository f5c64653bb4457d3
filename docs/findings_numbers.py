"""What docs/findings.md says in numbers: pure functions of an atlas's table."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

GOALS = {"psnr": "Reconstruct", "acc_rbf_svm_z2": "Represent", "inception_score": "Generate"}
PROBES = ("logistic", "linear_svm", "rbf_svm", "knn")
LINEAR = PROBES[:2]
YES, NO = "yes", "**no**"
CLEAR = 3.0
"""Standard errors from which a gain counts: the largest of 156 gains of mere noise is about 2.7."""


class Gain(NamedTuple):
    """How much better a point is than β-VAEs of its total rate."""

    row: pd.Series
    equal: float
    gain: float
    error: float
    against_better_neighbour: float

    @property
    def is_clear(self) -> bool:
        """Whether the gain is more than noise."""
        return self.gain > CLEAR * self.error


def best(table: pd.DataFrame, metric: str) -> pd.Series:
    """The row where the metric is highest."""
    return table.loc[table[metric].idxmax()]


def as_good(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The rows whose metric cannot be told from the best: within two standard errors of the difference."""
    top = best(table, metric)
    error = np.hypot(table[f"{metric}_se"], top[f"{metric}_se"])
    return table[(top[metric] - table[metric] <= 2 * error) | (table.index == top.name)]


def beta_vaes(table: pd.DataFrame) -> pd.DataFrame:
    """The rows on the line β₂ = β₁, lowest total rate first."""
    return table[np.isclose(table["beta_2"], table["beta_1"])].sort_values("rate_total")


def gains(table: pd.DataFrame, metric: str) -> list[Gain]:
    """Each point off the line β₂ = β₁ against β-VAEs of equal total rate, largest gain first.

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
    return sorted(found, key=lambda gain: -gain.gain)


def rank_correlation(first: pd.Series, second: pd.Series) -> float:
    """Spearman's ρ of two columns."""
    return float(np.corrcoef(first.rank(), second.rank())[0, 1])


def along(table: pd.DataFrame, fixed: str, first: str, second: str) -> pd.Series:
    """Spearman's ρ of two columns within each line of the grid that has one `fixed` β."""
    return table.groupby(fixed)[[first, second]].apply(
        lambda line: rank_correlation(line[first], line[second])
    )


def verdicts(table: pd.DataFrame) -> dict[str, str]:
    """Whether each claim of the source holds in this atlas: yes, no, or open, with why."""
    good = {metric: as_good(table, metric) for metric in (*GOALS, *(f"acc_{probe}_z2" for probe in PROBES))}
    shared = [
        first
        for index, first in enumerate(GOALS)
        for second in list(GOALS)[index + 1 :]
        if set(good[first].index) & set(good[second].index)
    ]
    different = len({best(table, metric).name for metric in GOALS})
    linear, others = (
        [f"acc_{probe}_z2" for probe in PROBES if (probe in LINEAR) == is_linear]
        for is_linear in (True, False)
    )

    def rate(metric: str) -> float:
        return best(table, metric)["rate_z2"]

    if max(map(rate, linear)) >= min(map(rate, others)):
        linear_lower = NO
    elif max(map(rate, linear)) < min(good[metric]["rate_z2"].min() for metric in others):
        linear_lower = YES
    else:
        linear_lower = "open: so it is for the best models, but others are as good within two standard errors"
    if different < len(GOALS):
        apart = NO
    elif not shared:
        apart = YES
    else:
        apart = "open: so they are, but within two standard errors some model is among the best for two goals"
    return {
        "apart": apart,
        **{f"{metric} off the line": YES if gains(table, metric)[0].is_clear else NO for metric in GOALS},
        "linear lower": linear_lower,
        "sharpness": rises(table, "rate_z1", "sharpness", fixed="beta_2"),
        "diversity": rises(table, "rate_z2", "diversity", fixed="beta_1"),
    }


def rises(table: pd.DataFrame, rate: str, score: str, fixed: str) -> str:
    """Whether a score rises with a rate, over all models and along most lines of the grid."""
    over_all, along_lines = (
        rank_correlation(table[rate], table[score]),
        along(table, fixed, rate, score).median(),
    )
    if over_all > 0 and along_lines > 0:
        return YES
    return "**no**: it falls" if over_all < 0 and along_lines < 0 else NO
