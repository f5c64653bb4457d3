"""What all figures share: axes, dots, marks and lines, and words where there is nothing to draw.

Traces of dots carry `ids`, the points' names, for assets/page/figures/select-dots.js to select; `customdata`,
for each dot the lines of its card. Lines of the colour INK get the page's text colour, light or dark, from
assets/figures.css.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.page.figures.colours import dot_colours
from app.page.figures.look import Look
from app.page.figures.quantities import FLOOR, RATES, axis_title, shown, text
from app.page.words import metric_title

RED = "#e03131"
GRID = "rgba(128, 136, 150, 0.20)"
FAINT = "rgba(128, 136, 150, 0.55)"
INK = "#16181d"
FONT = {"family": "inherit", "size": 13}
SYMBOLS = ("triangle-up", "diamond", "circle")
"""Of the three optima, in the order of the three planes."""


def drawable(table: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """The rows that have a number in each of the columns."""
    columns = list(columns)
    if not set(columns) <= set(table.columns):
        return table.head(0)
    return table[np.isfinite(table[columns].to_numpy(float)).all(axis=1)]


def left_out(table: pd.DataFrame, columns: Iterable[str]) -> str:
    """A sentence about the rows that `drawable` leaves out; empty where there are none."""
    columns = list(dict.fromkeys(columns))
    missing = len(table) - len(drawable(table, columns))
    if not missing:
        return ""
    rates = [column for column in columns if column in RATES]
    what = (["rates"] if rates else []) + [metric_title(column) for column in columns if column not in rates]
    return f"{missing} of {len(table)} models left out: no {' or '.join(what)}."


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


def canvas(traces: Sequence[go.Scatter], x: dict, y: dict) -> go.Figure:
    """A figure of these traces, first drawn first, with these axes, in the page's own type."""
    layout = {
        "template": "none",
        "showlegend": False,
        "margin": {"l": 60, "r": 14, "t": 14, "b": 48},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": FONT,
        "hovermode": False,
        "dragmode": False,
        "uirevision": "figure",
        "xaxis": x,
        "yaxis": y,
    }
    return go.Figure(list(traces), layout)


def points_figure(
    table: pd.DataFrame,
    rows: pd.DataFrame,
    at: tuple[str, str],
    look: Look,
    card: Sequence[str],
    x: dict,
    y: dict,
    size: np.ndarray | None = None,
    errors: Sequence[str] = (),
    behind: Sequence[go.Scatter] = (),
    before: Sequence[go.Scatter] = (),
) -> go.Figure:
    """The points at two columns, β₂ = β₁ behind them and the standard VAE before them, with these axes.

    table, rows, card: see `dots`. at: the columns across and up. size: diameters (N,) in pixels; without it
    they are all the same. errors: those of `at` whose standard errors are drawn. behind, before: further
    traces below and above the dots.
    """
    across, up = (_place(rows, column, look) for column in at)
    error_x, error_y = (shown(rows, f"{column}_se", look) if column in errors else None for column in at)
    size = same_diameter(len(rows)) if size is None else size
    points = dots(table, rows, across, up, size, look, card, error_x, error_y)
    return canvas(
        [*behind, equal_betas(rows, *at, look), points, *before, standard_vae(rows, *at, look)], x, y
    )


def words(sentence: str) -> go.Figure:
    """A figure without data: a sentence in its middle."""
    nowhere = {"visible": False, "range": [0, 1], "fixedrange": True}
    figure = canvas([], nowhere, nowhere)
    figure.update_layout(margin={"l": 14, "r": 14, "t": 14, "b": 14})
    figure.add_annotation(x=0.5, y=0.5, text=_folded(sentence), showarrow=False, opacity=0.75)
    return figure


NO_RATES = "No model of this atlas has rates yet: its training has not been measured."


def nothing(table: pd.DataFrame, columns: Iterable[str], why: str = "") -> go.Figure:
    """A figure that says which of the columns it would be drawn from no row has a number for.

    why: what goes without saying where rates are missing, a clause after the names of what is.
    """
    columns = list(columns)
    if any(column in RATES and not len(drawable(table, [column])) for column in columns):
        return words(NO_RATES)
    measured = [column for column in columns if column not in RATES]
    missing = [column for column in measured if not len(drawable(table, [column]))]
    if not missing:
        return words(f"No model of this atlas has {' and '.join(map(metric_title, columns))} together.")
    return words(f"No model of this atlas has a number for {' and '.join(map(metric_title, missing))}{why}.")


def axis(title: str, between: tuple[float, float]) -> dict:
    """A linear axis over the numbers in `between`, with a little room on both sides."""
    low, high = (float(end) for end in between)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
    return {
        "title": {"text": title, "standoff": 8, "font": {"size": FONT["size"]}},
        "range": [low - room, high + room],
        "gridcolor": GRID,
        "zeroline": low <= 0,
        "zerolinecolor": GRID,
        "zerolinewidth": 1,
        "nticks": 7,
        "ticks": "",
        "fixedrange": True,
    }


