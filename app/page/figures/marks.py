"""What stands in figures: dots, the symbols on some of them, and lines.

Traces of dots carry `ids`, the points' names, for assets/page/figures/select-dots.js to select; `customdata`,
for each dot the lines of its card. Lines of the colour INK get the page's text colour, light or dark, from
assets/figures.css.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.page.figures.axes import place, places_in_pixels
from app.page.figures.colours import dot_colours
from app.page.figures.look import Look
from app.page.figures.quantities import text
from app.page.words import metric_title
from hvae.metrics.metric import Goal

RED = "#e03131"
FAINT = "rgba(128, 136, 150, 0.55)"
INK = "#16181d"
SYMBOLS: dict[Goal | None, str] = {
    "reconstruction": "triangle-up",
    "representation": "diamond",
    "generation": "circle",
    None: "hexagon2",
}
"""Of the optimum of a metric, by its goal."""


def diameters(values: np.ndarray, lower_is_better: bool = False) -> np.ndarray:
    """Diameters of dots in pixels, (N,): the better the value, the larger, area growing linearly.

    Dots shrink as they become many, so that a dense grid does not cover itself.
    """
    largest = float(np.clip(165 / np.sqrt(max(len(values), 1)), 10, 26))
    low, high = (values.min(), values.max()) if len(values) else (0, 0)
    if high <= low:
        return np.full(len(values), 0.7 * largest)
    place = (values - low) / (high - low)
    smallest = 0.33 * largest
    area = smallest**2 + (largest**2 - smallest**2) * (1 - place if lower_is_better else place)
    return np.sqrt(area)


def same_diameter(count: int) -> np.ndarray:
    """Diameters (N,) of dots whose size tells nothing."""
    return np.full(count, float(np.clip(75 / np.sqrt(max(count, 1)), 6, 11)))


def dots(
    table: pd.DataFrame,
    rows: pd.DataFrame,
    x: np.ndarray,
    y: np.ndarray,
    size: np.ndarray,
    look: Look,
    card: Sequence[str],
    error_x: np.ndarray | None = None,
    error_y: np.ndarray | None = None,
    predicted: pd.DataFrame | None = None,
) -> go.Scatter:
    """The points that can be selected, the larger ones behind the smaller ones.

    table: all points of the atlas, which set the colours, so that a dot keeps its own when others are left
    out. rows: those drawn. x, y, size: (N,), their places in the unit shown and diameters in pixels. card:
    the columns that a dot's card tells. error_x, error_y: (N,), standard errors; NaN for none. predicted:
    what theory says of all points, with the table's index, for the cards.
    """
    order = np.argsort(-size, kind="stable")
    colour = pd.Series(dot_colours(table, look.colour), index=table.index).loc[rows.index].to_numpy()
    theory = [{}] * len(rows) if predicted is None else predicted.loc[rows.index].to_dict("records")
    lines = [
        card_lines(row, card, look, its) for row, its in zip(rows.to_dict("records"), theory, strict=True)
    ]
    return go.Scatter(
        name="points",
        mode="markers",
        x=x[order].tolist(),
        y=y[order].tolist(),
        ids=rows["point"].to_numpy()[order].tolist(),
        customdata=[lines[index] for index in order],
        marker={
            "size": size[order].round(2).tolist(),
            "color": colour[order].tolist(),
            "opacity": 1,
            "line": {"width": 1 if size.max() > 9 else 0.6, "color": "rgba(255, 255, 255, 0.75)"},
        },
        error_x=_error_bars(error_x, order),
        error_y=_error_bars(error_y, order),
        hoverinfo="skip",
    )


def card_lines(
    row: Mapping[str, Any],
    columns: Iterable[str],
    look: Look,
    predicted: Mapping[str, float] = MappingProxyType({}),
) -> list[list[str]]:
    """What a dot's card tells: [name, number with its unit] of each column, then what is predicted of it."""
    lines = []
    for column in dict.fromkeys(columns):
        title = metric_title(column)
        if column in row:
            lines.append([title, text(column, row[column], look, row.get(f"{column}_se", np.nan))])
        if column in predicted:
            lines.append([f"{title}, theory", text(column, predicted[column], look)])
    return lines


