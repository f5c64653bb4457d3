"""The model view: where the selected model's information flows, and what its latents do.

assets/page/views/model.js fills in pictures and sliders, information-flow.js beside it the diagram, which the
view of the visitor's image shows, too.
"""

from __future__ import annotations

import dash_mantine_components as dmc
import numpy as np
from dash import Dash, html
from dash.development.base_component import Component

from app.page.panels import map_of_z2
from app.page.points import SLIDERS
from app.page.state import PARTS
from app.page.widgets import colour_key
from app.page.widgets.pieces import (
    MOST_EXAMPLES,
    Frame,
    example_count,
    model_head,
    picture,
    strip,
    tabs,
    thumbnails,
)
from app.pictures.contact_sheet import COLUMNS
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas

RESAMPLE_ROWS = 8
MIXED = 4
NOTES = {
    "z2": "Dimensions by rate, highest first. A slider moves all 16 samples alike, in standard deviations of "
    "the prior, z₁ at its prior mean; its row shows the first of them.",
    "z1": "Principal components of ε₁ over the test images, largest first: how many prior standard "
    "deviations z₁ lies from its prior mean given z₂. A slider moves in standard deviations of ε₁.",
}
STEPS = 8
REACHES = {
    False: "What z₂ takes up reaches the picture through z₁, together with what z₁ adds.",
    True: "p(x|z₁, z₂): what z₂ takes up reaches the picture directly, beside what z₁ adds.",
}
"""How the information of z₂ reaches the picture; the key is whether there is a direct path."""
WHY_RESIDUALS = {
    False: "With z₁ itself, each column would only show that image, because a picture depends on z₁ alone",
    True: "z₁ itself would not fit, because it corrects what its own z₂ draws",
}


def layout(atlas: Atlas) -> Component:
    """Return the diagram and, beside it, four parts, of which one is shown."""
    frame, count = Frame.of(atlas), example_count(atlas)
    is_direct = atlas.config.has_direct_path
    parts = {
        "samples": _samples(frame, count),
        "walks": _walks(frame, directions(atlas)),
        "map": map_of_z2.layout(atlas, frame),
        "mix": _mix(frame, count, is_direct),
    }
    panels = [
        html.Div(
            part,
            id=f"part-{name}",
            className="part",
            role="tabpanel",
            hidden=True,
            **{"data-part": name, "aria-labelledby": f"part-tab-{name}"},
        )
        for name, part in parts.items()
    ]
    about = html.P(
        f"Edges are as thick as the information that flows along them. {REACHES[is_direct]}",
        className="flow-about",
        id="flow-about",
    )
    return dmc.Paper(
        [
            html.Aside(
                [model_head(), diagram(atlas, "flow"), about, colour_key.layout(atlas)],
                className="model-side",
            ),
            html.Div(
                [
                    tabs("part", PARTS, ids="part-tab", label="Parts of the view"),
                    html.P(id="model-view-message", className="view-message", role="status"),
                    *panels,
                ],
                className="model-main",
            ),
        ],
        className="panel model-view",
        withBorder=True,
        radius="lg",
        **{"data-message": "model-view-message", "data-images": str(count)},
    )


def register(app: Dash, requested: RequestedAtlas) -> None:
    """Add no callbacks: scripts do everything."""


def diagram(atlas: Atlas, name: str) -> html.Div:
    """Return the place of the diagram of both layers; name: its id."""
    return html.Div(
        id=name,
        className="flow",
        role="img",
        **{
            "aria-label": "Information flow through the two layers",
            "data-most": str(most_rate(atlas)),
            "data-ladder": str(atlas.config.inference == "ladder").lower(),
            "data-direct": str(atlas.config.has_direct_path).lower(),
        },
    )


def most_rate(atlas: Atlas) -> float:
    """Return the highest rate of a layer at any point in nats, at least 1: that of the thickest edge."""
    rates = atlas.metrics[["rate_z2", "rate_z1"]].to_numpy(float)
    return max(1.0, float(np.max(rates, initial=0, where=np.isfinite(rates))))


