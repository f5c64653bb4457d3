"""What a layer knows of the label, and what it may know at its rate (Fig. 4 and Eq. 7 of the source).

    accuracy of a classifier of z_ℓ ≤ f⁻¹(I_q(y; z_ℓ)) ≤ f⁻¹(E[R(z_≥ℓ)])

For the top layer R(z_≥2) = R(z₂), for the bottom layer R(z_≥1) is the total rate. I(y; z₁) is known from
below only, and f⁻¹ of a lower bound bounds nothing: for the bottom layer, f⁻¹ of the rate alone is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.page.figures.axes import axis, drawable, rate_axis, rate_values, span
from app.page.figures.canvas import nothing, points_figure
from app.page.figures.labels import Label
from app.page.figures.look import Look
from app.page.figures.marks import FAINT, line, same_diameter
from app.page.figures.planes import PLANE
from app.page.figures.quantities import axis_title, shown, text
from hvae.bounds import best_accuracy, label_entropy
from hvae.metrics.measurements.accuracy import accuracy_column

LOWER_BOUND = {"z2": "mi_z2_bound"}
"""Layer → a lower bound of its information, where mi_ℓ is an estimate, which errs upwards.

Of other layers, mi_ℓ itself is a lower bound.
"""

RATE = {"z2": "rate_z2", "z1": "rate_total"}
"""Layer → the rate R(z_≥ℓ) of that layer and of those above it."""

ANY_RATE = {"z2": "R(z₂)", "z1": "R(z₂) + R(z₁|z₂)"}


def information_figure(
    table: pd.DataFrame, layer: str, frequencies: Sequence[float], look: Look
) -> go.Figure:
    """I_q(y; z_ℓ) over R(z_≥ℓ), with its bound min(R, H[y]), and a line from each dot to its lower bound.

    layer: `z2` or `z1`. frequencies: of the labels, (K,); empty where the atlas has no labels.
    """
    metric, at = f"mi_{layer}", (RATE[layer], f"mi_{layer}")
    rows = drawable(table, at)
    if not len(rows):
        return nothing(table, at)
    x, y = rate_values(rows, at[0], look), shown(rows, metric, look)
    lines, labels = [], []
    if len(frequencies):
        entropy = label_entropy(frequencies)
        in_unit = float(shown(pd.DataFrame({"mi_z2": [entropy]}), "mi_z2", look)[0])
        rates = np.unique(np.append(_rates(x, look), min(in_unit, x.max())))
        bound = np.minimum(rates, in_unit)
        lines = [line(rates, bound, "bound", dash="dot")]
        if bound[-1] == in_unit:
            labels = [Label(lines[0], f"H[y] = {text(metric, entropy, look)}")]
    heights = span(y, np.zeros(1), *(1.1 * np.asarray(part.y) for part in lines))
    lower = [LOWER_BOUND[layer]] if has_lower_bound(rows, layer) else []
    lines += [_down_to(column, x, y, rows, look) for column in lower]
    return points_figure(
        table,
        rows,
        at,
        look,
        card=[*PLANE, *at, *lower],
        x=rate_axis(RATE[layer], x, look),
        y=axis(axis_title(metric, look), heights),
        errors=[metric],
        behind=lines,
        labels=labels,
    )


def has_lower_bound(table: pd.DataFrame, layer: str) -> bool:
    """Return whether lines lead from estimates of the information down to lower bounds."""
    return layer in LOWER_BOUND and len(drawable(table, [LOWER_BOUND[layer]])) > 0


def accuracy_figure(
    table: pd.DataFrame,
    layer: str,
    probe: str,
    frequencies: Sequence[float],
    look: Look,
    posterior: str = "mean",
) -> go.Figure:
    """A probe's accuracy over R(z_≥ℓ), with the curve f⁻¹(R); for z₂, a dash at each f⁻¹(I).

    posterior: what the probe reads, the `mean` μ_ℓ or a `draw` of z_ℓ.
    """
    metric = accuracy_column(probe, layer, from_draws=posterior == "draw")
    at = (RATE[layer], metric)
    rows = drawable(table, at)
    if not len(rows):
        return nothing(table, at)
    x, y = rate_values(rows, at[0], look), shown(rows, metric, look)
    lines = []
    if len(frequencies):
        rates = _rates(x, look)
        lines = [line(rates, _accuracy_bound(rates, frequencies, look), "bound of the rate", dash="dot")]
        if layer in LOWER_BOUND:
            lines.append(_dashes(drawable(rows, [f"mi_{layer}"]), layer, frequencies, look))
    return points_figure(
        table,
        rows,
        at,
        look,
        card=[*PLANE, *at, f"mi_{layer}"],
        x=rate_axis(RATE[layer], x, look),
        y=_accuracy_axis(metric, y, lines, look),
        errors=[metric],
        behind=lines,
    )


def accuracy_of_information_figure(
    table: pd.DataFrame,
    layer: str,
    probe: str,
    frequencies: Sequence[float],
    look: Look,
    posterior: str = "mean",
) -> go.Figure:
    """A probe's accuracy over I_q(y; z_ℓ), for z₂ with the curve f⁻¹(I). posterior: see `accuracy_figure`."""
    metric = accuracy_column(probe, layer, from_draws=posterior == "draw")
    at = (f"mi_{layer}", metric)
    rows = drawable(table, at)
    if not len(rows):
        return nothing(table, at)
    x, y = (shown(rows, column, look) for column in at)
    lines = []
    if len(frequencies) and layer in LOWER_BOUND:
        information = np.linspace(0, max(float(x.max()), 1e-3), 120)
        lines = [line(information, _accuracy_bound(information, frequencies, look), "bound", dash="dot")]
    return points_figure(
        table,
        rows,
        at,
        look,
        card=[*PLANE, *at],
        x=axis(axis_title(at[0], look), span(x, np.zeros(1))),
        y=_accuracy_axis(metric, y, lines, look),
        errors=at,
        behind=lines,
    )


