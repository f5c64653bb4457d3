"""The selected model's strip, below the figures: reconstructions, a traversal of z₂, and samples.

assets/page/views/model-strip.js fills in its pictures and sliders.
"""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import Dash, html

from app.page.points import TRAVERSAL
from app.page.state import SAMPLES
from app.page.views import figure_views
from app.page.widgets.pieces import MOST_EXAMPLES, Frame, example_count, picture, stats
from app.pictures.contact_sheet import COLUMNS
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas


def layout(atlas: Atlas) -> dmc.Paper:
    """Return the strip, still without pictures."""
    frame = Frame.of(atlas)
    title = html.Div(
        [
            html.Span(className="swatch"),
            dmc.Title("No model selected", order=2, size="h4", id="model-title"),
            dmc.Button("Pin", id="pin", variant="subtle", size="compact-sm", **{"aria-pressed": "false"}),
        ],
        className="model-title",
    )
    draw_again = dmc.Button("Draw again", id="draw-again", variant="light", size="compact-sm")
    reset = dmc.Button("Reset", id="traversal-reset", variant="subtle", size="compact-sm")
    sliders = html.Div(id="traversal-sliders", className="sliders")
    strips = [
        _strip("reconstructions", "Reconstructions", "test images, reconstructions below", frame, rows=4),
        _strip("traversal", "Move through z₂", TRAVERSAL, frame, reset, rows=2, below=sliders),
        _strip("samples", "Samples", "drawn from the prior", frame, draw_again, rows=SAMPLES // COLUMNS),
    ]
    message = dmc.Alert(
        id="model-message",
        title="This model cannot be shown",
        color="red",
        hide=True,
        className="model-message",
    )
    count = example_count(atlas, if_damaged=MOST_EXAMPLES)
    return dmc.Paper(
        [
            html.Div([title, stats("stat")], className="panel-head selected-head"),
            html.Div([message, *strips], className="strips"),
        ],
        className="panel model-panel",
        withBorder=True,
        radius="lg",
        id="model-panel",
        **{"data-views": " ".join(figure_views()), "data-images": str(count)},
    )


def register(app: Dash, requested: RequestedAtlas) -> None:
    """Add no callbacks: scripts do everything."""


def _strip(
    name: str,
    title: str,
    subtitle: str,
    frame: Frame,
    *actions: dmc.Button,
    rows: int,
    below: html.Div | None = None,
) -> html.Section:
    """Return a heading and the place of its picture."""
    heading = html.Div(
        [
            dmc.Title(title, order=3, size="h5"),
            dmc.Text(subtitle, size="sm", c="dimmed", className="strip-subtitle", id=f"{name}-subtitle"),
            *actions,
        ],
        className="strip-head",
    )
    its_picture = picture(name, f"{title}: {subtitle}", frame.sheet(COLUMNS, rows))
    return html.Section([heading, its_picture, below], className="strip")
