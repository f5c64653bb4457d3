"""The source's claims about SVHN, and what this project adds: each with the rule of its verdict."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pandas as pd

from app.claims.numbers import CLEAR, SURE
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
from app.page.points import points_table
from app.page.predictions import predictions
from hvae.atlas.atlas import Atlas
from hvae.metrics.registry import metrics

OF_GAINS = (
    "Each model off the line is compared with the β-VAE of its total rate, interpolated between its two "
    f"neighbours on the line. A gain is clear from {CLEAR:g} standard errors on. No: no gain is clear. Yes: "
    f"noise alone, among as many models, would show the largest with a probability below {100 * SURE:.0f} %. "
    "Else open."
)
OF_TENDENCIES = (
    "Spearman's ρ over all models, and its mean over lines of the grid with a 95 % bootstrap interval over "
    "lines. Yes: both are above 0, interval included. No: both are below. Else open."
)
OF_PROBES = " Classifiers of draws decide where they were measured: means can tell more than the model sends."


class Claim(NamedTuple):
    """sentence: what is claimed. ask: what finds out whether it holds in a table. rule: of the verdict."""

    sentence: str
    ask: Callable[[pd.DataFrame], Answer]
    rule: str


OF_THE_SOURCE = (
    Claim(
        "the three optima are different models",
        apart,
        "A model is among the best for a goal if it is within two standard errors of the difference from the "
        "best. No: one model is best for two goals. Open: one is among the best for two. Else yes.",
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
        "others. Open: below the best two of these only. Else no." + OF_PROBES,
    ),
    Claim("sharpness rises with R(z₁|z₂)", partial(rises, "rate_z1", "sharpness", "beta_2"), OF_TENDENCIES),
    Claim("diversity rises with R(z₂)", partial(rises, "rate_z2", "diversity", "beta_1"), OF_TENDENCIES),
)
OURS = (
    Claim(
        "rates follow the spectrum of the training images",
        follows_the_spectrum,
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
        depends_on_the_judge,
        f"Along lines of equal β₂ where z₂ alone is illegible (R(z₂) below {LEGIBLE:g} nats), Spearman's ρ "
        f"of sharpness and R(z₁|z₂). Yes: at most −{STRONG:g} by the source's judge, at least {STRONG:g} by "
        "the calibrated one. No: both have the same sign. Else open.",
    ),
)


def answers(atlas: Atlas, claims: tuple[Claim, ...]) -> list[Answer]:
    """Return what an atlas says of each claim."""
    table = claims_table(atlas)
    return [claim.ask(table) for claim in claims]


def claims_table(atlas: Atlas) -> pd.DataFrame:
    """Return the atlas's table with the points' names and, where theory has something to say, its rates.

    Errors that were not measured are NaN.
    """
    table, predicted = points_table(atlas), predictions(atlas)
    errors = [metric.error_column for metric in metrics().values()]
    table = table.reindex(columns=[*table, *(column for column in errors if column not in table)])
    if predicted is None:
        return table
    rates = predicted[["rate_z2", "rate_z1"]].add_prefix("predicted_")
    return table.join(rates)


def tally(verdicts: list[Answer]) -> str:
    """Return how many of the claims hold: `1 confirmed, 2 open, 4 not confirmed`."""
    said = [answer.verdict for answer in verdicts]
    counts = {"confirmed": said.count(YES), "open": said.count(OPEN), "not confirmed": said.count(NO)}
    rest = len(said) - sum(counts.values())
    parts = [f"{count} {word}" for word, count in counts.items()]
    return ", ".join([*parts, f"{rest} without numbers"] if rest else parts)
