"""The map of z₂: where test images lie in the plane of its two leading directions, and what z₂ says there."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from app.atlases.subject import Subject, to_floats
from app.pictures.contact_sheet import contact_sheet
from app.pictures.kind import Kind, decoded, picture, to_json
from app.pictures.queries import Query, plain
from app.pictures.your_image import OwnImage, read_image

MOST_PLACE = 20
"""How far from the middle a place may lie, in standard deviations of the prior."""
Coordinate = Annotated[
    float, Field(ge=-MOST_PLACE, le=MOST_PLACE, allow_inf_nan=False), BeforeValidator(plain)
]


class Map(Query):
    """Where test images, or one of your own, lie in the plane of z₂'s two leading directions, as JSON.

    The plane goes through the mean of E q(z₂|x) over the atlas's test images, along the first two principal
    components of these. `places` are [across, up] of each test image, in standard deviations of the prior;
    `explained` is the share of the images' variance that lies in the plane.
    """

    image: OwnImage = ""

    @property
    def uses_images(self) -> bool:
        return True


def map_of_z2(subject: Subject, query: Map) -> dict[str, Any]:
    its, own = subject.plane, None
    if query.image:
        image = read_image(query.image, subject.model.config.image_shape)
        own = its.places_of(subject.model.residuals(to_floats(image[None]))[-1])[0].tolist()
    return {"explained": its.explained, "places": its.places.tolist(), "own": own}


class Place(Query):
    """What z₂ says at a place of the map: one picture, with z₁ at its prior mean given this z₂."""

    across: Annotated[Coordinate, Field(description="Along the first direction.")] = 0.0
    up: Annotated[Coordinate, Field(description="Along the second direction.")] = 0.0

    @property
    def uses_images(self) -> bool:
        return True


def place(subject: Subject, query: Place) -> np.ndarray:
    its = subject.plane
    residuals = [part.zero_() for part in subject.model.noise(1, 0)]
    residuals[-1][0] = its.middle + query.across * its.axes[0] + query.up * its.axes[1]
    return contact_sheet(decoded(subject, residuals))


PLACE_PYTHON = """\
top = {{model}}.residuals(images)[-1]
axes = leading_directions(top).vectors
noise = [part.zero_() for part in {{model}}.noise(1)]
noise[-1][0] = top.mean(0) + {{across}} * axes[0] + {{up}} * axes[1]
{{name}} = {{model}}.decode_residuals(noise)
"""


_PLACE = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_SCHEMA = {
    "type": "object",
    "required": ["explained", "places", "own"],
    "properties": {
        "explained": {"type": "number", "minimum": 0, "maximum": 1},
        "places": {"type": "array", "items": _PLACE},
        "own": {"anyOf": [_PLACE, {"type": "null"}], "description": "Of your own image; null without one."},
    },
}

KINDS: tuple[Kind, ...] = (
    Kind("map", "/map/{atlas}/{point}.json", Map, map_of_z2, to_json, "application/json", _SCHEMA),
    picture(Place, place, PLACE_PYTHON),
)
