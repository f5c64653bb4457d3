"""The selected model's panel: samples, reconstructions and a traversal of z₂.

Its pictures and sliders belong to assets/40-model.js; here are the places they go to.
"""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, html

from app.points import STATS, TRAVERSAL
from app.sheet import COLUMNS, GAP
from hvae.atlas import Atlas

ROWS = 2
"""Rows of pictures in each strip."""


def layout(atlas: Atlas) -> dmc.Paper:
    """The panel, its pictures yet to come."""
    shape = atlas.manifest.model.get("image_shape")
    height, width = shape[1:] if isinstance(shape, list) and len(shape) == 3 else (32, 32)
    title = html.Div(
        [
            html.Span(id="model-swatch", className="swatch"),
            dmc.Title("No model selected", order=2, size="h4", id="model-title"),
        ],
        className="model-title",
    )
    stats = html.Dl(
        [html.Div([html.Dt(name), html.Dd("–", id=f"stat-{column}")]) for column, name in STATS.items()],
        className="stats",
    )
    draw_again = dmc.Button("Draw again", id="draw-again", variant="light", size="compact-sm")
    reset = dmc.Button("Reset", id="traversal-reset", variant="subtle", size="compact-sm")
    return dmc.Paper(
        [
            html.Div([title, stats], className="panel-head"),
            html.Div(
                [
                    dmc.Alert(
                        id="model-message",
                        title="This model cannot be shown",
                        color="red",
                        hide=True,
                        className="model-message",
                    ),
                    _strip("samples", "Samples", "drawn from the prior", draw_again, height, width),
                    _strip(
                        "reconstructions", "Reconstructions", "test images, theirs below", None, height, width
                    ),
                    _strip("traversal", "Move through z₂", TRAVERSAL, reset, height, width),
                ],
                className="strips",
            ),
            html.Div(id="traversal-sliders", className="sliders"),
        ],
        className="panel model-panel",
        withBorder=True,
        radius="lg",
        id="model-panel",
    )


def register(app: Dash) -> None:
    """Callbacks: what is on screen sets the title and the numbers, and asks for pictures."""
    app.clientside_callback(
        ClientsideFunction("hvae", "showModel"),
        Output("model-title", "children"),
        Output("model-swatch", "style"),
        Output("traversal-subtitle", "children"),
        *(Output(f"stat-{column}", "children") for column in STATS),
        Input("screen", "data"),
        State("points", "data"),
    )


def _strip(
    name: str, title: str, subtitle: str, action: dmc.Button | None, height: int, width: int
) -> html.Section:
    """A heading and its picture, whose place is kept free until it comes."""
    picture = html.Img(
        id=f"{name}-picture",
        alt=f"{title}: {subtitle}",
        className="picture",
        width=COLUMNS * (width + GAP) - GAP,
        height=ROWS * (height + GAP) - GAP,
        draggable="false",
    )
    heading = html.Div(
        [
            dmc.Title(title, order=3, size="h5"),
            dmc.Text(subtitle, size="sm", c="dimmed", className="strip-subtitle", id=f"{name}-subtitle"),
            action,
        ],
        className="strip-head",
    )
    return html.Section([heading, picture], className="strip")
