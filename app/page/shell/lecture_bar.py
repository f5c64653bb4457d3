"""The head of lecture mode, with the presenter's steps; assets/page/views/lecture.js fills it in."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import dcc, html

from app.page.lecture import lecture
from app.page.shell.following import followers_button
from app.page.words import dataset_title, models_text
from hvae.atlas.atlas import Atlas


def layout(atlas: Atlas) -> html.Aside:
    """Return the step's title and sentence, above the view, and the buttons; only lecture mode shows them."""
    steps = [step.to_dict() for step in lecture(atlas)]
    about = f"{dataset_title(atlas.manifest.dataset)}, {models_text(len(atlas.metrics))}"
    return html.Aside(
        [
            dcc.Store(id="lecture-steps", data=steps),
            html.Div(
                [
                    html.P(
                        id="lecture-title",
                        className="lecture-title",
                        role="heading",
                        **{"aria-level": "1"},
                    ),
                    html.P(id="lecture-sentence", className="lecture-sentence"),
                ],
                className="lecture-words",
                **{"aria-live": "polite"},
            ),
            html.Div(
                [
                    html.Span(about, className="lecture-about"),
                    html.Span(id="lecture-number", className="lecture-number"),
                    followers_button(),
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
