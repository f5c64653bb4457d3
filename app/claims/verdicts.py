"""Verdicts on claims: each a pure function of an atlas's table, by a rule that stands beside it.

The rules are the same for every atlas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from app.claims.differences import UNPAIRED, Paired, varies_with_beta
from app.claims.numbers import (
    LINEAR,
    PROBES,
    Gain,
    along,
    as_good,
    best,
    gains,
    interval,
    measured,
    rank_correlation,
)
from app.claims.words import GOALS, effect, listed, number, probe_name, sign, signed, span
from app.page.points import beta_vaes
from app.page.words import beta_text, metric_title
from hvae.metrics.measurements.accuracy import accuracy_column
from hvae.metrics.registry import metric_of

YES, OPEN, NO, MISSING = "yes", "open", "no", "not measured"
SMALLEST_PSNR = metric_of("psnr").smallest_effect
"""The smallest gain in PSNR that matters, dB."""
CARRIES = 0.1
"""R(z₂) in nats from which a model counts among those whose z₂ carries something."""
LEGIBLE = 20.0
"""R(z₂) in nats from which z₂ alone draws legible pictures."""
NEAR, NEAR_NATS = 0.1, 1.5
"""How far a measured rate may lie from the predicted one: this share of it, or so many nats."""
STRONG = 0.3
"""Spearman's ρ from which a tendency along lines of the grid is called rising; below minus it, falling."""
FURTHEST = 3
"""Models that are named where they deviate most from theory."""
FEWEST = 3
"""Models that a rank correlation needs."""
READ = {"draw": "draws", "mean": "means"}


@dataclass(frozen=True)
class Answer:
    """What an atlas says of a claim.

    verdict: YES, OPEN, NO or MISSING. why: the numbers behind it. number: the one that decides, with its
    error. regime: where it holds. evidence: the fields of the screen that show it.
    """

    verdict: str
    why: str
    number: str = ""
    regime: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)


def apart(table: pd.DataFrame, errors: Paired = UNPAIRED) -> Answer:
    """Return whether the three optima are different models, and none is among the best for two goals."""
    accuracy = _read(table, "rbf_svm")[0][1] if _read(table, "rbf_svm") else "acc_rbf_svm_z2"
    goals = {accuracy if metric.startswith("acc") else metric: goal for metric, goal in GOALS.items()}
    rows = measured(table, [*goals, "rate_z2", "rate_z1"])
    if rows.empty:
        return missing(table, [*goals])
    tops = {metric: best(rows, metric) for metric in goals}
    signs = dict(zip(goals, map(sign, GOALS), strict=True))
    places = listed(
        [f"{signs[metric]} {top['rate_z2']:.1f} + {top['rate_z1']:.1f}" for metric, top in tops.items()]
    )
    where = f"R(z₂) + R(z₁|z₂) is {places}"
    different = len({top.name for top in tops.values()})
    about = {
        "number": f"{different} of {len(goals)} different",
        "regime": f"by {listed([metric_title(metric) for metric in goals])}",
        "evidence": _shown("landscapes", next(iter(tops.values())), sizes=[*goals]),
    }
    if different < len(goals):
        return Answer(NO, where, **about)
    good = {metric: set(as_good(rows, metric, errors).index) for metric in goals}
    shared = [f"{signs[a]}{signs[b]}" for a, b in combinations(goals, 2) if good[a] & good[b]]
    if shared:
        return Answer(OPEN, f"{where}, but one model is among the best for {listed(shared)}", **about)
    return _unless_by_chance(Answer(YES, where, **about), rows, goals)


def off_the_line(metric: str, table: pd.DataFrame, errors: Paired = UNPAIRED) -> Answer:
    """Return whether some model is better than β-VAEs of its total rate."""
    found = _gains(table, metric, errors)
    if not found:
        return missing(table, [metric, "rate_total"], "β-VAEs on both sides of a model's total rate")
    top, clear = found[0], sum(gain.is_clear for gain in found)
    largest = number(metric, top.gain, top.error)
    worse = sum(gain.gain < 0 for gain in found)
    row = table.loc[top.row.name]
    about = {
        "number": largest,
        "regime": f"{worse} of {len(found)} models off the line do worse",
        "evidence": _shown(*_view_of(metric), row) | _choices_of(metric),
    }
    if not clear:
        why = f"none of {len(found)} models clearly; the largest gain is {largest}"
        return Answer(NO, why, **about)
    many = f"{clear} of {len(found)} models clearly, by up to {largest}"
    sure = [gain.gain for gain in found if gain.is_sure(len(found))]
    if not sure:
        return Answer(OPEN, f"{many}, which among so many may be chance", **about)
    matters = metric_of(metric).smallest_effect
    if max(sure) < matters:
        return Answer(OPEN, f"{many}, less than what matters, {effect(metric)}", **about)
    return _unless_by_chance(Answer(YES, many, **about), measured(table, [metric]), [metric])


