"""Rough numbers of a point without a row of metrics, from a few test images."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import Field

from app.atlases.subject import Subject
from app.page.points import STATS, leading, traversal_text
from app.page.words import value_text
from app.pictures.kind import Kind, to_json
from app.pictures.queries import Query

MOST_IMAGES = 256


class Estimates(Query):
    """Rates, distortion and PSNR of a point, estimated on the atlas's first test images, as JSON.

    `precompute` measures the same on the whole test set, in nats per image and dB. The answer also has the z₂
    dimensions with the most rate, and the texts for the page.
    """

    n: Annotated[
        int,
        Field(ge=1, le=MOST_IMAGES, description="The number of test images, if there are as many."),
    ] = MOST_IMAGES

    @property
    def uses_images(self) -> bool:
        return True


def estimates(subject: Subject, query: Estimates) -> dict[str, Any]:
    import torch

    from hvae.datasets import Images
    from hvae.metrics.measurements.reconstruction import reconstruction_columns
    from hvae.metrics.psnr import psnr
    from hvae.metrics.rates import layer_rates

    pixels = torch.tensor(subject.images[: query.n])
    images = Images(pixels, torch.zeros(len(pixels), dtype=torch.int64), ())
    measured = layer_rates(subject.model, images)
    values = reconstruction_columns(measured, psnr(subject.model, images))
    return {
        "images": len(images),
        # JSON knows no NaN.
        **{column: value if math.isfinite(value) else None for column, value in values.items()},
        "stats": {column: value_text(column, values[column]) for column in STATS},
        "traversal": traversal_text(values["rate_z2"]),
        "dimensions": leading(measured.top_rates.tolist()),
    }


_NUMBER = {"type": ["number", "null"]}
_SCHEMA = {
    "type": "object",
    "required": ["images", "rate_z2", "rate_z1", "distortion", "psnr", "stats", "dimensions"],
    "properties": {
        "images": {"type": "integer", "description": "The number of images in the estimate."},
        **dict.fromkeys(("rate_z2", "rate_z1", "rate_total", "distortion", "neg_elbo", "psnr"), _NUMBER),
        "stats": {"type": "object", "additionalProperties": {"type": "string"}},
        "traversal": {"type": "string"},
        "dimensions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"dimension": {"type": "integer"}, "rate": {"type": "number"}},
            },
        },
    },
}

KINDS: tuple[Kind, ...] = (
    Kind(
        "estimates",
        "/estimates/{atlas}/{point}.json",
        Estimates,
        estimates,
        to_json,
        "application/json",
        _SCHEMA,
    ),
)