def equal_betas(rows: pd.DataFrame, x: str, y: str, look: Look) -> go.Scatter:
    """β₂ = β₁: the points that a β-VAE could be trained to, joined in the order of β; x, y: columns."""
    equal = rows[np.isclose(rows["beta_2"], rows["beta_1"], rtol=1e-3)].sort_values("beta_2")
    return go.Scatter(
        name="diagonal",
        mode="lines",
        x=place(equal, x, look).tolist(),
        y=place(equal, y, look).tolist(),
        line={"color": RED, "width": 1.8, "dash": "6px,5px"},
        hoverinfo="skip",
    )


def standard_vae(rows: pd.DataFrame, x: str, y: str, look: Look) -> go.Scatter:
    """×: β₂ = β₁ = 1; x, y: columns."""
    at = rows[np.isclose(rows["beta_2"], 1, rtol=1e-3) & np.isclose(rows["beta_1"], 1, rtol=1e-3)]
    return go.Scatter(
        name="standard",
        mode="markers",
        x=place(at, x, look).tolist(),
        y=place(at, y, look).tolist(),
        marker={"symbol": "x", "size": 8, "color": "#000000", "line": {"width": 1, "color": "#ffffff"}},
        hoverinfo="skip",
    )


def mark_size(count: int, largest: float = 13) -> float:
    """Size in pixels of a symbol among `count` dots: smaller where dots are."""
    return float(np.clip(6.5 * largest / np.sqrt(max(count, 1)), 0.65 * largest, largest))


def mark(rows: pd.DataFrame, x: str, y: str, symbol: str, named: str, look: Look, size: float) -> go.Scatter:
    """A white symbol on each of the rows, without `ids`: what is under it is what can be selected."""
    return go.Scatter(
        name=named,
        mode="markers",
        x=place(rows, x, look).tolist(),
        y=place(rows, y, look).tolist(),
        marker={
            "symbol": symbol,
            "size": size,
            "color": "#ffffff",
            "opacity": 1,
            "line": {"width": 1.6, "color": "#000000"},
        },
        hoverinfo="skip",
    )


def framed(marks: Sequence[go.Scatter], x: dict, y: dict) -> list[go.Scatter]:
    """The marks, sized so that none hides another: a mark that is drawn below others frames them.

    marks: first drawn first; those with text or lines stay as they are. x, y: the axes they stand on.
    """
    above: list[tuple[np.ndarray, np.ndarray]] = []  # places (n, 2) in pixels, sizes (n,)
    for one in reversed(marks):
        at = places_in_pixels(one.x, one.y, x, y)
        size = np.full(len(at), float(one.marker.size))
        for index, here in enumerate(at):
            near = [sizes[np.abs(there - here).max(axis=1) < size[index]] for there, sizes in above]
            size[index] = max([size[index], *(FRAME * hidden for hidden in np.concatenate([[0.0], *near]))])
        above.append((at, size))
        if len(size):
            one.marker.size = size.round(2).tolist()
    return list(marks)


FRAME = 1.65
"""How many times as large as a mark one is that frames it."""


def line(
    x: Iterable[float],
    y: Iterable[float],
    named: str,
    ink: bool = True,
    dash: str = "solid",
    width: float = 1.5,
) -> go.Scatter:
    """A curve in the page's text colour, or faint."""
    x, y = (np.asarray(values, float).tolist() for values in (x, y))
    return go.Scatter(
        name=named,
        mode="lines",
        x=x,
        y=y,
        line={"color": INK if ink else FAINT, "width": width, "dash": dash},
        cliponaxis=True,
        hoverinfo="skip",
    )


def _error_bars(errors: np.ndarray | None, order: np.ndarray) -> dict | None:
    if errors is None or not np.isfinite(errors).any():
        return None
    array = np.where(np.isfinite(errors), errors, 0)[order]
    return {"type": "data", "array": array.tolist(), "thickness": 1.2, "width": 0, "color": FAINT}
