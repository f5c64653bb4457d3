"""The source's claims about SVHN, and whether an atlas confirms them.

A verdict, and the numbers behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import NamedTuple

import pandas as pd
from findings_numbers import LINEAR, PROBES, along, as_good, best, gains, rank_correlation
from findings_words import GOALS, listed, number, probe_name, sign, signed, span

YES, OPEN, NO = "yes", "open", "**no**"


class Answer(NamedTuple):
    """The verdict of an atlas on a claim, and the reason."""

    verdict: str
    why: str


def apart(table: pd.DataFrame) -> Answer:
    """Return whether the three optima are different models, and none is among the best for two goals."""
    tops = {metric: best(table, metric) for metric in GOALS}
    places = listed(
        [f"{sign(metric)} {top['rate_z2']:.1f} + {top['rate_z1']:.1f}" for metric, top in tops.items()]
    )
    where = f"R(z₂) + R(z₁|z₂) is {places}"
    if len({top.name for top in tops.values()}) < len(GOALS):
        return Answer(NO, where)
    good = {metric: set(as_good(table, metric).index) for metric in GOALS}
    shared = [f"{sign(a)}{sign(b)}" for a, b in combinations(GOALS, 2) if good[a] & good[b]]
    if shared:
        return Answer(OPEN, f"{where}, but one model is among the best for {listed(shared)}")
    return Answer(YES, where)


def off_the_line(metric: str, table: pd.DataFrame) -> Answer:
    """Return whether some model is better than β-VAEs of its total rate."""
    found = gains(table, metric)
    top, clear = found[0], sum(gain.is_clear for gain in found)
    largest = number(metric, top.gain, top.error)
    if not clear:
        return Answer(NO, f"none of {len(found)} models clearly; the largest gain is {largest}")
    many = f"{clear} of {len(found)} models clearly, by up to {largest}"
    if any(gain.is_sure(len(found)) for gain in found):
        return Answer(YES, many)
    return Answer(OPEN, f"{many}, which among so many may be chance")


def linear_lower(table: pd.DataFrame) -> Answer:
    """Return whether both linear classifiers do best at a lower rate of z₂ than the two others."""
    metrics = {f"acc_{probe}_z2": probe in LINEAR for probe in PROBES}
    rates = {metric: best(table, metric)["rate_z2"] for metric in metrics}
    highest = max(rates[metric] for metric, is_linear in metrics.items() if is_linear)
    others = [metric for metric, is_linear in metrics.items() if not is_linear]
    where = "R(z₂) is " + listed([f"{rate:.2f} ({probe_name(metric)})" for metric, rate in rates.items()])
    if highest >= min(rates[metric] for metric in others):
        return Answer(NO, where)
    good = pd.concat([as_good(table, metric)["rate_z2"] for metric in others])
    if highest < good.min():
        return Answer(YES, where)
    return Answer(OPEN, f"{where}, but models as good for the last two lie at {span(good)}")


def rises(rate: str, score: str, fixed: str, table: pd.DataFrame) -> Answer:
    """Return whether a score rises with a rate, over all models and along most lines of the grid."""
    over_all = rank_correlation(table[rate], table[score])
    on_lines = along(table, fixed, rate, score).median()
    why = signed(f"ρ = {over_all:.2f} over all models, {on_lines:.2f} along lines of the grid")
    if over_all > 0 and on_lines > 0:
        return Answer(YES, why)
    return Answer(NO, f"it falls, {why}" if over_all < 0 and on_lines < 0 else why)


CLAIMS: dict[str, Callable[[pd.DataFrame], Answer]] = {
    "the three optima are different models": apart,
    "off the line β₂ = β₁ models reconstruct better than β-VAEs of their total rate (PSNR)": partial(
        off_the_line, "psnr"
    ),
    "… represent better (RBF SVM on z₂)": partial(off_the_line, "acc_rbf_svm_z2"),
    "… generate better (inception score)": partial(off_the_line, "inception_score"),
    "linear classifiers do best at lower R(z₂) than RBF SVM and kNN": linear_lower,
    "sharpness rises with R(z₁|z₂)": partial(rises, "rate_z1", "sharpness", "beta_2"),
    "diversity rises with R(z₂)": partial(rises, "rate_z2", "diversity", "beta_1"),
}
"""Each claim, and what finds out whether it holds in an atlas's table."""
