"""Pictures made from the atlas's test images."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import numpy as np
from pydantic import Field

from app.atlases.subject import Subject, to_floats
from app.pictures.contact_sheet import contact_sheet, grid_sheet, paired_sheet
from app.pictures.kind import chosen, decoded, picture
from app.pictures.queries import EACH_ONCE, MAX_PICTURES, SPLIT, Indices, Query


class Reconstructions(Query):
    """Test images in rows of 8, each row above the row of their reconstructions (posterior means)."""

    images: Annotated[
        Indices,
        Field(
            min_length=1,
            max_length=MAX_PICTURES,
            description="Indices into the atlas's test images, separated by commas, each at most once.",
            json_schema_extra={"uniqueItems": True},
        ),
        EACH_ONCE,
        SPLIT,
    ] = (0, 1, 2, 3, 4, 5, 6, 7)

    @property
    def uses_images(self) -> bool:
        return True


def reconstructions(subject: Subject, query: Reconstructions) -> np.ndarray:
    originals = chosen(subject, query.images)
    residuals = subject.model.residuals(to_floats(originals))
    return paired_sheet(originals, decoded(subject, residuals))


RECONSTRUCTIONS_PYTHON = """\
{{name}} = {{model}}.reconstruct(images[[{{images}}]])
"""


class Mix(Query):
    """A grid, with the images: a row has the z₂ of one test image, a column the z₁ of another.

    Where p(x|z₁) depends on z₁ alone, z₁ itself, taken from another image, would only reconstruct that image.
    So its standardised residual is taken, ε₁ = (E q(z₁|z₂, x) − E p(z₁|z₂)) / std p(z₁|z₂): the picture in
    row A and column B has z₁ = E p(z₁|z₂ of A) + std p(z₁|z₂ of A) · ε₁ of B, with all z₂ and ε₁ at posterior
    means. The reconstructions are on the diagonal.
    """

    images: Annotated[
        Indices,
        Field(
            min_length=1,
            max_length=8,
            description="Indices into the atlas's test images, separated by commas, each at most once.",
            json_schema_extra={"uniqueItems": True},
        ),
        EACH_ONCE,
        SPLIT,
    ] = (0, 1, 2, 3)

    @property
    def uses_images(self) -> bool:
        return True


def mix(subject: Subject, query: Mix) -> np.ndarray:
    originals, count = chosen(subject, query.images), len(query.images)
    [*below, top] = subject.model.residuals(to_floats(originals))
    columns = [part.repeat(count, *[1] * (part.ndim - 1)) for part in below]

    mixed = np.split(decoded(subject, [*columns, top.repeat_interleave(count, dim=0)]), count)
    rows = [[original, *row] for original, row in zip(originals, mixed, strict=True)]
    return grid_sheet([[None, *originals], *rows], apart_rows=[0], apart_columns=[0])


MIX_PYTHON = """\
e1, z2 = {{model}}.residuals(images[[{{images}}]])
{{name}} = {{model}}.decode_residuals([e1.repeat(len(z2), 1, 1, 1), z2.repeat_interleave(len(z2), 0)])
"""


class Interpolation(Query):
    """A row from one test image to the next, along the line between their posterior means.

    z₂ and the standardised residual of z₁ (see `mix`) are interpolated linearly and together. A row starts
    and ends with the images themselves; the first and the last step between them are their reconstructions.
    Two images make one row, three make two: from the first to the second, and from there to the third.
    """

    images: Annotated[
        Indices,
        Field(
            min_length=2,
            max_length=5,
            description="Indices into the atlas's test images, separated by commas.",
        ),
        SPLIT,
    ] = (0, 1)
    steps: Annotated[int, Field(ge=2, le=16, description="Pictures in a row, with both ends.")] = 8

    @property
    def uses_images(self) -> bool:
        return True


def interpolation(subject: Subject, query: Interpolation) -> np.ndarray:
    import torch

    originals = chosen(subject, query.images)
    weights = torch.linspace(0, 1, query.steps)
    between = [
        torch.cat([torch.stack([torch.lerp(*ends, weight) for weight in weights]) for ends in pairwise(part)])
        for part in subject.model.residuals(to_floats(originals))
    ]
    steps = np.split(decoded(subject, between), len(originals) - 1)
    rows = [[start, *row, end] for (start, end), row in zip(pairwise(originals), steps, strict=True)]
    return grid_sheet(rows, apart_columns=[0, query.steps])


INTERPOLATION_PYTHON = """\
weights = torch.linspace(0, 1, {{steps}})
between = [
    torch.cat([torch.stack([torch.lerp(a, b, w) for w in weights]) for a, b in zip(part, part[1:])])
    for part in {{model}}.residuals(images[[{{images}}]])
]
{{name}} = {{model}}.decode_residuals(between)
"""


class Examples(Query):
    """The atlas's test images themselves, in rows of 8."""

    images: Annotated[
        Indices,
        Field(
            min_length=1,
            max_length=MAX_PICTURES,
            description="Indices into the atlas's test images, separated by commas.",
        ),
        SPLIT,
    ] = (0, 1, 2, 3, 4, 5, 6, 7)

    @property
    def uses_images(self) -> bool:
        return True


def examples(subject: Subject, query: Examples) -> np.ndarray:
    return contact_sheet(chosen(subject, query.images))


KINDS = (
    picture(Reconstructions, reconstructions, RECONSTRUCTIONS_PYTHON),
    picture(Mix, mix, MIX_PYTHON),
    picture(Interpolation, interpolation, INTERPOLATION_PYTHON),
    picture(Examples, examples, "{{name}} = images[[{{images}}]]\n"),
)
