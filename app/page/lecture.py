"""The lecture: eight steps from one VAE to "there is no one-size-fits-all HVAE".

Sentences and numbers follow from the atlas. A step decides everything on screen: what it leaves out of its
`screen` is as a visitor first sees it (assets/page/views/lecture.js). So no sentence speaks of what another
choice has hidden or changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from app.claims.claims import claims_table
from app.claims.differences import paired
from app.claims.verdicts import OPEN, apart
from app.page.figures.axes import drawable
from app.page.figures.look import Look
from app.page.figures.planes import PLANE
from app.page.figures.quantities import text
from app.page.goals import GoalOptimum, goal_optima
from app.page.menus import GOALS, LAYERS, PROBES
from app.page.points import NEXT_TO_NOTHING, beta_vaes, points_table, text_of
from app.page.state import first_screen, first_sizes
from app.page.words import beta_text, metric_title, without_labels
from hvae.atlas.atlas import Atlas
from hvae.metrics.measurements.accuracy import accuracy_column
from hvae.metrics.metric import Goal

STEPS = 8
COUNTS = {2: "two", 3: "three"}


@dataclass(frozen=True)
class Step:
    """One step: its words, the fields of the screen that it sets, and what of the view is shown.

    figure: the number of the view's figure that is shown large, 1 for the first; None if the view has none.
    picture: the slot of the pictures that stand beside it; None for all of the view.
    """

    title: str
    sentence: str
    screen: dict[str, Any] = field(default_factory=dict)
    figure: int | None = None
    picture: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def lecture(atlas: Atlas) -> list[Step]:
    """Return the eight steps for an atlas, or none if it has no points."""
    table = points_table(atlas)
    standard = first_screen("", atlas).point
    if standard is None:
        return []
    rows = table.set_index("point")
    start = rows.loc[standard]
    optima = goal_optima(table)
    verdict = apart(claims_table(atlas), paired(atlas)).verdict
    pins = list(dict.fromkeys(optimum.point for optimum in optima.values()))
    return [
        Step(
            "One VAE",
            f"At {betas_text(start)}, a hierarchical VAE writes a picture down in two parts: "
            f"{number(start, 'rate_z2')} in z₂, the top latent, and "
            f"{number(start, 'rate_z1')} more in z₁ below it.",
            {"view": "model", "point": standard},
            picture="model-reconstructions",
        ),
        price_step(table, start),
        plane_step(atlas, table, standard),
        layers_step(table, standard),
        *(goal_step(atlas, goal, optima.get(goal)) for goal in GOALS),
        Step(
            *conclusion(optima, verdict),
            {"view": "compare", "pins": pins},
        ),
    ]


def betas_text(row: Mapping[str, Any]) -> str:
    """Return a point's prices: `β₂ = 1, β₁ = 0.1`, or `β₂ = β₁ = 1`."""
    beta_2, beta_1 = beta_text(row["beta_2"]), beta_text(row["beta_1"])
    return f"β₂ = β₁ = {beta_2}" if beta_2 == beta_1 else f"β₂ = {beta_2}, β₁ = {beta_1}"


def number(row: Mapping[str, Any], column: str) -> str:
    """Return a point's metric with its standard error and unit, as figures say it.

    A rate that is next to nothing needs no digits.
    """
    if column in PLANE and row[column] < NEXT_TO_NOTHING / 10:
        return f"less than {NEXT_TO_NOTHING / 10:g} nats"
    return text_of(row, column)


def price_step(table: pd.DataFrame, start: Mapping[str, Any]) -> Step:
    """Return the step that compares the cheapest β-VAE with the model of the first step."""
    equal = beta_vaes(table)
    cheapest = equal.loc[equal["beta_2"].idxmin()] if len(equal) else table.iloc[0]
    sentence = (
        f"At {betas_text(cheapest)} a model takes {number(cheapest, 'rate_total')} per picture and reaches a "
        f"PSNR of {number(cheapest, 'psnr')}."
    )
    if cheapest["point"] != start.name:
        rate, quality = number(start, "rate_total"), number(start, "psnr")
        sentence += f" At {betas_text(start)} it takes {rate} and reaches {quality}."
    screen = {"view": "reconstruction", "point": cheapest["point"]}
    return Step("β is the price of a nat", sentence, screen, figure=2, picture="reconstructions")


def plane_step(atlas: Atlas, table: pd.DataFrame, standard: str) -> Step:
    """Return the step that shows the rate plane."""
    drawn = drawable(table, [*PLANE, *first_sizes(atlas)[:1]])
    models = f"{len(drawn)} model{'s' * (len(drawn) != 1)}"
    sentence = f"One β per layer makes a plane: {models} here, each at its two rates."
    if len(beta_vaes(drawn)) > 1:
        sentence += " On the dashed red line both prices are the same: β-VAEs."
    screen = {"view": "landscapes", "point": standard}
    return Step("Two layers, two prices", sentence, screen, figure=1, picture="samples")


