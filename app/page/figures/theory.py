"""What theory predicts, beside what was measured: hollow dots, joined along the lines of the grid of β."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.page.figures.axes import place
from app.page.figures.colours import dot_colours
from app.page.figures.look import Look
from app.page.figures.marks import FAINT, card_lines, same_diameter

DOTS = "theory"
GRID = "theory grid"


def theory_traces(
    table: pd.DataFrame, predicted: pd.DataFrame, at: tuple[str, str], look: Look, card: Sequence[str]
) -> list[go.Scatter]:
    """Return the grid of predicted points, and a hollow dot on each.

    table: all points of the atlas. predicted: what theory says of each, with the table's index. at: the
    columns across and up. A dot's card tells what was measured and what is predicted; it selects its point.
    """
    x, y = (place(predicted, column, look) for column in at)
    cards = [
        card_lines(row, card, look, theory)
        for row, theory in zip(table.to_dict("records"), predicted.to_dict("records"), strict=True)
    ]
    across, up = grid_lines(table, x, y)
    grid = go.Scatter(
        name=GRID,
        mode="lines",
        x=across,
        y=up,
        line={"color": FAINT, "width": 1},
        connectgaps=False,
        hoverinfo="skip",
    )
    dots = go.Scatter(
        name=DOTS,
        mode="markers",
        x=x.tolist(),
        y=y.tolist(),
        ids=table["point"].tolist(),
        customdata=cards,
        marker={
            "symbol": "circle-open",
            "size": (1.15 * same_diameter(len(table))).round(2).tolist(),
            "color": dot_colours(table, look.colour),
            "line": {"width": 1.3},
        },
        hoverinfo="skip",
    )
    return [grid, dots]


def grid_lines(
    table: pd.DataFrame, x: np.ndarray, y: np.ndarray
) -> tuple[list[float | None], list[float | None]]:
    """Return the lines of equal β₂ and of equal β₁ through the places x, y (N,) of points, None between them.

    They end at the line β₂ = β₁: beyond it the layers change places, and rates jump. A point that shares
    neither β with another on its side is on no line.
    """
    is_dearer = table["beta_2"].to_numpy() > table["beta_1"].to_numpy()
    across: list[float | None] = []
    up: list[float | None] = []
    for fixed, along in (("beta_2", "beta_1"), ("beta_1", "beta_2")):
        for _, line in table.reset_index(drop=True).groupby([fixed, is_dearer]):
            rows = line.sort_values(along).index
            if len(rows) > 1:
                across += [*x[rows].tolist(), None]
                up += [*y[rows].tolist(), None]
    return across[:-1], up[:-1]


def with_predicted(values: np.ndarray, predicted: pd.DataFrame | None, column: str, look: Look) -> np.ndarray:
    """Return values along an axis, and with them the finite predicted ones, so that the axis holds both."""
    if predicted is None:
        return values
    theirs = place(predicted, column, look)
    return np.concatenate([values, theirs[np.isfinite(theirs)]])
