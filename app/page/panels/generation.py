"""Generation (Fig. 6 of the source): inception score = diversity × sharpness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Dash, html

from app.page.figures.generation import product_figure, score_figure
from app.page.figures.look import Look, choice
from app.page.figures.planes import banded_plane_figure, plane_note
from app.page.menus import OVER, scores
from app.page.points import points_table
from app.page.widgets import controls, figure_row
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas

VIEW = "generation"
PRODUCT = "Diversity × sharpness = inception score, which is constant along each curve."
CEILING = "The dotted line: the same score of real test images."
NO_CEILING = "The score of real images was not measured for this atlas."


def layout(atlas: Atlas) -> html.Div:
    """Return the heads; the figures are drawn when the view is shown."""
    return figure_row.layout(
        VIEW,
        [
            [controls.menu("score", "Score of samples", scores(), "inception_score")],
            [controls.menu("rate", "Over which rate", OVER, "rate_total")],
            [html.H2("Diversity and sharpness", className="figure-title")],
        ],
    )


def register(app: Dash, requested: RequestedAtlas) -> None:
    """Draw the figures again when a visitor chooses something."""
    figure_row.register(app, requested, VIEW, 3, _draw)
    controls.register(app, ("score", "rate"))


def _draw(atlas: Atlas, look: Mapping[str, Any]) -> list[figure_row.Drawn]:
    table, style = points_table(atlas), Look.of(look)
    score, rate = choice(look, "score", scores()), choice(look, "rate", OVER)
    ceiling = atlas.manifest.ceiling
    return [
        figure_row.Drawn(banded_plane_figure(table, score, style), plane_note(table, score, style)),
        figure_row.Drawn(
            score_figure(table, score, rate, ceiling, style), CEILING if score in ceiling else NO_CEILING
        ),
        figure_row.Drawn(product_figure(table, ceiling, style), PRODUCT),
    ]
