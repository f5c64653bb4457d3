"""Reconstruction (Fig. 3 of the source): what the total rate and its split achieve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Dash, html

from app.page.figures.axes import left_out
from app.page.figures.look import Look
from app.page.figures.planes import PLANE, banded_plane_figure
from app.page.figures.reconstruction import distortion_figure, psnr_figure
from app.page.points import points_table
from app.page.predictions import OF_DISTORTION, OF_PSNR, THEOREM, chosen_predictions
from app.page.widgets import figure_row
from app.page.widgets.pieces import equation_button
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas

VIEW = "reconstruction"
TITLES = {
    "PSNR in the rate plane": ("psnr",),
    "PSNR": ("psnr",),
    "Distortion": ("distortion", "distortion_bound"),
}
"""Of figures, and what their equations explain."""


def layout(atlas: Atlas) -> html.Div:
    """Return the heads; the figures are drawn when the view is shown."""
    return figure_row.layout(
        VIEW,
        [
            [html.H2(title, className="figure-title"), equation_button(*explained)]
            for title, explained in TITLES.items()
        ],
    )


def register(app: Dash, requested: RequestedAtlas) -> None:
    """Draw the figures again when a visitor chooses something."""
    figure_row.register(app, requested, VIEW, len(TITLES), _draw)


def _draw(atlas: Atlas, look: Mapping[str, Any]) -> list[figure_row.Drawn]:
    table, style = points_table(atlas), Look.of(look)
    split = "On a diagonal the total rate is the same: only its split between the layers differs."
    bound = "Dotted: D ≥ H − R, with the lowest −ELBO here as the data's entropy H. Grey: lower hull."
    predicted = chosen_predictions(atlas, look)
    total = "★ the best split in each band between two diagonals: furthest above β-VAEs of its total rate."
    if predicted is not None:
        total, bound = OF_PSNR, f"{OF_DISTORTION} {THEOREM}"
    notes = [f"{split} {left_out(table, [*PLANE, 'psnr'])}".strip(), total, bound]
    figures = [
        banded_plane_figure(table, "psnr", style),
        psnr_figure(table, style),
        distortion_figure(table, style, predicted),
    ]
    return [figure_row.Drawn(figure, note) for figure, note in zip(figures, notes, strict=True)]