def represents_better(table: pd.DataFrame, errors: Paired = UNPAIRED) -> Answer:
    """Return whether some model is better read by an RBF SVM than β-VAEs of its total rate."""
    return _both(
        table, {read: lambda t, c=c: off_the_line(c, t, errors) for read, c in _read(table, "rbf_svm")}
    )


def linear_lower(table: pd.DataFrame, errors: Paired = UNPAIRED) -> Answer:
    """Return whether both linear classifiers do best at a lower rate of z₂ than the two others."""
    return _both(
        table,
        {
            READ[read]: lambda t, read=read: _linear_lower(t, errors, read == "draw")
            for read in READ
            if all(_has(table, accuracy_column(probe, "z2", from_draws=read == "draw")) for probe in PROBES)
        },
    )


def _linear_lower(table: pd.DataFrame, errors: Paired, from_draws: bool) -> Answer:
    metrics = {accuracy_column(probe, "z2", from_draws=from_draws): probe in LINEAR for probe in PROBES}
    rows = measured(table, [*metrics, "rate_z2"])
    if rows.empty:
        return missing(table, [*metrics, "rate_z2"])
    tops = {metric: best(rows, metric) for metric in metrics}
    rates = {metric: top["rate_z2"] for metric, top in tops.items()}
    highest = max(rates[metric] for metric, is_linear in metrics.items() if is_linear)
    others = [metric for metric, is_linear in metrics.items() if not is_linear]
    where = "R(z₂) is " + listed([f"{rate:.2f} ({probe_name(metric)})" for metric, rate in rates.items()])
    logistic = tops[next(iter(metrics))]
    read = "draw" if from_draws else "mean"
    about = {
        "number": f"{highest:.1f} and {min(rates[metric] for metric in others):.1f} nats",
        "evidence": _shown("representation", logistic, layer="z2", probe="logistic", posterior=read),
    }
    if highest >= min(rates[metric] for metric in others):
        return Answer(NO, where, **about)
    good = pd.concat([as_good(rows, metric, errors)["rate_z2"] for metric in others])
    if highest < good.min():
        return _unless_by_chance(Answer(YES, where, **about), rows, metrics)
    return Answer(OPEN, f"{where}, but models as good for the last two lie at {span(good)}", **about)


def rises(rate: str, score: str, fixed: str, table: pd.DataFrame) -> Answer:
    """Return whether a score rises with a rate, over all models and along the lines of the grid."""
    rows = measured(table, [rate, score])
    if len(rows) < FEWEST or rows[rate].nunique() < FEWEST:
        return missing(table, [score, rate], f"at least {FEWEST} models")
    over_all, lines = rank_correlation(rows[rate], rows[score]), along(rows, fixed, rate, score)
    low, high = interval(lines)
    if not np.isfinite([over_all, low, high]).all():
        return Answer(MISSING, f"{metric_title(score)} or {metric_title(rate)} hardly differs between models")
    on_lines = f"{lines.mean():.2f} ({low:.2f} to {high:.2f})"
    why = signed(f"ρ = {over_all:.2f} over all models, {on_lines} along lines of the grid")
    about = {
        "number": signed(f"ρ = {on_lines}"),
        "regime": _within_regime(rows, rate, score),
        "evidence": _shown("generation", best(rows, score), score=score, rate=rate, judge="source"),
    }
    if over_all > 0 and low > 0:
        return _unless_by_chance(Answer(YES, why, **about), rows, [score])
    if over_all < 0 and high < 0:
        return Answer(NO, f"it falls, {why}", **about)
    return Answer(OPEN, why, **about)


