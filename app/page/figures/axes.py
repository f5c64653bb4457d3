"""Axes of figures, the numbers along them, and which rows have a place on them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from app.page.figures.look import Look
from app.page.figures.quantities import FLOOR, RATES, axis_title, shown
from app.page.words import metric_title

GRID = "rgba(128, 136, 150, 0.20)"
FONT = {"family": "inherit", "size": 13}
PLOT = (250, 200)
"""Width and height in pixels of what is inside the axes, on a small screen; figures are seldom smaller."""


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


def place(rows: pd.DataFrame, column: str, look: Look) -> np.ndarray:
    """Where rows (N,) stand along the axis of a column: its numbers in the unit shown."""
    return rate_values(rows, column, look) if column in RATES else shown(rows, column, look)


def span(*arrays: np.ndarray) -> tuple[float, float]:
    """The lowest and the highest finite number in all arrays; 0 and 1 where there is none."""
    values = np.concatenate([np.ravel(array) for array in arrays]) if arrays else np.array([])
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)


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


def places_in_pixels(xs: Iterable[float], ys: Iterable[float], x: dict, y: dict) -> np.ndarray:
    """Where numbers (N,) stand between axes x and y, (N, 2): pixels from the lower left corner of PLOT."""
    sides = zip((xs, ys), (x, y), PLOT, strict=True)
    return np.stack([side * _share(np.asarray(values, float), its) for values, its, side in sides], axis=1)


def _share(values: np.ndarray, along: dict) -> np.ndarray:
    """How far along an axis numbers lie: 0 at its beginning, 1 at its end."""
    low, high = along["range"]
    return ((np.log10(values) if along.get("type") == "log" else values) - low) / (high - low)
