"""The rate plane: every point of an atlas at its layer-wise rates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.figures.colours import BetaRanges, beta_ranges, colour_code
from app.words import LOWER_IS_BETTER, METRICS, beta_text, value_text

RATES = ["rate_z2", "rate_z1"]
RED = "#e03131"
GRID = "rgba(128, 136, 150, 0.22)"


def drawable(metrics: pd.DataFrame, metric: str | None) -> pd.DataFrame:
    """The rows that have a place in the plane, and a size where `metric` is given."""
    columns = RATES if metric is None else [*RATES, metric]
    return metrics[np.isfinite(metrics[columns].to_numpy(float)).all(axis=1)]


def left_out(metrics: pd.DataFrame, metric: str | None) -> str:
    """A sentence about the rows that `drawable` leaves out; empty where there are none."""
    missing = len(metrics) - len(drawable(metrics, metric))
    if not missing:
        return ""
    what = "rates" if metric is None else f"rates or {METRICS[metric]}"
    return f"{missing} of {len(metrics)} models left out: no {what}."


def diameters(values: np.ndarray, lower_is_better: bool = False) -> np.ndarray:
    """Diameters of dots in pixels, (N,): the better the value, the larger, area growing linearly.

    Dots shrink as they become many, so that a dense grid does not cover itself.
    """
    largest = float(np.clip(150 / np.sqrt(max(len(values), 1)), 9, 28))
    low, high = (values.min(), values.max()) if len(values) else (0, 0)
    if high <= low:
        return np.full(len(values), 0.7 * largest)
    place = (values - low) / (high - low)
    smallest = 0.3 * largest
    area = smallest**2 + (largest**2 - smallest**2) * (1 - place if lower_is_better else place)
    return np.sqrt(area)


def plane_figure(metrics: pd.DataFrame, metric: str | None) -> go.Figure:
    """Dots at (R(z₂), R(z₁|z₂)), in nats per image, coloured by the shared code over (β₂, β₁).

    metrics: columns of metrics.parquet and `point`, the dots' ids. metric: the column that sets a dot's
    size; None for dots of one size.
    """
    rows = drawable(metrics, metric)
    size = diameters(
        np.ones(len(rows)) if metric is None else rows[metric].to_numpy(float), metric in LOWER_IS_BETTER
    )
    # The whole grid's, so that a dot keeps its colour when others are left out.
    grid = beta_ranges(metrics)
    figure = go.Figure([_diagonal(rows), _dots(rows, metric, size, grid), _standard(rows)])
    figure.update_layout(
        template="none",
        showlegend=False,
        margin={"l": 58, "r": 10, "t": 10, "b": 50},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "inherit", "size": 13},
        hoverlabel={
            "font": {"family": "inherit", "size": 13, "color": "#ffffff"},
            "bgcolor": "#25282f",
            "bordercolor": "#25282f",
            "align": "left",
        },
        hovermode="closest",
        dragmode=False,
        uirevision="plane",
        xaxis=_axis("R(z₂)", rows["rate_z2"]),
        yaxis=_axis("R(z₁ | z₂)", rows["rate_z1"]),
    )
    return figure


def _axis(title: str, rates: pd.Series) -> dict:
    highest = max(float(rates.max()), 1e-3) if len(rates) else 1.0
    return {
        "title": {"text": f"{title}, nats per image", "standoff": 10},
        "range": [-0.045 * highest, 1.06 * highest],
        "gridcolor": GRID,
        "zerolinecolor": GRID,
        "zerolinewidth": 1,
        "ticks": "",
        "fixedrange": True,
    }


def _dots(rows: pd.DataFrame, metric: str | None, size: np.ndarray, grid: BetaRanges) -> go.Scatter:
    return go.Scatter(
        name="points",
        mode="markers",
        x=rows["rate_z2"].tolist(),
        y=rows["rate_z1"].tolist(),
        ids=rows["point"].tolist(),
        marker={
            "size": size.round(2).tolist(),
            "color": colour_code(rows["beta_2"], rows["beta_1"], *grid),
            "opacity": 1,
            "line": {"width": 1, "color": "rgba(255, 255, 255, 0.75)"},
        },
        text=[_hover_text(row, metric) for _, row in rows.iterrows()],
        hovertemplate="%{text}<extra></extra>",
    )


def _hover_text(row: pd.Series, metric: str | None) -> str:
    lines = [
        f"<b>β₂ = {beta_text(row['beta_2'])}, β₁ = {beta_text(row['beta_1'])}</b>",
        f"R(z₂) {value_text('rate_z2', row['rate_z2'])}",
        f"R(z₁|z₂) {value_text('rate_z1', row['rate_z1'])}",
    ]
    if metric is not None:
        lines.append(f"{METRICS[metric]} {value_text(metric, row[metric])}")
    return "<br>".join(lines)


def _diagonal(rows: pd.DataFrame) -> go.Scatter:
    """β₂ = β₁: the points that a β-VAE could be trained to."""
    equal = rows[np.isclose(rows["beta_2"], rows["beta_1"], rtol=1e-6)].sort_values("beta_2")
    return go.Scatter(
        name="diagonal",
        mode="lines",
        x=equal["rate_z2"].tolist(),
        y=equal["rate_z1"].tolist(),
        line={"color": RED, "width": 1.8, "dash": "6px,5px"},
        hoverinfo="skip",
    )


def _standard(rows: pd.DataFrame) -> go.Scatter:
    """β₂ = β₁ = 1: the standard VAE."""
    at = rows[np.isclose(rows["beta_2"], 1, rtol=1e-3) & np.isclose(rows["beta_1"], 1, rtol=1e-3)]
    return go.Scatter(
        name="standard",
        mode="markers",
        x=at["rate_z2"].tolist(),
        y=at["rate_z1"].tolist(),
        marker={"size": 8, "color": "#000000", "line": {"width": 1.5, "color": "#ffffff"}},
        hoverinfo="skip",
    )