def follows_the_spectrum(table: pd.DataFrame) -> Answer:
    """Return whether R(z₂) is what theory predicts wherever β₂ ≤ β₁.

    table: with `predicted_` and `rate_z2`, `rate_z1` and `distortion`, nats.
    """
    rows = measured(table, ["rate_z2", "predicted_rate_z2"])
    rows = rows[rows["beta_2"] <= rows["beta_1"] * (1 + 1e-6)]
    if rows.empty:
        return Answer(
            MISSING, "the atlas holds no spectrum of its training images, or theory is not of its models"
        )
    apart_by = (rows["rate_z2"] - rows["predicted_rate_z2"]).abs()
    allowed = np.maximum(NEAR * rows["predicted_rate_z2"], NEAR_NATS)
    near = int((apart_by <= allowed).sum())
    furthest = rows.loc[(apart_by / allowed).sort_values(ascending=False, kind="stable").index[:FURTHEST]]
    worst = furthest.iloc[0]
    places = [
        f"{row['rate_z2']:.1f} nats for {row['predicted_rate_z2']:.1f} at β₂ = {beta_text(row['beta_2'])}, "
        f"β₁ = {beta_text(row['beta_1'])}"
        for _, row in furthest.iterrows()
    ]
    why = (
        f"{near} of {len(rows)} models within {100 * NEAR:.0f} % or {NEAR_NATS:g} nats; furthest off: "
        f"{listed(places)}{_cheaper_than_linear(rows)}"
    )
    about = {
        "number": f"{near} of {len(rows)}",
        "regime": "where β₂ ≤ β₁",
        "evidence": _shown("landscapes", worst, theory="on"),
    }
    verdict = YES if near == len(rows) else OPEN if near >= 0.9 * len(rows) else NO
    return Answer(verdict, why, **about)


def _cheaper_than_linear(rows: pd.DataFrame) -> str:
    """How many models have a lower D + β₂ R(z₂) + β₁ R(z₁|z₂) than the best linear one; empty if unknown."""
    terms = {"distortion": 1.0, "rate_z2": rows["beta_2"], "rate_z1": rows["beta_1"]}
    columns = [*terms, *(f"predicted_{term}" for term in terms)]
    known = measured(rows, columns)
    if known.empty:
        return ""
    of_networks, of_linear = (
        sum(
            (known[f"{prefix}{term}"] * weight for term, weight in terms.items()),
            start=0 * known["distortion"],
        )
        for prefix in ("", "predicted_")
    )
    cheaper = int((of_networks < of_linear).sum())
    price = "D + β₂ R(z₂) + β₁ R(z₁|z₂)"
    because = ": networks describe pictures in fewer nats" if cheaper > len(known) / 2 else ""
    return f"; {cheaper} of {len(known)} have a lower {price} than the best linear HVAE{because}"


def no_gain_in_psnr(table: pd.DataFrame, errors: Paired = UNPAIRED) -> Answer:
    """Return whether no model off the line β₂ = β₁ has a PSNR that is higher by SMALLEST_PSNR."""
    found = _gains(table, "psnr", errors)
    if not found:
        return missing(table, ["psnr", "rate_total"], "β-VAEs on both sides of a model's total rate")
    top = max(found, key=lambda gain: gain.gain)
    worse = sum(gain.gain < 0 for gain in found)
    largest = number("psnr", top.gain, top.error)
    about = {
        "number": largest,
        "regime": f"{worse} of {len(found)} models off the line do worse",
        "evidence": _shown("reconstruction", table.loc[top.row.name]),
    }
    why = f"the largest of {len(found)} gains is {largest}; {worse} are negative"
    if all(gain.gain + 2 * gain.error < SMALLEST_PSNR for gain in found):
        return Answer(YES, why, **about)
    if any(gain.is_sure(len(found)) and gain.gain >= SMALLEST_PSNR for gain in found):
        return Answer(NO, why, **about)
    return Answer(OPEN, why, **about)


def depends_on_the_judge(table: pd.DataFrame) -> Answer:
    """Return whether sharpness falls with R(z₁|z₂) for one judge and rises for the calibrated one."""
    columns = ["sharpness", "sharpness_calibrated"]
    rows = measured(table, [*columns, "rate_z1", "rate_z2"])
    rows = rows[rows["rate_z2"] < LEGIBLE]
    if len(rows) < FEWEST or rows["rate_z1"].nunique() < FEWEST:
        return missing(table, columns, f"at least {FEWEST} models with R(z₂) below {LEGIBLE:g} nats")
    source, calibrated = (along(rows, "beta_2", "rate_z1", column).mean() for column in columns)
    if not np.isfinite([source, calibrated]).all():
        return Answer(MISSING, "sharpness or R(z₁|z₂) hardly differs between models")
    text = signed(f"ρ = {source:.2f} by the source's judge, {calibrated:.2f} by the calibrated one")
    about = {
        "number": signed(f"ρ = {source:.2f} and {calibrated:.2f}"),
        "regime": f"along lines of equal β₂, where R(z₂) < {LEGIBLE:g} nats",
        "evidence": _shown(
            *("generation", best(rows, "sharpness_calibrated")),
            **{"score": "sharpness", "rate": "rate_z1", "judge": "calibrated"},
        ),
    }
    if source <= -STRONG and calibrated >= STRONG:
        return _unless_by_chance(Answer(YES, text, **about), rows, columns)
    return Answer(NO if source * calibrated > 0 else OPEN, text, **about)


