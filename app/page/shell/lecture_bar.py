"""The bar of lecture mode, with the presenter's steps; assets/page/views/lecture.js fills it in."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import dcc, html

from app.page.lecture import lecture
from hvae.atlas.atlas import Atlas


def layout(atlas: Atlas) -> html.Aside:
    """Return the bar at the lower edge of the window, which only lecture mode shows."""
    steps = [step.to_dict() for step in lecture(atlas)]
    return html.Aside(
        [
            dcc.Store(id="lecture-steps", data=steps),
            html.Span(id="lecture-number", className="lecture-number"),
            html.P(
                [html.B(id="lecture-title"), " ", html.Span(id="lecture-sentence")], **{"aria-live": "polite"}
            ),
            html.Div(
                [
                    dmc.Button("Back", id="lecture-back", variant="default"),
                    dmc.Button("Next", id="lecture-next"),
                    dmc.Button("Leave", id="lecture-leave", variant="subtle", color="gray"),
                ],
                className="lecture-buttons",
            ),
        ],
        id="lecture",
        className="lecture",
        hidden=True,
        **{"aria-label": "Lecture"},
    )
