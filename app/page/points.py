"""What the page knows about every point from the beginning: a click then only asks for pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from app.atlases.file_version import file_version
from app.atlases.shelf import point_name
from app.page.figures.colours import beta_ranges, colour_code
from app.page.figures.look import Look
from app.page.figures.quantities import text
from app.page.goals import goal_optima
from app.page.judges import sureness
from app.page.words import beta_text, metric_title, value_text
from hvae.atlas.atlas import Atlas
from hvae.errors import UserError

SLIDERS = 6
"""How many z₂ dimensions get a slider."""

STATS = {column: metric_title(column) for column in ("rate_z2", "rate_z1", "distortion", "psnr")}
"""Columns shown as numbers above a model's pictures."""


TRAVERSAL = "z₂ as above, z₁ at its mean"
TRAVERSAL_OF_NOTHING = "z₂ carries next to nothing here: moving it changes little"
NEXT_TO_NOTHING = 0.1
"""R(z₂) in nats per image. Below it, the page says why the sliders change so little."""


def points_table(atlas: Atlas) -> pd.DataFrame:
    """Return the atlas's metrics with the column `point`, the name of each row in addresses."""
    return atlas.metrics.assign(point=[point_name(str(name)) for name in atlas.metrics["checkpoint"]])


def beta_vaes(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows on the line β₂ = β₁, in their order."""
    return table[np.isclose(table["beta_2"], table["beta_1"], rtol=1e-6)]


def point_titles(table: pd.DataFrame) -> list[str]:
    """Return what the page calls each row: `β₂ = 1, β₁ = 0.1`."""
    pairs = zip(table["beta_2"], table["beta_1"], strict=True)
    return [f"β₂ = {beta_text(beta_2)}, β₁ = {beta_text(beta_1)}" for beta_2, beta_1 in pairs]


def points_data(atlas: Atlas) -> dict[str, dict[str, Any]]:
    """Return, by point, β, colour, texts, and the z₂ dimensions that carry the most rate. JSON-ready.

    `goals` has, by goal, the value of the metric that stands for it, and that value as text.
    """
    table = points_table(atlas)
    optima = goal_optima(table)
    colours = colour_code(table["beta_2"], table["beta_1"], *beta_ranges(table))
    return {
        row["point"]: {
            "beta_2": row["beta_2"],
            "beta_1": row["beta_1"],
            "title": title,
            "colour": colour,
            "numbers": numbers(row),
            "errors": errors(row),
            "stats": {
                column: value_text(column, row[column], row.get(f"{column}_se", math.nan)) for column in STATS
            },
            "goals": {
                goal: [float(row[column]), text_of(row, column)]
                for goal, (column, _) in optima.items()
                if math.isfinite(row[column])
            },
            "traversal": traversal_text(row["rate_z2"]),
            "judges": sureness(atlas, row["checkpoint"]),
            "dimensions": leading_dimensions(atlas, row["checkpoint"]),
            "version": file_version(atlas, row["checkpoint"]),
        }
        for (_, row), colour, title in zip(table.iterrows(), colours, point_titles(table), strict=True)
    }


def text_of(row: Mapping[str, Any], column: str) -> str:
    """Return a point's metric with its standard error and unit, in nats: `98.0 ± 0.1 %`."""
    return text(column, row[column], Look(), row.get(f"{column}_se", math.nan))


def plane_dots(atlas: Atlas) -> list[dict[str, Any]]:
    """Return the points that have a place in the rate plane: name, β, rates in nats per image, colour."""
    table = points_table(atlas)
    colours = colour_code(table["beta_2"], table["beta_1"], *beta_ranges(table))
    columns = ["point", "beta_2", "beta_1", "rate_z2", "rate_z1"]
    finite = np.isfinite(table[["rate_z2", "rate_z1"]].to_numpy(float)).all(axis=1)
    return [
        {**row, "colour": colour}
        for row, colour, is_finite in zip(table[columns].to_dict("records"), colours, finite, strict=True)
        if is_finite
    ]


def numbers(row: Mapping[str, float]) -> dict[str, float | None]:
    """Return the STATS of a row of metrics as numbers, rates and distortion in nats; None if unknown."""
    return {column: float(row[column]) if math.isfinite(row[column]) else None for column in STATS}


def errors(row: Mapping[str, float]) -> dict[str, float]:
    """Return the standard errors of the `numbers` that have one."""
    known = {column: float(row.get(f"{column}_se", math.nan)) for column in STATS}
    return {column: error for column, error in known.items() if math.isfinite(error)}


def leading_dimensions(atlas: Atlas, checkpoint: str) -> list[dict[str, float]]:
    """Return the z₂ dimensions that carry the most rate, highest first: `dimension` and `rate` in nats.

    Empty if the checkpoint cannot be read: its pictures then say why.
    """
    try:
        metadata = atlas.metadata(checkpoint)
    except UserError:
        return []
    rates = metadata.get("dimension_rates_z2")
    return leading(rates) if isinstance(rates, list) else []


def leading(rates: list[Any]) -> list[dict[str, float]]:
    """Return the largest finite rates of z₂'s dimensions: `dimension` and `rate` in nats."""
    known = [
        (float(rate), index)
        for index, rate in enumerate(rates[:4096])
        if isinstance(rate, float) and math.isfinite(rate)
    ]
    ordered = sorted(known, key=lambda entry: -entry[0])
    return [{"dimension": index, "rate": rate} for rate, index in ordered[:SLIDERS]]


def traversal_text(rate_z2: float) -> str:
    """Return the caption of a traversal of z₂. rate_z2: R(z₂) in nats."""
    return TRAVERSAL_OF_NOTHING if rate_z2 < NEXT_TO_NOTHING else TRAVERSAL
