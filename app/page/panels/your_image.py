"""The visitor's own image: what the selected model makes of it, and how many nats each layer spends on it.

assets/page/views/your-image fills it in.
"""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import Dash, html
from dash.development.base_component import Component

from app.page.panels.model import diagram, most_rate
from app.page.widgets import colour_key
from app.page.widgets.pieces import Frame, example_count, model_head, picture, strip, thumbnails
from app.pictures.contact_sheet import COLUMNS
from app.pictures.your_image import link_characters
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas

CANVAS = 640
"""Width of the drawing canvas in pixels, whatever its width on screen."""

MNIST_HEIGHT = 20
"""Height of MNIST's digits in pixels. In frames above 28 pixels only the border grows."""
FILL = {"digits": 1.0}
"""How much of the frame's height a data set's digits fill; a drawing is scaled to that."""
USUAL_FILL = 26 / 32


def layout(atlas: Atlas) -> Component:
    """Return the place to draw on the left, and the model's answer on the right."""
    frame, count = Frame.of(atlas), example_count(atlas)
    return dmc.Paper(
        [_input(atlas, frame, count), _answer(atlas, frame)],
        className="panel own-view",
        withBorder=True,
        radius="lg",
        **{"data-message": "own-message", "data-images": str(count)},
    )


def register(app: Dash, requested: RequestedAtlas) -> None:
    """Add no callbacks: scripts do everything."""


def is_drawn(frame: Frame) -> bool:
    """Return whether a visitor can draw: the pen has no colours."""
    return frame.channels == 1


def fill(dataset: str, frame: Frame) -> float:
    """Return how much of the frame's height a drawing fills."""
    return MNIST_HEIGHT / max(frame.height, 28) if dataset == "mnist" else FILL.get(dataset, USUAL_FILL)


def _input(atlas: Atlas, frame: Frame, count: int) -> Component:
    invitation = "Draw here, or drop an image" if is_drawn(frame) else "Drop an image here"
    canvas = html.Div(
        [
            html.Canvas(
                id="own-canvas",
                width=CANVAS,
                height=round(CANVAS * frame.height / frame.width),
                role="img",
                **{"aria-label": f"Your own image. {invitation}."},
            ),
            html.P(invitation, className="own-invitation", **{"aria-hidden": "true"}),
        ],
        id="own-place",
        className="own-place",
        **{
            "data-channels": str(frame.channels),
            "data-height": str(frame.height),
            "data-width": str(frame.width),
            "data-fill": str(fill(atlas.manifest.dataset, frame)),
            "data-most-characters": str(link_characters(frame.height, frame.width)),
        },
    )
    actions = html.Div(
        [
            dmc.Button("Clear", id="own-clear", variant="light", size="compact-sm"),
            html.Label(["Choose an image file", html.Div(id="own-file-place")], className="own-file"),
        ],
        className="own-actions",
    )
    return html.Div(
        [
            strip(
                "Your image",
                "drawn, dropped or chosen" if is_drawn(frame) else "dropped or chosen, in colour",
                [canvas, actions],
                level=2,
            ),
            strip(
                "Test images",
                "click one to start from it",
                [thumbnails("own-thumbnails", count, frame, "Test images to start from")],
                level=2,
            ),
        ],
        className="own-input",
    )


def _answer(atlas: Atlas, frame: Frame) -> Component:
    begin = "draw on the left, drop an image there" if is_drawn(frame) else "drop an image on the left"
    captions = [html.Span(text) for text in ("Input", "Reconstruction", "z₂ alone")]
    bars = [
        html.Div(
            [
                html.Dt(name),
                html.Dd(
                    [
                        html.Span(html.Span(className="rate-fill"), className="rate-track"),
                        html.Span("–", className="rate-number"),
                    ]
                ),
            ],
            className="rate-row",
            **{"data-latent": latent},
        )
        for latent, name in (("z2", "R(z₂)"), ("z1", "R(z₁|z₂)"))
    ]
    numbers = [
        html.Div([html.Dt(name), html.Dd("–", **{"data-number": number})])
        for number, name in (("distortion", "Distortion"), ("neg_elbo", "−ELBO"))
    ]
    return html.Div(
        [
            html.Div([model_head(), colour_key.layout(atlas)], className="own-head"),
            html.P(id="own-message", className="view-message", role="status"),
            html.P(
                f"Nothing to look at yet: {begin}, or click a test image. "
                "Then this shows what each layer of the model keeps of it.",
                className="empty",
                id="own-empty",
            ),
            html.Div(
                [
                    html.Section(
                        [
                            html.Div(captions, className="own-captions"),
                            picture(
                                "own-layers",
                                "Your image, its reconstruction, and what z₂ alone says of it",
                                frame.sheet(3, 1),
                            ),
                        ],
                        className="strip own-large",
                    ),
                    html.Section(
                        [
                            diagram(atlas, "own-flow"),
                            html.Button(
                                "↻",
                                id="own-flow-again",
                                type="button",
                                className="text-button",
                                title="Play again",
                                **{"aria-label": "Play again how your image flows through the model"},
                            ),
                        ],
                        className="own-flow",
                    ),
                    html.Section(
                        [
                            html.Div(
                                [
                                    dmc.Title("What it costs", order=3, size="h5"),
                                    html.P(
                                        "The mark shows this model's mean over the test set.",
                                        className="note",
                                    ),
                                ],
                                className="own-rates-head",
                            ),
                            html.Dl(bars, className="rate-bars", **{"data-most": str(most_rate(atlas))}),
                            html.Dl(numbers, className="stats own-stats"),
                        ],
                        className="own-rates",
                    ),
                    strip(
                        "z₂ kept, z₁ drawn again",
                        "first z₁ at its mean, then seven draws",
                        [
                            picture(
                                "own-resample",
                                "Pictures that share your image's z₂, z₁ drawn anew",
                                frame.sheet(COLUMNS, 1),
                            )
                        ],
                        dmc.Button(
                            "Draw again", variant="light", size="compact-sm", className="model-draw-again"
                        ),
                    ),
                ],
                id="own-answer",
                className="own-answer",
                hidden=True,
            ),
        ],
        className="own-result",
    )