def rate_axis(column: str, values: np.ndarray, look: Look) -> dict:
    """The axis of a rate, from 0, or from FLOOR where it is logarithmic; values: (N,), in the unit shown."""
    high = float(values.max()) if len(values) else 1.0
    title = axis_title(column, look)
    if look.axes == "linear":
        return axis(title, (0.0, max(high, 1e-3)))
    high = max(high, 10 * FLOOR)
    low, top = np.log10([FLOOR, high])
    ticks = 10.0 ** np.arange(low, np.floor(top) + 1)
    return axis(title, (low, top)) | {
        "type": "log",
        "zeroline": False,
        "tickvals": ticks.tolist(),
        "ticktext": [f"≤ {FLOOR:g}", *(f"{tick:g}" for tick in ticks[1:])],
    }


def rate_values(table: pd.DataFrame, column: str, look: Look) -> np.ndarray:
    """Rates (N,) in the unit shown, lifted to FLOOR where axes are logarithmic."""
    values = shown(table, column, look)
    return np.maximum(values, FLOOR) if look.axes == "log" else values


def span(*arrays: np.ndarray) -> tuple[float, float]:
    """The lowest and the highest finite number in all arrays; 0 and 1 where there is none."""
    values = np.concatenate([np.ravel(array) for array in arrays]) if arrays else np.array([])
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)


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
) -> go.Scatter:
    """The points that can be selected, the larger ones behind the smaller ones.

    table: all points of the atlas, which set the colours, so that a dot keeps its own when others are left
    out. rows: those drawn. x, y, size: (N,), their places in the unit shown and diameters in pixels. card:
    the columns that a dot's card tells. error_x, error_y: (N,), standard errors; NaN for none.
    """
    order = np.argsort(-size, kind="stable")
    colour = pd.Series(dot_colours(table, look.colour), index=table.index).loc[rows.index].to_numpy()
    lines = [card_lines(row, card, look) for row in rows.to_dict("records")]
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


def card_lines(row: Mapping[str, Any], columns: Iterable[str], look: Look) -> list[list[str]]:
    """What a dot's card tells: [name, number with its unit] of each column."""
    return [
        [metric_title(column), text(column, row[column], look, row.get(f"{column}_se", np.nan))]
        for column in dict.fromkeys(columns)
        if column in row
    ]


def equal_betas(rows: pd.DataFrame, x: str, y: str, look: Look) -> go.Scatter:
    """β₂ = β₁: the points that a β-VAE could be trained to, joined in the order of β; x, y: columns."""
    equal = rows[np.isclose(rows["beta_2"], rows["beta_1"], rtol=1e-3)].sort_values("beta_2")
    return go.Scatter(
        name="diagonal",
        mode="lines",
        x=_place(equal, x, look).tolist(),
        y=_place(equal, y, look).tolist(),
        line={"color": RED, "width": 1.8, "dash": "6px,5px"},
        hoverinfo="skip",
    )


def standard_vae(rows: pd.DataFrame, x: str, y: str, look: Look) -> go.Scatter:
    """●: β₂ = β₁ = 1; x, y: columns."""
    at = rows[np.isclose(rows["beta_2"], 1, rtol=1e-3) & np.isclose(rows["beta_1"], 1, rtol=1e-3)]
    return go.Scatter(
        name="standard",
        mode="markers",
        x=_place(at, x, look).tolist(),
        y=_place(at, y, look).tolist(),
        marker={"size": 8, "color": "#000000", "line": {"width": 1.5, "color": "#ffffff"}},
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
        x=_place(rows, x, look).tolist(),
        y=_place(rows, y, look).tolist(),
        marker={
            "symbol": symbol,
            "size": size,
            "color": "#ffffff",
            "opacity": 1,
            "line": {"width": 1.6, "color": "#000000"},
        },
        hoverinfo="skip",
    )


def line(
    x: Iterable[float],
    y: Iterable[float],
    named: str,
    ink: bool = True,
    dash: str = "solid",
    width: float = 1.5,
    label: str = "",
    label_at: int = -1,
    label_side: str = "top right",
) -> go.Scatter:
    """A curve in the page's text colour, or faint, with words at one of its places."""
    x, y = (np.asarray(values, float).tolist() for values in (x, y))
    labels = [" "] * len(x)  # plotly takes empty words away, and later finds others missing
    if label and x:
        labels[label_at] = label
    return go.Scatter(
        name=named,
        # The marker, which cannot be seen, keeps the words off the line.
        mode="lines+markers+text" if label else "lines",
        marker={"size": 7, "opacity": 0},
        x=x,
        y=y,
        line={"color": INK if ink else FAINT, "width": width, "dash": dash},
        text=labels if label else None,
        textposition=label_side,
        cliponaxis=True,
        hoverinfo="skip",
    )


def _place(rows: pd.DataFrame, column: str, look: Look) -> np.ndarray:
    return rate_values(rows, column, look) if column in RATES else shown(rows, column, look)


def _error_bars(errors: np.ndarray | None, order: np.ndarray) -> dict | None:
    if errors is None or not np.isfinite(errors).any():
        return None
    array = np.where(np.isfinite(errors), errors, 0)[order]
    return {"type": "data", "array": array.tolist(), "thickness": 1.2, "width": 0, "color": FAINT}


def _folded(sentence: str) -> str:
    """In lines of about 40 letters."""
    lines = [""]
    for word in sentence.split():
        if len(lines[-1]) + len(word) > 40:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)