def _rates(x: np.ndarray, look: Look) -> np.ndarray:
    """Where a bound is drawn: densely at its steep beginning."""
    highest = max(float(x.max()), 0.1)
    return np.geomspace(0.01, highest, 160) if look.axes == "log" else highest * np.linspace(0, 1, 160) ** 2


def _accuracy_bound(information: np.ndarray, frequencies: Sequence[float], look: Look) -> np.ndarray:
    """f⁻¹ of information (N,) in the unit shown."""
    nats = information * (np.log(2) if look.units == "bits" else 1)
    return np.asarray(best_accuracy(nats, frequencies))


def _dashes(rows: pd.DataFrame, layer: str, frequencies: Sequence[float], look: Look) -> go.Scatter:
    """f⁻¹(I_q(y; z_ℓ)) of each row, at its rate."""
    bound = np.asarray(best_accuracy(rows[f"mi_{layer}"].to_numpy(float), frequencies))
    return go.Scatter(
        name="bounds of the information",
        mode="markers",
        x=rate_values(rows, RATE[layer], look).tolist(),
        y=bound.tolist(),
        marker={
            "symbol": "line-ew-open",
            "size": same_diameter(len(rows)).round(1).tolist(),
            "color": FAINT,
            "line": {"width": 1.6, "color": FAINT},
        },
        hoverinfo="skip",
    )


def _down_to(column: str, x: np.ndarray, y: np.ndarray, rows: pd.DataFrame, look: Look) -> go.Scatter:
    """A line from each dot down to its number in another column; below 0, an estimate knows of nothing."""
    low = np.maximum(shown(rows, column, look), 0)
    gap = np.full(len(x), np.nan)
    ends = np.stack([y, np.where(np.isfinite(low), low, y), gap], 1)
    return line(np.stack([x, x, gap], 1).ravel(), ends.ravel(), "lower bounds", ink=False)


def _accuracy_axis(metric: str, y: np.ndarray, lines: Sequence[go.Scatter], look: Look) -> dict:
    low, high = span(y, *(np.asarray(part.y) for part in lines))
    room = max(0.0, 0.05 - (high - low) / 2)  # ticks are whole percents
    low, high = max(low - room, 0.0), high + room
    return axis(axis_title(metric, look), (low, min(high, 1.0))) | {"tickformat": ".0%"}