def missing(table: pd.DataFrame, columns: Iterable[str], else_needs: str = "") -> Answer:
    """Return that a claim cannot be judged: by the columns without a number or, if none, by what it needs."""
    lacking = [column for column in columns if not _has(table, column)]
    if lacking:
        return Answer(MISSING, f"this atlas has no numbers for {listed([*map(metric_title, lacking)])}")
    return Answer(MISSING, f"too few models: it needs {else_needs or 'models that have all these numbers'}")


def _both(table: pd.DataFrame, asked: dict[str, Callable[[pd.DataFrame], Answer]]) -> Answer:
    """Return the answer on draws, and that on means beside it; of only one of them where that is all."""
    answers = {read: ask(table) for read, ask in asked.items()}
    known = {read: answer for read, answer in answers.items() if answer.verdict != MISSING}
    if not known:
        return next(
            iter(answers.values()), missing(table, [accuracy_column(probe, "z2") for probe in PROBES])
        )
    read, first = next(iter(known.items()))
    parts = [f"on {name}: {answer.verdict}, {answer.why}" for name, answer in known.items()]
    if len(known) == 1:
        parts = [f"on {read}: {first.why}"]
        if read == "means":
            parts.append("draws were not measured")
    numbers = "; ".join(f"{answer.number} ({name})" for name, answer in known.items())
    return Answer(first.verdict, "; ".join(parts), numbers, f"classifiers of {read}", first.evidence)


def _read(table: pd.DataFrame, probe: str) -> list[tuple[str, str]]:
    """What a probe has read of z₂, draws first: `draws` or `means`, and its column."""
    columns = [(READ[read], accuracy_column(probe, "z2", from_draws=read == "draw")) for read in READ]
    return [(read, column) for read, column in columns if _has(table, column)]


def _has(table: pd.DataFrame, column: str) -> bool:
    return len(measured(table, [column])) > 0


def _gains(table: pd.DataFrame, metric: str, errors: Paired) -> list[Gain]:
    rows = measured(table, [metric, "rate_total"])
    return gains(rows, metric, errors) if len(beta_vaes(rows)) > 1 else []


def _unless_by_chance(answer: Answer, rows: pd.DataFrame, metrics: Iterable[str]) -> Answer:
    """The answer, but open where one of the metrics does not vary with (β₂, β₁)."""
    scattered = [metric_title(metric) for metric in metrics if not varies_with_beta(rows, metric)]
    if not scattered:
        return answer
    why = f"{answer.why}; but {listed(scattered)} hardly follows (β₂, β₁), so that this may be chance"
    return replace(answer, verdict=OPEN, why=why)


def _within_regime(rows: pd.DataFrame, rate: str, score: str) -> str:
    """ρ among models whose z₂ carries something."""
    carrying = rows[rows["rate_z2"] > CARRIES] if "rate_z2" in rows else rows.head(0)
    if len(carrying) < FEWEST or len(carrying) == len(rows):
        return "all models"
    within = rank_correlation(carrying[rate], carrying[score])
    return signed(f"all models; ρ = {within:.2f} where R(z₂) > {CARRIES:g} nats")


def _view_of(metric: str) -> tuple[str]:
    if metric.startswith("acc_"):
        return ("representation",)
    return ("reconstruction",) if metric == "psnr" else ("generation",)


def _choices_of(metric: str) -> dict[str, str]:
    if not metric.startswith("acc_"):
        return {} if metric == "psnr" else {"score": metric, "rate": "rate_total", "judge": "source"}
    posterior = "draw" if metric.endswith("_draw") else "mean"
    probe = metric.removeprefix("acc_").removesuffix("_draw").removesuffix("_z2")
    return {"layer": "z2", "probe": probe, "posterior": posterior}


def _shown(view: str, row: pd.Series, **choices: Any) -> dict[str, Any]:
    """The fields of the screen that show a row in a view."""
    point = {"point": row["point"]} if "point" in row else {}
    return {"view": view, **point, **choices}
