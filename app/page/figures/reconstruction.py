"""What reconstruction costs: distortion and PSNR over the total rate (Fig. 3 and Eq. 6 of the source)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.page.figures.axes import axis, drawable, rate_axis, rate_values, span
from app.page.figures.canvas import nothing, points_figure
from app.page.figures.look import Look
from app.page.figures.marks import line
from app.page.figures.planes import PLANE, band_marks
from app.page.figures.quantities import FLOOR, axis_title, shown
from app.page.figures.theory import with_predicted
from hvae.bounds import best_distortion


def distortion_figure(table: pd.DataFrame, look: Look, predicted: pd.DataFrame | None = None) -> go.Figure:
    """Distortion over total rate, the bound D ≥ H − R of Eq. 6, and the lower hull of the points.

    H is estimated from above by the lowest −ELBO of the atlas, so the point that has it lies on the bound.
    predicted: what theory says of the table's points, drawn as hollow dots; None for no theory.
    """
    at = ("rate_total", "distortion")
    rows = drawable(table, at)
    if not len(rows):
        return nothing(table, at)
    x, y = rate_values(rows, "rate_total", look), shown(rows, "distortion", look)
    rates = _rates_up_to(float(x.max()), look)
    bound = best_distortion(rates, shown(table, "neg_elbo", look))
    total = shown(rows, "rate_total", look)
    hull = lower_hull(total, y)
    # Densely: straight between its points on linear axes only.
    along = np.union1d(total[hull], rates[(rates > total.min()) & (rates < total.max())])
    lowest = max(y.min() - 0.3 * np.ptp(y), bound.min())
    across = with_predicted(x, predicted, "rate_total", look)
    up = with_predicted(np.array([lowest, y.max()]), predicted, "distortion", look)
    return points_figure(
        table,
        rows,
        at,
        look,
        card=[*PLANE, *at, "neg_elbo"],
        x=rate_axis("rate_total", across, look),
        y=axis(axis_title("distortion", look), span(up)),
        behind=[
            line(np.maximum(along, x.min()), np.interp(along, total[hull], y[hull]), "lower hull", ink=False),
            line(rates, bound, "bound", dash="dot"),
        ],
        predicted=predicted,
    )


def psnr_figure(table: pd.DataFrame, look: Look) -> go.Figure:
    """PSNR over total rate, ★ on the best split of each band of total rate, β₂ = β₁ in red (Fig. 3)."""
    at = ("rate_total", "psnr")
    rows = drawable(table, at)
    if not len(rows):
        return nothing(table, at)
    return points_figure(
        table,
        rows,
        at,
        look,
        card=[*PLANE, *at],
        x=rate_axis("rate_total", rate_values(rows, "rate_total", look), look),
        y=axis(axis_title("psnr", look), span(shown(rows, "psnr", look))),
        before=[band_marks(rows, *at, "psnr", look)],
    )


def lower_hull(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Positions of the points on the lower convex hull of (x, y), (N,) each, from left to right."""
    hull: list[int] = []
    for at in np.lexsort((y, x)):
        if hull and x[hull[-1]] == x[at]:
            continue
        while len(hull) > 1 and _turn(hull[-2], hull[-1], at, x, y) <= 0:
            hull.pop()
        hull.append(int(at))
    return np.array(hull, int)


def _turn(a: int, b: int, c: int, x: np.ndarray, y: np.ndarray) -> float:
    """Above zero where the way from a over b to c turns left."""
    return (x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a])


def _rates_up_to(highest: float, look: Look) -> np.ndarray:
    return np.geomspace(FLOOR, max(highest, 2 * FLOOR), 80) if look.axes == "log" else np.array([0, highest])
