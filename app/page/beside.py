"""Another atlas's points in the figures of this one: hollow dots, at the same metrics, axes and units.

Both atlases are drawn by the same functions; the dots of the other's figure then join this one's. Pages do
the same with figures that were recorded: assets/page/figures/recorded/beside.js.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.page.figures.colours import dot_colours
from app.page.figures.look import Look
from app.page.menus import THEORY
from app.page.points import point_titles, points_table
from app.page.state import size_metrics
from hvae.atlas.atlas import Atlas

if TYPE_CHECKING:
    from app.page.widgets.figure_row import Drawn

DOTS = "beside"
BELOW = "diagonal"
"""The trace below which the other's dots lie."""
ROOM = 0.05
"""Between the outermost dot and the end of an axis, as a share of the axis."""


class Other(NamedTuple):
    """An atlas that is shown beside the page's own. name: in addresses. title: for people."""

    name: str
    title: str
    atlas: Atlas
    version: str = ""


def drawn_beside(
    draw: Callable[[Atlas, Mapping[str, Any]], Sequence[Drawn]],
    atlas: Atlas,
    look: Mapping[str, Any],
    other: Other | None,
) -> list[Drawn]:
    """Return a view's figures of an atlas, with the dots of the other one if there is one.

    Where the other atlas has no numbers for a figure, its note says so.
    """
    parts = list(draw(atlas, look))
    if other is None:
        return parts
    theirs = [part.figure for part in draw(other.atlas, _look_at(other.atlas, look))]
    return [_joined(part, theirs, atlas, other, Look.of(look).colour) for part in parts]


def _look_at(other: Atlas, look: Mapping[str, Any]) -> dict[str, Any]:
    """Return the look with which the other atlas is drawn: without theory, sized by metrics that it has."""
    known = size_metrics(other)
    chosen = look.get("sizes")
    sizes = [one for one in chosen if one in known] if isinstance(chosen, list) else None
    return {**look, "theory": next(iter(THEORY)), "sizes": sizes}


def _joined(part: Drawn, theirs: Sequence[go.Figure], atlas: Atlas, other: Other, colour: str) -> Drawn:
    wanted = _drawn_columns(part.figure)
    if wanted is None:
        return part  # words: there are no axes
    found = next((figure for figure in theirs if _drawn_columns(figure) == wanted), None)
    if found is None:
        said = f"{other.title} has no numbers for this figure."
        return part._replace(note=f"{part.note}{_joint(part.note)}{said}")
    return part._replace(figure=_with_dots(part.figure, found, atlas, other, colour))


def _drawn_columns(figure: go.Figure) -> tuple[str | None, ...] | None:
    """Return what a figure's dots stand for: the columns across and up, and that of their sizes."""
    meta = figure.layout.meta
    return (meta["x"], meta["y"], meta.get("size")) if meta else None


def _joint(note: str) -> str:
    return "" if not note else " " if note.endswith(".") else " · "


def _with_dots(
    figure: go.Figure, their_figure: go.Figure, atlas: Atlas, other: Other, colour: str
) -> go.Figure:
    table, their_table = (points_table(one).set_index("point") for one in (atlas, other.atlas))
    own, theirs = (_points(one) for one in (figure, their_figure))
    size = figure.layout.meta.get("size")
    if size:
        _size_alike(own, theirs, *(_values(*its, size) for its in ((table, own), (their_table, theirs))))
    colours = pd.Series(dot_colours(their_table, colour, scale=table), index=their_table.index)
    titles = pd.Series(point_titles(their_table), index=their_table.index)
    hollow = go.Scatter(
        name=DOTS,
        mode="markers",
        x=theirs.x,
        y=theirs.y,
        customdata=theirs.customdata,
        marker={
            "symbol": "circle-open-dot",
            "size": theirs.marker.size,
            "color": colours.loc[list(theirs.ids)].tolist(),
            "opacity": 0.75,
            "line": {"width": 1.2},
        },
        meta={
            "atlas": other.name,
            "title": other.title,
            "points": list(theirs.ids),
            "titles": titles.loc[list(theirs.ids)].tolist(),
        },
        hoverinfo="skip",
    )
    for name, places in (("xaxis", hollow.x), ("yaxis", hollow.y)):
        figure.layout[name].update(_widened(figure.layout[name], their_figure.layout[name], places))
    at = next(index for index, trace in enumerate(figure.data) if trace.name == BELOW)
    return go.Figure([*figure.data[:at], hollow, *figure.data[at:]], figure.layout)


def _points(figure: go.Figure) -> go.Scatter:
    return next(trace for trace in figure.data if trace.name == "points")


def _values(table: pd.DataFrame, dots: go.Scatter, column: str) -> np.ndarray:
    return table.loc[list(dots.ids), column].to_numpy(float)


def _size_alike(own: go.Scatter, theirs: go.Scatter, values: np.ndarray, their_values: np.ndarray) -> None:
    """Give the dots of both atlases sizes on one scale of the metric's values, (N,) and (M,)."""
    sizes = np.asarray(own.marker.size, float)
    small, large = float(sizes.min()), float(sizes.max())
    both = np.concatenate([values, their_values])
    low, high = float(both.min()), float(both.max())
    if small == large or low == high:
        return
    # The largest dot is the best, by whichever end of the scale that is.
    worst, best = (low, high) if values[sizes.argmax()] > values[sizes.argmin()] else (high, low)
    for dots, its in ((own, values), (theirs, their_values)):
        area = small**2 + (large**2 - small**2) * (its - worst) / (best - worst)
        dots.marker.size = np.sqrt(area).round(2).tolist()


def _widened(axis: Any, theirs: Any, places: Sequence[float]) -> dict[str, Any]:
    """Return what changes about an axis that is to hold further places, too.

    theirs: the same axis in the other atlas's figure, whose ticks are used if they lead further.
    """
    is_log = axis.type == "log"
    values = np.log10(places) if is_log else np.asarray(places, float)
    low, high = axis.range
    least, most = float(values.min()), float(values.max())
    room = ROOM * (max(high, most) - min(low, least))
    change: dict[str, Any] = {
        "range": [low if least >= low else least - room, high if most <= high else most + room]
    }
    if not is_log:
        change["zeroline"] = bool(axis.zeroline or change["range"][0] <= 0)
    elif len(theirs.tickvals) > len(axis.tickvals):
        change |= {"tickvals": theirs.tickvals, "ticktext": theirs.ticktext}
    return change
