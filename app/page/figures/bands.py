"""Diagonals of constant total rate, and the best point of every band between two of them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from app.page.figures.look import Look
from app.page.figures.quantities import FLOOR, shown
from hvae.metrics.registry import metric_of

MOST_BANDS = 7
GAIN = "gain over the line"


def band_edges(highest: float, look: Look) -> list[float]:
    """Total rates, in the unit shown, of the diagonals: from 0 to at least the highest total rate.

    Multiples of 1, 2 or 5 × 10ⁿ on linear axes, at most MOST_BANDS of them; 0.1, 0.3, 1, 3, … on
    logarithmic ones.
    """
    if not highest > 0 or not math.isfinite(highest):
        return [0.0, 1.0]
    if look.axes == "log":
        steps = (factor * 10.0**power for power in range(-1, 12) for factor in (1, 3))
        edges = [0.0]
        for step in steps:
            edges.append(round(step, 9))
            if step >= highest:
                break
        return edges
    decade = 10 ** math.floor(math.log10(highest / MOST_BANDS))
    step = next(decade * factor for factor in (1, 2, 5, 10) if decade * factor * MOST_BANDS >= highest)
    return [round(step * index, 12) for index in range(math.ceil(highest / step - 1e-9) + 1)]


def best(table: pd.DataFrame, metric: str | None) -> int | None:
    """The position of the row whose `metric` is best; None where no row has a number."""
    if metric is None or metric not in table or not len(table):
        return None
    values = table[metric].to_numpy(float)
    values = np.where(np.isfinite(values), values if metric_of(metric).higher_is_better else -values, -np.inf)
    at = int(values.argmax())
    return at if np.isfinite(values[at]) else None


def best_of_bands(table: pd.DataFrame, metric: str, look: Look) -> pd.DataFrame:
    """The row of each band of total rate that splits its rate best, lowest band first.

    That is the one whose metric is furthest above that of β-VAEs of its own total rate: the best number of a
    band would only be that of its highest rate. A total rate that lies on a diagonal belongs to the band
    below it.
    """
    table = table[np.isfinite(shown(table, "rate_total", look)) & np.isfinite(shown(table, metric, look))]
    total = shown(table, "rate_total", look)
    table = table.assign(**{GAIN: over_the_line(table, metric)})
    edges = band_edges(float(total.max()) if len(total) else 0.0, look)
    rows = []
    for low, high in zip(edges, edges[1:], strict=False):
        band = table[((total > low) | (low == 0)) & (total <= high)]
        if len(band):
            rows.append(band.iloc[int(band[GAIN].to_numpy().argmax())])
    return pd.DataFrame(rows, columns=table.columns).drop(columns=GAIN)


def over_the_line(table: pd.DataFrame, metric: str) -> np.ndarray:
    """How much better each row (N,) is than the β-VAE of its total rate, interpolated between β-VAEs.

    Beyond their rates it is compared with the nearest one; where there are fewer than two, with nothing.
    """
    if not len(table):
        return np.empty(0)
    sign = 1 if metric_of(metric).higher_is_better else -1
    values = sign * table[metric].to_numpy(float)
    line = table[np.isclose(table["beta_2"], table["beta_1"], rtol=1e-3)].sort_values("rate_total")
    if len(line) < 2:
        return values
    return values - np.interp(table["rate_total"], line["rate_total"], sign * line[metric].to_numpy(float))


def diagonal(total: float, look: Look) -> tuple[np.ndarray, np.ndarray]:
    """x, y of the rates (R(z₂), R(z₁|z₂)) that sum to `total`: a line, or a curve on logarithmic axes."""
    if look.axes == "linear":
        return np.array([0.0, 0.65 * total, total]), np.array([total, 0.35 * total, 0.0])
    half = np.geomspace(FLOOR, total / 2, 30)
    return np.concatenate([half, total - half[-2::-1]]), np.concatenate([total - half, half[-2::-1]])
