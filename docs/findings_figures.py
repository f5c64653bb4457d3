"""The figures of docs/findings.md, as SVG: pure functions from an atlas's table to a matplotlib figure."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from app.claims.words import probe_name
from app.page.figures.colours import beta_ranges, colour_code
from app.page.words import metric_title

OPTIMA = {"psnr": "^", "acc_rbf_svm_z2_draw": "D", "inception_score": "o"}
PROBES = [f"acc_{probe}_z2_draw" for probe in ("logistic", "linear_svm", "rbf_svm", "knn")]
RED, INK, PALE = "#d1242f", "#1f2328", "#8c959f"
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "findings",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": PALE,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
Z2, Z1, TOTAL = "R(z₂), nats", "R(z₁|z₂), nats", "total rate, nats"


def three_optima(table: pd.DataFrame) -> Figure:
    """Return the rate plane with the optimum of each goal marked."""
    figure, axes = panels(1, width=5.2, height=4.2)
    [plane] = axes
    dots(plane, table, "rate_z2", "rate_z1")
    line(plane, table, "rate_z2", "rate_z1")
    for metric, marker in OPTIMA.items():
        row = table.loc[table[metric].idxmax()]
        plane.scatter(
            row["rate_z2"],
            row["rate_z1"],
            s=170,
            marker=marker,
            facecolors="none",
            edgecolors=INK,
            linewidths=1.8,
            label=f"best {metric_title(metric)}",
            zorder=4,
        )
    labelled(plane, Z2, Z1)
    plane.legend(frameon=False)
    return figure


def off_the_line(table: pd.DataFrame) -> Figure:
    """Return each goal's metric over the total rate, β-VAEs joined by a line."""
    figure, axes = panels(3)
    for axis, metric in zip(axes, OPTIMA, strict=True):
        dots(axis, table, "rate_total", metric)
        line(axis, table, "rate_total", metric)
        labelled(axis, TOTAL, metric_title(metric))
    axes[0].legend(frameon=False, loc="lower right")
    return figure


def probes(table: pd.DataFrame) -> Figure:
    """Return accuracies of the four probes on draws of z₂ over R(z₂), with the best of each marked."""
    figure, axes = panels(4)
    for axis, metric in zip(axes, PROBES, strict=True):
        dots(axis, table, "rate_z2", metric)
        row = table.loc[table[metric].idxmax()]
        axis.axvline(row["rate_z2"], color=PALE, linewidth=1, zorder=0)
        logarithmic(axis)
        axis.set_title(probe_name(metric), fontsize=10)
        labelled(axis, Z2, "accuracy on draws")
    return figure


def generation(table: pd.DataFrame) -> Figure:
    """Return sharpness and diversity over the rate of each layer."""
    figure, axes = panels(4)
    for axis, (rate, score) in zip(
        axes,
        [
            ("rate_z1", "sharpness"),
            ("rate_z2", "diversity"),
            ("rate_z2", "sharpness"),
            ("rate_z1", "diversity"),
        ],
        strict=True,
    ):
        dots(axis, table, rate, score)
        logarithmic(axis)
        labelled(axis, Z1 if rate == "rate_z1" else Z2, metric_title(score).lower())
    return figure


FIGURES: dict[str, Callable[[pd.DataFrame], Figure]] = {
    "optima": three_optima,
    "off-the-line": off_the_line,
    "probes": probes,
    "generation": generation,
}
"""File name in docs/findings/, without .svg, and what draws it."""


def svg(draw: Callable[[pd.DataFrame], Figure], table: pd.DataFrame, source: str) -> bytes:
    """Return the figure as SVG, with `source` in its metadata; same table and matplotlib, same bytes."""
    written = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        draw(table).savefig(written, format="svg", metadata={"Date": None, "Source": source})
    return written.getvalue()


def panels(count: int, width: float = 2.7, height: float = 2.6) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(width * count, height), layout="constrained")
    return figure, list(np.atleast_1d(figure.subplots(1, count)))


def dots(axes: Axes, table: pd.DataFrame, x: str, y: str) -> None:
    """All points, in the page's colour code."""
    colours = colour_code(table["beta_2"], table["beta_1"], *beta_ranges(table))
    axes.scatter(table[x], table[y], s=20, c=colours, linewidths=0, zorder=2)


def line(axes: Axes, table: pd.DataFrame, x: str, y: str) -> None:
    """β₂ = β₁."""
    equal = table[np.isclose(table["beta_2"], table["beta_1"])].sort_values("beta_2")
    look: dict[str, Any] = {"color": RED, "linewidth": 1.2, "linestyle": "--"}
    axes.plot(equal[x], equal[y], **look, label="β₂ = β₁", zorder=1)


def logarithmic(axes: Axes) -> None:
    """Rates from 1 nat on logarithmically, with room for zero."""
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(left=-0.2)


def labelled(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
