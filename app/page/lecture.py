"""The lecture: eight steps from one VAE to "there is no one-size-fits-all HVAE".

Sentences and numbers follow from the atlas.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from app.page.figures.bands import best
from app.page.menus import GOALS, preferred_sizes
from app.page.points import points_table
from app.page.state import first_screen
from app.page.words import beta_text, metric_title, value_text, without_labels
from hvae.atlas.atlas import Atlas
from hvae.metrics.metric import Goal

STEPS = 8


@dataclass(frozen=True)
class Step:
    """One step: its words, and the fields of the screen that it sets."""

    title: str
    sentence: str
    screen: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def lecture(atlas: Atlas) -> list[Step]:
    """Return the eight steps for an atlas, or none if it has no points."""
    table = points_table(atlas)
    standard = first_screen("", atlas).point
    if standard is None:
        return []
    start = table.set_index("point").loc[standard]
    equal = beta_vaes(table)
    cheapest = equal.loc[equal["beta_2"].idxmin()] if len(equal) else table.iloc[0]
    reached = {
        goal: best_point(table, columns) for goal, columns in zip(GOALS, preferred_sizes(), strict=True)
    }
    optima = {goal: point for goal, (_, point) in reached.items() if point is not None}
    return [
        Step(
            "One VAE",
            f"A hierarchical VAE writes a picture down in two parts: "
            f"{value_text('rate_z2', start['rate_z2'])} in z₂, the top latent, and "
            f"{value_text('rate_z1', start['rate_z1'])} more in z₁ below it.",
            {"view": "model", "point": standard},
        ),
        Step(
            "β is the price of a nat",
            f"At β₂ = β₁ = {beta_text(cheapest['beta_2'])} information is cheap: "
            f"{value_text('rate_total', cheapest['rate_total'])} per picture, and a PSNR of "
            f"{value_text('psnr', cheapest['psnr'])} where the first model had "
            f"{value_text('psnr', start['psnr'])}.",
            {"view": "reconstruction", "point": cheapest["point"]},
        ),
        Step(
            "Two layers, two prices",
            f"One β per layer makes a plane of models, {len(table)} here; "
            "on the dashed red line both prices are the same: β-VAEs.",
            {"view": "landscapes", "point": standard},
        ),
        Step(
            "What each layer knows",
            "Keep z₂ and draw z₁ again: what stays the same is what z₂ knows, what changes is left to z₁.",
            {"view": "model", "point": standard},
        ),
        *(goal_step(atlas, goal, *reached[goal]) for goal in GOALS),
        Step(*conclusion(optima), {"view": "compare", "pins": list(dict.fromkeys(optima.values()))}),
    ]


def best_point(table: pd.DataFrame, columns: tuple[str, ...]) -> tuple[str | None, str | None]:
    """Return the first of `columns` with a finite value, and the point where it is best, or None for both."""
    for column in columns:
        at = best(table, column)
        if at is not None:
            return column, table["point"].iloc[at]
    return None, None


def goal_step(atlas: Atlas, goal: Goal, column: str | None, point: str | None) -> Step:
    """Return the step that shows where one of the three goals is met best."""
    if column is None or point is None:
        why = f" {without_labels(atlas.manifest.classes)}" if goal != "reconstruction" else ""
        sentence = f"How well these models do at {goal} was not measured.{why}".rstrip()
        return Step(GOALS[goal], sentence, {"view": goal})
    table = points_table(atlas)
    row = table.set_index("point").loc[point]
    sentence = (
        f"{metric_title(column)} is best at β₂ = {beta_text(row['beta_2'])}, "
        f"β₁ = {beta_text(row['beta_1'])}: "
        f"{value_text(column, row[column])}, with {value_text('rate_z2', row['rate_z2'])} in z₂ and "
        f"{value_text('rate_z1', row['rate_z1'])} in z₁."
    )
    reached = reached_by_beta_vaes(table, column, row)
    if math.isfinite(reached):
        sentence += f" β-VAEs of that total rate: {value_text(column, reached)}."
    return Step(GOALS[goal], sentence, {"view": goal, "point": point})


def beta_vaes(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows on the line β₂ = β₁."""
    return table[np.isclose(table["beta_2"], table["beta_1"], rtol=1e-6)]


def reached_by_beta_vaes(table: pd.DataFrame, column: str, row: pd.Series) -> float:
    """Return the column's value at the row's total rate, interpolated between β-VAEs.

    NaN outside their range of rates, and if the row is a β-VAE itself.
    """
    line = beta_vaes(table)
    line = line[np.isfinite(line[["rate_total", column]]).all(axis=1)].sort_values("rate_total")
    if not len(line) or np.isclose(row["beta_2"], row["beta_1"], rtol=1e-6):
        return math.nan
    values = np.interp(row["rate_total"], line["rate_total"], line[column], left=math.nan, right=math.nan)
    return float(values)


def conclusion(optima: dict[str, str]) -> tuple[str, str]:
    """Return title and sentence of the last step: whether one model is best for all goals.

    optima: for each goal that was measured, the best point.
    """
    different = len(set(optima.values()))
    if different > 1:
        number = {2: "Two", 3: "Three"}[different]
        return (
            "No one-size-fits-all",
            f"{number} goals, {number.lower()} different models: there is no one-size-fits-all HVAE.",
        )
    if len(optima) > 1:
        sentence = "In this atlas one model is best for all goals that were measured."
    elif optima:
        sentence = f"This atlas cannot tell: of the three goals, only {next(iter(optima))} was measured."
    else:
        sentence = "This atlas cannot tell: none of the three goals was measured."
    return "One model for all?", sentence
