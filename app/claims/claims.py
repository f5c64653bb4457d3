"""The source's claims about SVHN, and what this project adds: each with the rule of its verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import pandas as pd

from app.claims.differences import ALIKE, Paired, paired
from app.claims.numbers import CLEAR, INTERVAL, SURE
from app.claims.verdicts import (
    LEGIBLE,
    NEAR,
    NEAR_NATS,
    NO,
    OPEN,
    SMALLEST_PSNR,
    STRONG,
    YES,
    Answer,
    apart,
    depends_on_the_judge,
    follows_the_spectrum,
    linear_lower,
    no_gain_in_psnr,
    off_the_line,
    represents_better,
    rises,
)
from app.claims.words import GOALS, effect, listed
from app.page.points import points_table
from app.page.predictions import predictions
from hvae.atlas.atlas import Atlas
from hvae.metrics.registry import metrics

MATTERS = listed([effect(metric) for metric in GOALS])
AS_GOOD = (
    f"A model is as good as the best if it is worse by less than what matters ({MATTERS}), or by no more "
    "than two standard errors of the difference, paired where both models saw the same test images."
)
ALSO = (
    " Yes needs, too, that the metric follows (β₂, β₁): neighbouring models must be more alike than in "
    f"{100 * (1 - ALIKE):.0f} % of tables in which it is shuffled among the models."
)
OF_GAINS = (
    "Each model off the line is compared with the β-VAE of its total rate, interpolated between its two "
    f"neighbours on the line. A gain is clear from {CLEAR:g} standard errors on, paired where test images "
    f"are shared. No: no gain is clear. Yes: a gain is at least what matters ({MATTERS}), and noise alone, "
    f"among as many models, would show it with a probability below {100 * SURE:.0f} %. Else open." + ALSO
)
OF_TENDENCIES = (
    f"Spearman's ρ over all models, and its mean over lines of the grid with a {100 * INTERVAL:.0f} % "
    "bootstrap interval over lines. Yes: both are above 0, interval included. No: both are below. Else open."
    + ALSO
)
OF_PROBES = " Classifiers of draws decide where they were measured: means can tell more than the model sends."


class Claim(NamedTuple):
    """sentence: what is claimed. rule: of the verdict.

    ask: what finds out whether it holds in a table, with the models' covariances.
    """

    sentence: str
    ask: Callable[[pd.DataFrame, Paired], Answer]
    rule: str


def of_table(ask: Callable[[pd.DataFrame], Answer]) -> Callable[[pd.DataFrame, Paired], Answer]:
    """Return a question that compares no two models' numbers, and so needs no covariances."""
    return lambda table, _: ask(table)


OF_THE_SOURCE = (
    Claim(
        "the three optima are different models",
        apart,
        f"No: one model is best for two goals. Open: one is as good as the best for two. Else yes. {AS_GOOD}"
        + ALSO,
    ),
    Claim(
        "off the line β₂ = β₁ models reconstruct better than β-VAEs of their total rate (PSNR)",
        partial(off_the_line, "psnr"),
        OF_GAINS,
    ),
    Claim(
        "off the line models represent better than such β-VAEs (RBF SVM on z₂)",
        represents_better,
        OF_GAINS + OF_PROBES,
    ),
    Claim(
        "off the line models generate better than such β-VAEs (inception score)",
        partial(off_the_line, "inception_score"),
        OF_GAINS,
    ),
    Claim(
        "linear classifiers do best at lower R(z₂) than RBF SVM and kNN",
        linear_lower,
        "Yes: both linear classifiers are best below the rates of all models that are as good for the "
        "others. Open: below the best two of these only. Else no." + ALSO + OF_PROBES,
    ),
    Claim(
        "sharpness rises with R(z₁|z₂)",
        of_table(partial(rises, "rate_z1", "sharpness", "beta_2")),
        OF_TENDENCIES,
    ),
    Claim(
        "diversity rises with R(z₂)",
        of_table(partial(rises, "rate_z2", "diversity", "beta_1")),
        OF_TENDENCIES,
    ),
)
OURS = (
    Claim(
        "rates follow the spectrum of the training images",
        of_table(follows_the_spectrum),
        f"Wherever β₂ ≤ β₁, R(z₂) is compared with the optimum of a linear HVAE. Yes: all models are within "
        f"{100 * NEAR:.0f} % or {NEAR_NATS:g} nats of it. Open: at least 90 % are. Else no.",
    ),
    Claim(
        "gains in PSNR off the line β₂ = β₁ are excluded at the optimum",
        no_gain_in_psnr,
        f"Yes: no gain at equal total rate, two standard errors added, reaches {SMALLEST_PSNR:g} dB. No: one "
        "that is more than chance does. Else open: training may not have converged.",
    ),
    Claim(
        "what “sharp” means depends on the judge",
        of_table(depends_on_the_judge),
        f"Along lines of equal β₂ where z₂ alone is illegible (R(z₂) below {LEGIBLE:g} nats), Spearman's ρ "
        f"of sharpness and R(z₁|z₂). Yes: at most −{STRONG:g} by the source's judge, at least {STRONG:g} by "
        "the calibrated one. No: both have the same sign. Else open." + ALSO,
    ),
)


def answers(atlas: Atlas, claims: tuple[Claim, ...]) -> list[Answer]:
    """Return what an atlas says of each claim."""
    table, errors = claims_table(atlas), paired(atlas)
    return [claim.ask(table, errors) for claim in claims]


def claims_table(atlas: Atlas) -> pd.DataFrame:
    """Return the atlas's table with the points' names and, where theory says something, its predictions.

    Errors that were not measured are NaN.
    """
    table, predicted = points_table(atlas), predictions(atlas)
    errors = [metric.error_column for metric in metrics().values()]
    table = table.reindex(columns=[*table, *(column for column in errors if column not in table)])
    if predicted is None:
        return table
    return table.join(predicted.add_prefix("predicted_"))


def with_like_errors(atlases: Sequence[Atlas]) -> list[Atlas]:
    """Return atlases whose verdicts can be compared: all with the scatter between runs, or all without it.

    Where it was not measured, errors are smaller, and more claims hold.
    """
    if all(atlas.manifest.scatter for atlas in atlases):
        return list(atlases)
    return [
        Atlas(atlas.path, atlas.manifest.model_copy(update={"scatter": None}), atlas.metrics)
        for atlas in atlases
    ]


def tally(verdicts: list[Answer]) -> str:
    """Return how many of the claims hold: `1 confirmed, 2 open, 4 not confirmed`."""
    said = [answer.verdict for answer in verdicts]
    counts = {"confirmed": said.count(YES), "open": said.count(OPEN), "not confirmed": said.count(NO)}
    rest = len(said) - sum(counts.values())
    parts = [f"{count} {word}" for word, count in counts.items()]
    return ", ".join([*parts, f"{rest} without numbers"] if rest else parts)