def layers_step(table: pd.DataFrame, standard: str) -> Step:
    """Return the step that draws z₁ again, at the model whose two layers both hold most."""
    least = np.minimum(*(table[column].to_numpy(float) for column in PLANE))
    least = np.where(np.isfinite(least), least, -np.inf)
    row = table.iloc[int(least.argmax())]
    name = row["point"] if np.isfinite(least.max()) else standard
    row = table.set_index("point").loc[name]
    sentence = (
        f"At {betas_text(row)}, z₂ holds {number(row, 'rate_z2')} and z₁ {number(row, 'rate_z1')} more. "
        "In each row z₂ is kept and z₁ drawn again: what stays the same is what z₂ knows, what changes is "
        "left to z₁."
    )
    screen = {"view": "model", "point": name}
    return Step("What each layer knows", sentence, screen, picture="model-resample")


def goal_step(atlas: Atlas, goal: Goal, optimum: GoalOptimum | None) -> Step:
    """Return the step that shows where one of the three goals is met best."""
    figure, picture = {"reconstruction": (1, "reconstructions"), "representation": (2, "traversal")}.get(
        goal, (2, "samples")
    )
    if optimum is None:
        why = f" {without_labels(atlas.manifest.classes)}" if goal != "reconstruction" else ""
        sentence = f"How well these models do at {goal} was not measured.{why}".rstrip()
        return Step(GOALS[goal], sentence, {"view": goal}, figure, picture)
    table, column = points_table(atlas), optimum.column
    row = table.set_index("point").loc[optimum.point]
    sentence = (
        f"{metric_title(column)} is best at {betas_text(row)}: {number(row, column)}, "
        f"with {number(row, 'rate_z2')} in z₂ and {number(row, 'rate_z1')} in z₁."
    )
    reached, error = reached_by_beta_vaes(table, column, row)
    if math.isfinite(reached):
        sentence += f" β-VAEs of that total rate reach {text(column, reached, Look(), error)}."
    screen = {"view": goal, "point": optimum.point, **shown_in(goal, column)}
    return Step(GOALS[goal], sentence, screen, figure, picture)


def shown_in(goal: Goal, column: str) -> dict[str, str]:
    """Return the choices with which a goal's view shows a metric of that goal."""
    if goal == "generation":
        return {"score": column, "rate": "rate_total"}
    if goal == "representation":
        for probe in PROBES:
            for layer in LAYERS:
                for posterior in ("mean", "draw"):
                    if column == accuracy_column(probe, layer, from_draws=posterior == "draw"):
                        return {"probe": probe, "layer": layer, "posterior": posterior}
    return {}


def reached_by_beta_vaes(table: pd.DataFrame, column: str, row: pd.Series) -> tuple[float, float]:
    """Return the column's value at the row's total rate, interpolated between β-VAEs, and its standard error.

    Both are NaN outside their range of rates, and if the row is a β-VAE itself. The errors of the two β-VAEs
    are taken as independent; NaN if they are unknown.
    """
    line = beta_vaes(table)
    line = line[np.isfinite(line[["rate_total", column]]).all(axis=1)].sort_values("rate_total")
    if not len(line) or np.isclose(row["beta_2"], row["beta_1"], rtol=1e-6):
        return math.nan, math.nan
    rates, values = line["rate_total"].to_numpy(float), line[column].to_numpy(float)
    value = float(np.interp(row["rate_total"], rates, values, left=math.nan, right=math.nan))
    if not math.isfinite(value) or f"{column}_se" not in line:
        return value, math.nan
    errors = line[f"{column}_se"].to_numpy(float)
    # What each β-VAE weighs in the interpolation.
    weights = np.array([np.interp(row["rate_total"], rates, unit) for unit in np.eye(len(rates))])
    used = weights > 0
    return value, float(np.sqrt(np.sum((weights[used] * errors[used]) ** 2)))


def conclusion(optima: Mapping[Goal, GoalOptimum], verdict: str) -> tuple[str, str]:
    """Return title and sentence of the last step: whether one model is best for all goals.

    optima: for each goal that was measured, its best point. verdict: `app.claims.verdicts.apart`'s.
    """
    different, measured = len({optimum.point for optimum in optima.values()}), len(optima)
    if different > 1:
        said = f"{COUNTS[measured].capitalize()} goals, {COUNTS[different]} different models"
        if verdict == OPEN:
            return (
                "One model for all?",
                f"{said}; whether that is more than chance, this atlas leaves open.",
            )
        return "No one-size-fits-all", f"{said}: there is no one-size-fits-all HVAE."
    if measured > 1:
        sentence = "In this atlas one model is best for all goals that were measured."
    elif optima:
        sentence = f"This atlas cannot tell: of the three goals, only {next(iter(optima))} was measured."
    else:
        sentence = "This atlas cannot tell: none of the three goals was measured."
    return "One model for all?", sentence
