"""How good samples are: inception score = diversity × sharpness (Fig. 6, Eqs. 8–9 of the source)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.page.figures.axes import axis, drawable, rate_axis, rate_values, span
from app.page.figures.canvas import nothing, points_figure
from app.page.figures.labels import Label
from app.page.figures.look import Look
from app.page.figures.marks import line, mark
from app.page.figures.planes import PLANE, band_marks
from app.page.figures.quantities import axis_title, shown, text
from app.page.judges import judged
from app.page.words import metric_title
from hvae.metrics.measurements.generation import GENERATION
from hvae.metrics.registry import metric_of

CURVES = 5
NEEDS = ": scores of samples need a classifier, which needs labels"


def score_figure(
    table: pd.DataFrame,
    score: str,
    rate: str,
    ceiling: Mapping[str, float],
    look: Look,
    judge: str = "source",
) -> go.Figure:
    """A generation score over a rate, with standard errors, and the score of real test images as a line.

    score: one of the menu's. rate: `rate_z2`, `rate_z1` or `rate_total`. ceiling: of real test images, as
    atlas.json holds it; empty where it was not measured. judge: who gives the score.
    """
    score = judged(score, judge)
    at = (rate, score)
    rows = drawable(table, at)
    if not len(rows):
        return nothing(table, at, NEEDS)
    x_axis = rate_axis(rate, rate_values(rows, rate, look), look)
    lines, optima, labels = [], [], []
    if score in ceiling:
        real = ceiling[score]
        words = f"real test images: {text(score, real, look, ceiling.get(f'{score}_se', np.nan))}"
        ends = np.asarray(x_axis["range"])
        ends = 10**ends if look.axes == "log" else ends
        lines = [line(ends, [real, real], "real images", dash="dot")]
        labels = [Label(lines[0], words)]
    if rate == "rate_total":
        optima = [band_marks(rows, *at, score, look)]
    y_axis = axis(axis_title(score, look), span(shown(rows, score, look), *(part.y for part in lines)))
    if metric_of(score).unit == "share":
        y_axis |= {"tickformat": ".0%"}
    return points_figure(
        table,
        rows,
        at,
        look,
        card=[*PLANE, rate, *dict.fromkeys((*_all_scores(judge), score))],
        x=x_axis,
        y=y_axis,
        errors=[score],
        behind=lines,
        before=optima,
        labels=labels,
    )


def product_figure(
    table: pd.DataFrame, ceiling: Mapping[str, float], look: Look, judge: str = "source"
) -> go.Figure:
    """Sharpness over diversity: their product is the inception score, constant along the faint curves.

    judge: who gives both.
    """
    at = (judged("diversity", judge), judged("sharpness", judge))
    rows = drawable(table, at)
    if not len(rows):
        return nothing(table, at, NEEDS)
    known = set(at) <= set(ceiling)
    real = pd.DataFrame([ceiling], columns=list(at)) if known else rows.head(0)
    wide, high = (span(shown(rows, column, look), real[column].to_numpy(float)) for column in at)
    x_axis, y_axis = (axis(metric_title(column), ends) for column, ends in zip(at, (wide, high), strict=True))
    real_images = mark(real, *at, "pentagon", "real images", look, size=12)
    scores = _scores(wide, high)
    curves = [_constant_score(score, x_axis["range"], y_axis["range"]) for score in scores]
    labels = [Label(real_images, "real images")] if known else []
    labels += [
        Label(curve, f"{score:g}", 0.2, contour=True) for curve, score in zip(curves, scores, strict=True)
    ]
    return points_figure(
        table,
        rows,
        at,
        look,
        card=[*PLANE, *_all_scores(judge)],
        x=x_axis | {"showgrid": False},
        y=y_axis | {"showgrid": False},
        errors=at,
        behind=curves,
        before=[real_images] if known else [],
        labels=labels,
    )


def _all_scores(judge: str) -> list[str]:
    """The columns of all scores by a judge."""
    return [judged(score, judge) for score in GENERATION.names]


def _scores(wide: tuple[float, float], high: tuple[float, float]) -> list[float]:
    """Round inception scores that curves are drawn for."""
    least, most = wide[0] * high[0], wide[1] * high[1]
    step = next(
        (step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if (most - least) / step <= CURVES), None
    )
    if step is None or not most > least:
        return []
    return [round(step * index, 6) for index in range(int(least / step) + 1, int(most / step) + 1)]


def _constant_score(score: float, wide: list[float], high: list[float]) -> go.Scatter:
    """diversity × sharpness = score, inside the axes."""
    left, right = max(wide[0], score / high[1], 1e-6), wide[1]
    x = np.linspace(left, max(right, left), 60)
    return line(x, score / x, f"score {score:g}", ink=False, width=1)
