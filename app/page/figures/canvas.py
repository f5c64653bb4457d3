"""A figure as a whole: traces on axes, and words where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.page.figures.axes import FONT, drawable, place
from app.page.figures.labels import Label, annotations
from app.page.figures.look import Look
from app.page.figures.marks import dots, equal_betas, framed, same_diameter, standard_vae
from app.page.figures.quantities import FLOOR, RATES, shown
from app.page.figures.theory import theory_traces
from app.page.words import metric_title


def canvas(
    traces: Sequence[go.Scatter], x: dict, y: dict, labels: Sequence[Label] = (), at: Sequence[str] = ()
) -> go.Figure:
    """A figure of these traces, first drawn first, with these axes, in the page's own type.

    labels: words on curves, above all traces. at: the columns across and up: the page marks there what
    lies between the dots and is selected (assets/page/figures/fold-mark.js).
    """
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
        "annotations": annotations(labels, traces, x, y),
        "meta": {"x": at[0], "y": at[1], "floor": FLOOR} if at else None,
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
    labels: Sequence[Label] = (),
    predicted: pd.DataFrame | None = None,
) -> go.Figure:
    """The points at two columns, β₂ = β₁ behind them and the standard VAE before them, with these axes.

    table, rows, card: see `dots`. at: the columns across and up. size: diameters (N,) in pixels; without it
    they are all the same. errors: those of `at` whose standard errors are drawn. behind, before: further
    traces below the dots, and marks above them. labels: of curves. predicted: what theory says of all
    points, with the table's index; it is drawn below them.
    """
    across, up = (place(rows, column, look) for column in at)
    error_x, error_y = (shown(rows, f"{column}_se", look) if column in errors else None for column in at)
    size = same_diameter(len(rows)) if size is None else size
    points = dots(table, rows, across, up, size, look, card, error_x, error_y, predicted)
    theory = [] if predicted is None else theory_traces(table, predicted, at, look, card)
    marks = framed([*before, standard_vae(rows, *at, look)], x, y)
    return canvas([*behind, *theory, equal_betas(rows, *at, look), points, *marks], x, y, labels, at)


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


def _folded(sentence: str) -> str:
    """In lines of about 40 letters."""
    lines = [""]
    for word in sentence.split():
        if len(lines[-1]) + len(word) > 40:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)
