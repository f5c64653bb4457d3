"""The selected model's strip, below the figures: reconstructions, a traversal of z₂, and samples.

Its pictures and sliders belong to assets/40-model.js; here are the places they go to.
"""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import Dash, html

from app.points import STATS, TRAVERSAL
from app.sheet import COLUMNS, GAP
from app.state import FIGURE_VIEWS
from hvae.atlas import Atlas
from hvae.errors import UserError

MOST_RECONSTRUCTIONS = 16


def layout(atlas: Atlas) -> dmc.Paper:
    """The strip, its pictures yet to come."""
    shape = atlas.manifest.model.get("image_shape")
    height, width = shape[1:] if isinstance(shape, list) and len(shape) == 3 else (32, 32)
    size = {"height": height, "width": width}
    title = html.Div(
        [
            html.Span(className="swatch"),
            dmc.Title("No model selected", order=2, size="h4", id="model-title"),
            dmc.Button("Pin", id="pin", variant="subtle", size="compact-sm", **{"aria-pressed": "false"}),
        ],
        className="model-title",
    )
    stats = html.Dl(
        [
            html.Div([html.Dt(name), html.Dd("–", id=f"stat-{column}", **{"data-column": column})])
            for column, name in STATS.items()
        ],
        className="stats",
    )
    draw_again = dmc.Button("Draw again", id="draw-again", variant="light", size="compact-sm")
    reset = dmc.Button("Reset", id="traversal-reset", variant="subtle", size="compact-sm")
    sliders = html.Div(id="traversal-sliders", className="sliders")
    strips = [
        _strip("reconstructions", "Reconstructions", "test images, theirs below", [], rows=4, **size),
        _strip("traversal", "Move through z₂", TRAVERSAL, [reset], rows=2, **size, below=sliders),
        _strip("samples", "Samples", "drawn from the prior", [draw_again], rows=4, **size),
    ]
    message = dmc.Alert(
        id="model-message",
        title="This model cannot be shown",
        color="red",
        hide=True,
        className="model-message",
    )
    return dmc.Paper(
        [
            html.Div([title, stats], className="panel-head selected-head"),
            html.Div([message, *strips], className="strips"),
        ],
        className="panel model-panel",
        withBorder=True,
        radius="lg",
        id="model-panel",
        **{"data-views": " ".join(FIGURE_VIEWS), "data-images": str(example_images(atlas))},
    )


def example_images(atlas: Atlas) -> int:
    """How many test images the strip reconstructs; the atlas may hold only a few."""
    try:
        return min(MOST_RECONSTRUCTIONS, len(atlas.examples().images))
    except UserError:
        return MOST_RECONSTRUCTIONS  # their picture will say what is wrong


def register(app: Dash, atlas: Atlas) -> None:
    """No callbacks: the page's scripts do it all."""


def _strip(
    name: str,
    title: str,
    subtitle: str,
    actions: list[dmc.Button],
    rows: int,
    height: int,
    width: int,
    below: html.Div | None = None,
) -> html.Section:
    """A heading and its picture, whose place is kept free until it comes."""
    picture = html.Img(
        id=f"{name}-picture",
        alt=f"{title}: {subtitle}",
        className="picture",
        width=COLUMNS * (width + GAP) - GAP,
        height=rows * (height + GAP) - GAP,
        draggable="false",
    )
    heading = html.Div(
        [
            dmc.Title(title, order=3, size="h5"),
            dmc.Text(subtitle, size="sm", c="dimmed", className="strip-subtitle", id=f"{name}-subtitle"),
            *actions,
        ],
        className="strip-head",
    )
    return html.Section([heading, picture, below], className="strip")
