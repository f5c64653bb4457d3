"""Generation (Fig. 6 of the source): inception score = diversity × sharpness, by either judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Dash, html

from app.page.figures.generation import product_figure, score_figure
from app.page.figures.look import Look, choice
from app.page.figures.planes import banded_plane_figure, plane_note
from app.page.judges import judged, judges, miscalibrated, scores
from app.page.menus import OVER
from app.page.points import points_table
from app.page.widgets import controls, figure_row
from app.page.widgets.pieces import equation_button
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas

VIEW = "generation"
PRODUCT = "Diversity × sharpness = inception score, which is constant along each curve."
CEILING = "The dotted line: the same score of real test images."
NO_CEILING = "The score of real images was not measured for this atlas."
WITHOUT_A_JUDGE = {
    "frechet": "How far samples as a whole lie from test images; no judge's confidence enters.",
    "precision": "The share of samples that look like test images; no judge's confidence enters.",
    "recall": "The share of test images that samples cover; no judge's confidence enters.",
}
"""Scores that no judge gives, and what each is."""


def layout(atlas: Atlas) -> html.Div:
    """Return the heads; the figures are drawn when the view is shown."""
    first = next(iter(scores(atlas)))
    board = figure_row.layout(
        VIEW,
        [
            [controls.menu("score", "Score of samples", scores(atlas), first), equation_button("{score}")],
            [controls.menu("rate", "Over which rate", OVER, "rate_total"), equation_button("{rate}")],
            [
                html.H2("Diversity and sharpness", className="figure-title"),
                equation_button("diversity", "sharpness"),
            ],
        ],
    )
    return html.Div([_judge(atlas), board], className="landing")


def register(app: Dash, requested: RequestedAtlas) -> None:
    """Draw the figures again when a visitor chooses something."""
    figure_row.register(app, requested, VIEW, 3, _draw)
    controls.register(app, ("score", "rate", "judge"))


def _judge(atlas: Atlas) -> html.Div:
    """Return the choice of the judge, and the place of what it is worth: assets/page/views/judge.js."""
    choices = judges(atlas)
    switch = controls.switch("judge", "Judge of samples", choices, next(iter(choices)))
    return html.Div(
        [
            *([html.Span("Judge", **{"aria-hidden": "true"}), switch] if len(choices) > 1 else []),
            *([html.P(id="judge-sureness", className="judge-sureness")] if atlas.manifest.judges else []),
        ],
        className="judge",
    )


def _draw(atlas: Atlas, look: Mapping[str, Any]) -> list[figure_row.Drawn]:
    table, style = points_table(atlas), Look.of(look)
    score, rate = choice(look, "score", scores(atlas)), choice(look, "rate", OVER)
    judge = choice(look, "judge", judges(atlas))
    ceiling, column = atlas.manifest.ceiling, judged(score, judge)
    about = WITHOUT_A_JUDGE.get(score) or (CEILING if column in ceiling else NO_CEILING)
    product = f"{PRODUCT} {miscalibrated(atlas, judge)}"
    return [
        figure_row.Drawn(banded_plane_figure(table, column, style), plane_note(table, column, style)),
        figure_row.Drawn(score_figure(table, score, rate, ceiling, style, judge), about),
        figure_row.Drawn(product_figure(table, ceiling, style, judge), product.strip()),
    ]
