"""The rate plane: every point of an atlas at its layer-wise rates (Figs. 2, 3 and 6 of the source)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.page.figures.axes import drawable, left_out, rate_axis, rate_values
from app.page.figures.bands import band_edges, best, best_of_bands, diagonal
from app.page.figures.canvas import nothing, points_figure
from app.page.figures.labels import Label
from app.page.figures.look import Look
from app.page.figures.marks import SYMBOLS, diameters, line, mark, mark_size
from app.page.figures.quantities import text
from app.page.figures.theory import with_predicted
from app.page.menus import goal_title
from hvae.metrics.registry import metric_of

PLANE = ("rate_z2", "rate_z1")


def landscape_figure(
    table: pd.DataFrame,
    metrics: Sequence[str | None],
    place: int,
    look: Look,
    predicted: pd.DataFrame | None = None,
) -> go.Figure:
    """The rate plane with dots as large as the metric `metrics[place]` is good (Fig. 2).

    All three optima are marked, by △ ◇ ○ according to their goals, so that each plane shows how far apart
    they lie. table: columns of metrics.parquet and `point`. A metric None: dots of one size. predicted: what
    theory says of the table's points, drawn as hollow dots; None for no theory.
    """
    marks = [optimum_mark(table, metric, look) for metric in metrics]
    figure = _plane(table, metrics[place], look, behind=[], before=marks, predicted=predicted)
    if figure.layout.meta:
        optima = [optimum_label(table, metric) for metric in dict.fromkeys(metrics)]
        figure.update_layout(
            meta={**figure.layout.meta, "optima": beside_a_plane(filter(None, optima), metrics[place])}
        )
    return figure


def optimum_label(table: pd.DataFrame, metric: str | None) -> dict[str, Any] | None:
    """Return what stands beside a metric's optimum in the planes: its point, goal and word."""
    if metric is None or (point := best_points(table, [metric]).get(metric)) is None:
        return None
    return {"metric": metric, "point": point, "goal": metric_of(metric).goal, "word": goal_title(metric)}


def beside_a_plane(labels: Iterable[dict[str, Any]], metric: str | None) -> list[dict[str, Any]]:
    """Return the labels for assets/page/figures/optima/, that of the plane's own metric first."""
    marked = [{**label, "own": label["metric"] == metric} for label in labels]
    return sorted(marked, key=lambda label: not label["own"])


def best_points(table: pd.DataFrame, metrics: Sequence[str]) -> dict[str, str]:
    """Return metric → the point of its optimum among those in its plane, of metrics that have one."""
    optima = {metric: _best_row(drawable(table, [*PLANE, metric]), metric) for metric in metrics}
    return {metric: str(row["point"].iloc[0]) for metric, row in optima.items() if len(row)}


def _best_row(rows: pd.DataFrame, metric: str | None) -> pd.DataFrame:
    """Return the row that is best by a metric, as a table; an empty one where there is none."""
    at = best(rows, metric)
    return rows.iloc[[] if at is None else [at]]


def optimum_mark(table: pd.DataFrame, metric: str | None, look: Look) -> go.Scatter:
    """Return the symbol of the metric's goal on the best point; on none if no point has a number."""
    rows = drawable(table, [*PLANE, metric] if metric else PLANE)
    symbol = SYMBOLS[metric_of(metric).goal if metric else None]
    return mark(
        _best_row(rows, metric), *PLANE, symbol, f"optimum of {metric}", look, mark_size(len(rows), 18)
    )


def banded_plane_figure(table: pd.DataFrame, metric: str, look: Look) -> go.Figure:
    """The rate plane with diagonals of constant total rate, and ★ on the best split of each band between
    two of them (Figs. 3 and 6): how the same total is best split between the layers."""
    rows = drawable(table, [*PLANE, "rate_total", metric])
    edges = _edges_within(rows, look)
    lines = [_total_rate_line(total, look) for total in edges]
    labels = [Label(line, f"{total:g}", 0.5, contour=True) for line, total in zip(lines, edges, strict=True)]
    optima = band_marks(rows, *PLANE, metric, look)
    # The outer ones first: there is more room.
    return _plane(table, metric, look, behind=lines, before=[optima], labels=labels[::-1])


def band_marks(rows: pd.DataFrame, x: str, y: str, metric: str, look: Look) -> go.Scatter:
    """★ on the point of each band of total rate that splits it best; x, y: the columns drawn."""
    best_rows = best_of_bands(rows, metric, look)
    return mark(best_rows, x, y, "star", "best of each band", look, mark_size(len(rows), 14))


def optimum_text(table: pd.DataFrame, metric: str | None, look: Look) -> str:
    """A metric's best value with its standard error: `best 6.35 ± 0.03`; empty where no dot has a value."""
    rows = drawable(table, [*PLANE, metric]) if metric else table.head(0)
    at = best(rows, metric)
    if metric is None or at is None:
        return ""
    row = rows.iloc[at]
    word = "best" if metric_of(metric).higher_is_better else "lowest"
    return f"{word} {text(metric, row[metric], look, row.get(f'{metric}_se', np.nan))}"


def plane_note(table: pd.DataFrame, metric: str, look: Look) -> str:
    """What stands above a plane of a metric: its best value, and how many models are left out.

    A metric whose title is long is named, too: the menu beside the heading cuts it.
    """
    best_value = optimum_text(table, metric, look)
    short = metric_of(metric).short_title
    named = f"{short}: {best_value}" if short and best_value else best_value
    return " · ".join(filter(None, [named, left_out(table, [*PLANE, metric])]))


def _plane(
    table: pd.DataFrame,
    metric: str | None,
    look: Look,
    behind: Sequence[go.Scatter],
    before: Sequence[go.Scatter],
    labels: Sequence[Label] = (),
    predicted: pd.DataFrame | None = None,
) -> go.Figure:
    rows = drawable(table, [*PLANE, metric] if metric else PLANE)
    if not len(rows):
        return nothing(table, [*PLANE, metric] if metric else PLANE)
    size = (
        diameters(rows[metric].to_numpy(float), lower_is_better=not metric_of(metric).higher_is_better)
        if metric
        else diameters(np.ones(len(rows)))
    )
    everywhere = drawable(table, PLANE)  # the axes of all planes are alike
    x, y = (
        rate_axis(
            column, with_predicted(rate_values(everywhere, column, look), predicted, column, look), look
        )
        for column in PLANE
    )
    card = [*PLANE, metric] if metric else [*PLANE]
    figure = points_figure(table, rows, PLANE, look, card, x, y, size, (), behind, before, labels, predicted)
    return figure.update_layout(meta={**figure.layout.meta, "size": metric})


def _total_rate_line(total: float, look: Look) -> go.Scatter:
    x, y = diagonal(total, look)
    return line(x, y, f"total {total:g}", ink=False, width=1)


def _edges_within(rows: pd.DataFrame, look: Look) -> list[float]:
    """The diagonals between two bands: neither 0 nor the one that no point lies beyond."""
    total = rate_values(rows, "rate_total", look)
    return band_edges(float(total.max()) if len(total) else 0.0, look)[1:-1]
