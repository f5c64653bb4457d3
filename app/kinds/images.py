"""Pictures made of the atlas's test images."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from app.kinds.base import chosen, picture, to_bytes, to_floats
from app.models import Subject
from app.queries import MAX_PICTURES, EachOnce, Indices, Query
from app.sheet import paired_sheet


class Reconstructions(Query):
    """Test images in rows of 8, each row above the row of their reconstructions (posterior means)."""

    images: Annotated[
        Indices,
        EachOnce,
        Field(
            min_length=1,
            max_length=MAX_PICTURES,
            description="Indices into the atlas's test images, separated by commas, each at most once.",
            json_schema_extra={"uniqueItems": True},
        ),
    ] = (0, 1, 2, 3, 4, 5, 6, 7)

    @property
    def uses_images(self) -> bool:
        return True


def reconstructions(subject: Subject, query: Reconstructions) -> np.ndarray:
    originals = chosen(subject, query.images)
    return paired_sheet(originals, to_bytes(subject.model.reconstruct(to_floats(originals))))


KINDS = (picture(Reconstructions, reconstructions),)
