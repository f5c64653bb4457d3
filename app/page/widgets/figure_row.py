"""A row of figures: those of one view, side by side, each with a head and a note.

The figures of the first view come with the page, in a store: assets/page/figures/first-figures.js puts them
in their places. Those of another view are drawn when it is first shown. All are drawn again when something
changes that they depend on. assets/page/figures handles clicks on dots.
"""

from __future__ import annotations

import json
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import plotly.graph_objects as go
from dash import Dash, Input, Output, State, dcc, html, no_update, set_props
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.page.beside import Other, drawn_beside
from app.page.state import LOOK
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas

CONFIG = {"displayModeBar": False, "displaylogo": False, "doubleClick": False, "showTips": False}
FIRST_FIGURES = "first-figures"
"""The store of the first view's figures: id of the place → its children."""
KEPT = 32
DRAWN = tuple(name for name in LOOK if name not in ("view", "lecture"))
"""What figures depend on."""


class Drawn(NamedTuple):
    """A figure, and a sentence about it.

    around: what else on the page follows from the same choices: id → properties.
    """

    figure: go.Figure
    note: str
    around: Mapping[str, Mapping[str, Any]] = MappingProxyType({})


Draw = Callable[[Atlas, Mapping[str, Any]], Sequence[Drawn]]
"""From an atlas and the content of the store `look`, as a browser sends it, to a view's figures."""

BOARDS = "boards"
"""The server's extension that holds the `Board` of each view that has one, for who records all figures."""


class Board(NamedTuple):
    """What draws a view's figures, and whether the page holds them from the beginning."""

    draw: Draw
    is_drawn_at_first: bool


def layout(
    view: str, heads: Sequence[Sequence[Component]], drawn: Sequence[Drawn] = (), most: int = 0
) -> html.Div:
    """Return the row of a view: for each figure its head and its place.

    drawn: the figures, if the page has them from the beginning. most: how many the view has in other atlases.
    """
    columns = []
    for index, head in enumerate(heads):
        figure = drawn[index] if drawn else None
        columns.append(
            html.Div(
                [
                    html.Div(head, className="figure-head"),
                    html.P(figure.note if figure else "", id=f"{view}-note-{index}", className="figure-note"),
                    html.Div(
                        id=f"{view}-place-{index}",
                        className="linked-figure",
                        **{"data-figure": f"{view}-{index + 1}"},
                    ),
                ],
                className="figure-column",
            )
        )
    # The callback is the same for all atlases: it needs a place for every figure.
    for index in range(len(heads), most):
        columns += [
            html.P(id=f"{view}-note-{index}", hidden=True),
            html.Div(id=f"{view}-place-{index}", hidden=True),
        ]
    stores = [dcc.Store(id=f"{view}-drawn")]
    if drawn:
        placed = {
            f"{view}-place-{index}": _graph(view, index, part.figure) for index, part in enumerate(drawn)
        }
        stores.append(dcc.Store(id=FIRST_FIGURES, data=placed))
    return html.Div([*columns, *stores], className="board")


def register(
    app: Dash, requested: RequestedAtlas, view: str, most: int, draw: Draw, drawn: bool = False
) -> None:
    """Add the callback that draws a view's figures, at most `most`, while the view is shown.

    drawn: whether the page has them from the beginning.
    """
    app.server.extensions.setdefault(BOARDS, {})[view] = Board(draw, drawn)

    @lru_cache(KEPT)
    def drawn_once(atlas: Atlas, other: Other | None, look: str) -> tuple[Drawn, ...]:
        chosen = json.loads(look)
        parts = tuple(drawn_beside(draw, atlas, chosen, other))
        for part in parts:
            # assets/page/figures/late-figures.js asks again if a figure was drawn for another look.
            part.figure.update_layout(meta={**(part.figure.layout.meta or {}), "look": chosen})
        return parts

    @app.callback(
        *(Output(f"{view}-place-{index}", "children") for index in range(most)),
        *(Output(f"{view}-note-{index}", "children") for index in range(most)),
        Output(f"{view}-drawn", "data"),
        Input("look", "data"),
        State(f"{view}-drawn", "data"),
        prevent_initial_call=True,
    )
    def redraw(look: dict[str, Any], former: str | None) -> tuple:
        if not isinstance(look, dict) or look.get("view") != view:
            raise PreventUpdate
        chosen = {name: look[name] for name in DRAWN if name in look}
        snapshot, other = requested.snapshot(), requested.other(chosen.get("beside"))
        versions = {"version": snapshot.version, **({"beside_version": other.version} if other else {})}
        wanted = json.dumps({**chosen, **versions}, sort_keys=True)
        if former == wanted:
            raise PreventUpdate
        parts = drawn_once(snapshot.atlas, other, wanted)
        missing = [no_update] * (most - len(parts))
        notes = [*(part.note for part in parts), *missing]
        if former is None and not drawn:
            graphs = [_graph(view, index, part.figure) for index, part in enumerate(parts)]
            return *graphs, *missing, *notes, wanted
        for index, part in enumerate(parts):
            set_props(f"{view}-{index}", {"figure": part.figure})
        for name, properties in ChainMap(*(part.around for part in parts)).items():
            set_props(name, dict(properties))
        return *[no_update] * most, *notes, wanted


def _graph(view: str, index: int, figure: go.Figure) -> list[Component]:
    graph = dcc.Graph(
        id=f"{view}-{index}", figure=figure, responsive=True, config=CONFIG, className="figure-graph"
    )
    return [
        graph,
        html.Div(className="optima"),
        html.Div(className="ring"),
        html.Div(className="fold-mark", hidden=True),
    ]