def _samples(frame: Frame, count: int) -> list[Component]:
    temperature = html.Label(
        [
            html.Span("Temperature"),
            html.Output("1.00", id="temperature-value", htmlFor="temperature"),
        ],
        htmlFor="temperature",
        className="temperature",
    )
    return [
        html.Div(
            [
                strip(
                    "Samples",
                    "from the prior",
                    [picture("model-samples", "Samples drawn from the prior", frame.sheet(COLUMNS, 4))],
                    html.Div(
                        [temperature, html.Div(id="temperature-slider")], className="temperature-control"
                    ),
                ),
                strip(
                    "Reconstructions",
                    "test images, reconstructions below",
                    [
                        picture(
                            "model-reconstructions",
                            "Test images, each above its reconstruction",
                            frame.sheet(COLUMNS, 4 if count > COLUMNS else 2),
                        )
                    ],
                ),
            ],
            className="column",
        ),
        strip(
            "Keep z₂, draw z₁ again",
            "one z₂ a row",
            [
                picture(
                    "model-resample",
                    "Rows of pictures that share z₂, z₁ drawn anew in every column",
                    frame.sheet(COLUMNS, RESAMPLE_ROWS),
                ),
                html.P(
                    "First column: z₁ at its prior mean, what z₂ alone says. Second: the samples. The more "
                    "alike a row’s pictures, the less z₁ adds; the more alike the rows, the less z₂ says.",
                    className="note",
                ),
            ],
            dmc.Button("Draw again", variant="light", size="compact-sm", className="model-draw-again"),
        ),
    ]


def _walks(frame: Frame, count: int) -> list[Component]:
    return [
        _walk("z2", "Dimensions of z₂", "16 samples, moved alike", SLIDERS, frame),
        _walk("z1", "Directions of z₁", "of what z₁ adds to z₂", count, frame),
    ]


def _walk(latent: str, title: str, subtitle: str, count: int, frame: Frame) -> Component:
    sign = {"z2": "z₂", "z1": "z₁"}[latent]
    moved = picture(f"model-{latent}", f"16 samples, moved along {sign}", frame.sheet(COLUMNS, 2))
    strips = picture(
        f"model-{latent}-strips",
        f"One sample moved along {sign}, a row for each slider, from −3 to +3 standard deviations",
        frame.sheet(COLUMNS, max(count, 1)),
    )
    rows = html.Div(
        [
            html.Div(
                id=f"{latent}-sliders",
                className="walk-sliders",
                **{"data-latent": latent, "data-count": str(count)},
            ),
            strips,
            html.P(
                ["−3", html.Span("standard deviations"), "+3"],
                className="walk-axis",
                **{"aria-hidden": "true"},
            ),
        ],
        className="walk-rows",
    )
    note = html.P(NOTES[latent], className="note")
    reset = dmc.Button(
        "Reset", variant="subtle", size="compact-sm", className="walk-reset", **{"data-latent": latent}
    )
    return strip(title, subtitle, [moved, rows, note], reset)


def _mix(frame: Frame, count: int, is_direct: bool) -> list[Component]:
    if count < 2:
        return [html.P("Mixing needs two test images, and this atlas has fewer.", className="empty")]
    mixed = min(MIXED, count)
    return [
        html.Div(
            [
                strip(
                    "Test images",
                    "choose two to four",
                    [thumbnails("model-thumbnails", count, frame, "Test images to mix and interpolate")],
                ),
                strip(
                    "Interpolate",
                    "from each image to the next",
                    [
                        picture(
                            "model-interpolation",
                            "From each chosen image to the next",
                            frame.sheet(STEPS + 2, mixed - 1, (2, 0)),
                        ),
                        html.P(
                            "z₂ and ε₁ are interpolated linearly, both together. The ends are the images "
                            "themselves, beside their reconstructions.",
                            className="note",
                        ),
                    ],
                ),
            ],
            className="column",
        ),
        strip(
            "Mix",
            "z₂ by row, ε₁ by column",
            [
                picture(
                    "model-mix",
                    "Rows share z₂, columns share what z₁ adds",
                    frame.sheet(mixed + 1, mixed + 1, (1, 1)),
                ),
                html.P(
                    "z₂ is from the image on the left, ε₁ from the image above: how many standard "
                    "deviations its z₁ lies from the prior mean given its z₂. "
                    f"{WHY_RESIDUALS[is_direct]}. The diagonal shows reconstructions.",
                    className="note",
                ),
            ],
        ),
    ]


def directions(atlas: Atlas) -> int:
    """Return how many directions of z₁ get a slider: at most SLIDERS, and fewer than test images."""
    return max(0, min(SLIDERS, example_count(atlas, if_damaged=MOST_EXAMPLES) - 1))
