"""The part "Map of z₂" of the model view: test images in a plane of z₂, and what z₂ says at any place.

assets/page/views/z2-map draws it.
"""

from __future__ import annotations

import json

from dash import html
from dash.development.base_component import Component

from app.page.widgets.pieces import Frame, picture, strip
from hvae.atlas.atlas import Atlas
from hvae.errors import UserError

REACH = 3
"""How far the map reaches from its middle, in standard deviations of the prior."""
NOTE = (
    "Each test image at its posterior mean of z₂, in the two directions in which these vary most. Circles: "
    "one and two standard deviations of the prior. The scale is the same for all models: where z₂ carries "
    "nothing, all images lie on one another."
)
DECODED = "What z₂ says at this place of the map"
NEAREST = "The test image at this place"


def layout(atlas: Atlas, frame: Frame) -> list[Component]:
    """Return the map, and beside it the picture of the place under the pointer."""
    labels, problem = _labels(atlas)
    if problem:
        return [html.P(problem, className="empty")]
    canvas = html.Canvas(
        id="z2-map",
        className="z2-map",
        role="img",
        **{
            "aria-label": "Test images in the plane of the two leading directions of z₂",
            "data-labels": json.dumps(labels),
            "data-classes": json.dumps(list(atlas.manifest.classes), ensure_ascii=False),
            "data-reach": str(REACH),
        },
    )
    return [
        strip("Map of z₂", f"{len(labels)} test images", [canvas, html.P(NOTE, className="note")]),
        strip(
            "At this place",
            "what z₂ says there, z₁ at its mean",
            [
                html.Div(
                    [
                        html.Figure([picture("z2-place", DECODED, frame.sheet(1, 1)), _caption("decoded")]),
                        html.Figure(
                            [picture("z2-nearest", NEAREST, frame.sheet(1, 1)), _caption("test image")],
                            id="z2-nearest",
                            hidden=True,
                        ),
                    ],
                    className="z2-map-pictures",
                ),
                html.Div(id="z2-map-sliders", className="z2-map-sliders"),
                html.P(id="z2-map-explained", className="note"),
                html.P(id="z2-map-message", className="view-message", role="status"),
            ],
        ),
    ]


def _caption(text: str) -> html.Figcaption:
    return html.Figcaption(text, className="note")


def _labels(atlas: Atlas) -> tuple[list[int], str]:
    """The labels of the test images, and why there is no map."""
    try:
        return atlas.examples().labels.tolist(), ""
    except UserError as error:
        return [], f"The map needs test images. {error}"
