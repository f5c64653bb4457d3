"""Landscapes (Fig. 2 of the source): the rate plane, once for each of up to three metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from dash import Dash, html
from dash.development.base_component import Component

from app.claims.differences import paired
from app.page.explanations.tour import INVITATION
from app.page.figures.axes import left_out
from app.page.figures.look import Look
from app.page.figures.planes import PLANE, landscape_figure, plane_note
from app.page.landing_sentence import landing_sentence
from app.page.menus import GOALS, goal_title
from app.page.points import points_table
from app.page.predictions import FROM_THE_SPECTRUM, THEOREM, chosen_predictions
from app.page.state import first_sizes, size_metrics
from app.page.widgets import controls, figure_row
from app.page.widgets.pieces import equation_button
from app.page.words import metric_title
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas
from hvae.metrics.registry import metric_of

VIEW = "landscapes"
SENTENCE = f"{VIEW}-sentence"
THEORY = f"{VIEW}-theory"
MOST = len(GOALS)
"""How many planes there are at most."""


def layout(atlas: Atlas) -> html.Div:
    """The planes as a visitor first sees them; one where the atlas has no metric at all."""
    drawn = _draw(atlas, {})
    board = figure_row.layout(VIEW, [_head(atlas, index) for index in range(len(drawn))], drawn, MOST)
    sentence = html.P(**drawn[0].around[SENTENCE], id=SENTENCE, className="landing-sentence")
    theory = html.P(**drawn[0].around[THEORY], id=THEORY, className="landing-theory")
    words = html.Div([sentence, _invitation(), theory], className="landing-words")
    return html.Div([words, board], className="landing")


def register(app: Dash, requested: RequestedAtlas) -> None:
    """What a visitor chooses redraws the planes."""
    figure_row.register(app, requested, VIEW, MOST, _draw, drawn=True)
    controls.register(app, [f"size-{index}" for index in range(MOST)])


def _head(atlas: Atlas, index: int) -> list[Component]:
    sizes = first_sizes(atlas)
    if not sizes:
        return [html.H2("The rate plane", className="figure-title")]
    parts = heading(index, sizes[index])
    title = html.H2([html.Span(id=name, **its) for name, its in parts.items()], className="goal-title")
    metrics = {column: metric_title(column) for column in size_metrics(atlas)}
    menu = controls.menu(f"size-{index}", f"Dot size in plane {index + 1}", metrics, sizes[index])
    return [title, menu, equation_button(f"{{size-{index}}}")]


def _invitation() -> html.Span:
    """Return the way into the tour; assets/page/views/explanations/tour.js shows it on a first visit."""
    dismiss = {"aria-label": "No tour", "title": "No tour"}
    return html.Span(
        [
            html.Button(INVITATION, id="open-tour", type="button"),
            html.Button("×", id="dismiss-tour", type="button", **dismiss),
        ],
        id="tour-invitation",
        className="tour-invitation",
        hidden=True,
    )


def heading(index: int, metric: str) -> dict[str, dict[str, Any]]:
    """Return a plane's heading, id → properties: the goal of its metric, and the symbol of the best.

    A metric without a goal has its own name there.
    """
    goal = metric_of(metric).goal
    return {
        f"{VIEW}-goal-{index}": {"children": goal_title(metric)},
        f"{VIEW}-symbol-{index}": {
            "children": html.I(),
            "className": f"mark mark-optimum of-{goal or 'none'}",
        },
    }


def theory_words(predicted: pd.DataFrame | None) -> dict[str, dict[str, Any]]:
    """Return what stands above the planes about hollow dots, id → properties; nothing without any."""
    words = "" if predicted is None else f"{FROM_THE_SPECTRUM} {THEOREM}"
    return {THEORY: {"children": words}}


def _draw(atlas: Atlas, look: Mapping[str, Any]) -> list[figure_row.Drawn]:
    table = points_table(atlas)
    sizes: list[str | None] = list(first_sizes(atlas)) or [None]
    chosen, there = look.get("sizes"), size_metrics(atlas)
    if isinstance(chosen, list):
        # A page that was opened before more was measured has fewer planes.
        sizes = sizes[: max(1, len(chosen))]
        if 0 < len(chosen) <= MOST and all(one in there for one in chosen):
            sizes = chosen
    style = Look.of(look)
    predicted = chosen_predictions(atlas, look)
    sentence = {SENTENCE: {"children": landing_sentence(table, sizes, paired(atlas))}} | theory_words(
        predicted
    )
    return [
        figure_row.Drawn(
            landscape_figure(table, sizes, index, style, predicted),
            _note(table, metric, style),
            sentence | (heading(index, metric) if metric else {}),
        )
        for index, metric in enumerate(sizes)
    ]


def _note(table: pd.DataFrame, metric: str | None, look: Look) -> str:
    if metric:
        return plane_note(table, metric, look)
    return f"One dot is one trained model. {left_out(table, PLANE)}".strip()
