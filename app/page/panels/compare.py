"""Up to three models side by side: the same noise, the same images.

assets/page/views/compare.js fills in the pictures.
"""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import Dash, html

from app.page.state import MOST_PINS, SAMPLES
from app.page.widgets.pieces import Frame, picture, stats
from app.pictures.contact_sheet import COLUMNS
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas

PICTURES = {"samples": ("Samples", SAMPLES // COLUMNS), "reconstructions": ("Reconstructions", 4)}
"""Kind → title and rows of pictures."""


def layout(atlas: Atlas) -> html.Div:
    """Return a column for each pin, with a hint if it is empty."""
    frame = Frame.of(atlas)
    return html.Div([_column(index, frame) for index in range(MOST_PINS)], className="compare")


def register(app: Dash, requested: RequestedAtlas) -> None:
    """Add no callbacks: scripts do everything."""


def _column(index: int, frame: Frame) -> dmc.Paper:
    head = html.Div(
        [
            html.Span(className="swatch"),
            dmc.Title("", order=2, size="h4", className="compare-title"),
            dmc.Button(
                "Unpin",
                variant="subtle",
                size="compact-sm",
                className="unpin",
                **{"aria-label": f"Unpin model {index + 1}"},
            ),
        ],
        className="model-title",
    )
    pictures = [
        html.Section(
            [
                dmc.Title(title, order=3, size="h5"),
                picture(
                    f"compare-{index}-{kind}",
                    f"{title} of pinned model {index + 1}",
                    frame.sheet(COLUMNS, rows),
                ),
                html.P(className="picture-note", role="status"),
            ],
            className="strip",
        )
        for kind, (title, rows) in PICTURES.items()
    ]
    empty = html.P(
        [
            "Nothing pinned here. Select a model in any view and press ",
            html.Kbd("p"),
            ": up to three stand here side by side, drawn from the same noise.",
        ],
        className="empty",
    )
    return dmc.Paper(
        [empty, html.Div([head, stats(), *pictures], className="compare-model", hidden=True)],
        className="panel compare-column",
        withBorder=True,
        radius="lg",
        **{"data-index": str(index)},
    )
