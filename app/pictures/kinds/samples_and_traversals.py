"""Pictures that the model generates: samples, and walks through its latents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from app.atlases.subject import Subject
from app.pictures.contact_sheet import COLUMNS, contact_sheet
from app.pictures.kind import decoded, picture
from app.pictures.queries import MAX_PICTURES, Query, QueryError, Seed, plain

if TYPE_CHECKING:
    from torch import Tensor

MAX_SHIFT = 10.0
TRAVERSAL_PICTURES = 16

STRIP_ENDS = 3.0
"""The reach of a strip of pictures to both sides, in standard deviations."""

SHIFT_NAME = re.compile(r"z[12]\.(0|[1-9][0-9]{0,3})")
Shift = Annotated[float, Field(ge=-MAX_SHIFT, le=MAX_SHIFT, allow_inf_nan=False), BeforeValidator(plain)]


class Samples(Query):
    """Pictures drawn from the model's prior, in rows of 8; the first k of n are those of n = k."""

    n: Annotated[int, Field(ge=1, le=MAX_PICTURES, description="How many pictures.")] = 16
    seed: Seed = 0
    temperature: Annotated[
        float,
        Field(ge=0, le=5, allow_inf_nan=False, description="Scales the standard deviation of every prior."),
    ] = 1.0


def samples(subject: Subject, query: Samples) -> np.ndarray:
    noise = subject.model.noise(query.n, query.seed)
    return contact_sheet(decoded(subject, [query.temperature * part for part in noise]))


SAMPLES_PYTHON = """\
{{name}} = {{model}}.sample({{n}}, seed={{seed}}{{?temperature}}, temperature={{temperature}}{{/temperature}})
"""


class Traversal(Query):
    """16 pictures in rows of 8: the effect of dimensions of z₂, or directions of z₁, on many pictures.

    The 16 z₂ are those that `samples` draws for the same seed. All are shifted in the same way along the
    named dimensions. z₁ is at its prior mean given z₂, shifted along the named directions. Direction K of z₁
    is the K-th principal component, counted from 0, of its standardised residuals ε₁ = (E q(z₁|z₂, x) − E
    p(z₁|z₂)) / std p(z₁|z₂) over the atlas's test images.
    """

    seed: Seed = 0
    shifts: Annotated[
        dict[str, Shift],
        Field(
            description="`z2.K=shift`: added to dimension K of z₂, in standard deviations of its prior. "
            "`z1.K=shift`: added along direction K of z₁, in standard deviations of ε₁ along it.",
            json_schema_extra={"propertyNames": {"pattern": f"^{SHIFT_NAME.pattern}$"}},
        ),
    ] = {}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> Any:
        named = {name: value for name, value in arguments.items() if SHIFT_NAME.fullmatch(name)}
        return {**{name: arguments[name] for name in arguments if name not in named}, "shifts": named}

    @model_validator(mode="after")
    def _canonical(self) -> Traversal:
        moved = {name: shift for name, shift in sorted(self.shifts.items()) if shift}
        object.__setattr__(self, "shifts", moved)
        return self

    @property
    def uses_images(self) -> bool:
        return bool(self.along("z1"))

    def along(self, latent: Literal["z1", "z2"]) -> dict[int, float]:
        """Dimension of z₂, or direction of z₁ → shift, without those that do not move."""
        named = ((name.split("."), shift) for name, shift in self.shifts.items())
        return {int(index): shift for (of, index), shift in named if of == latent}


def traversal(subject: Subject, query: Traversal) -> np.ndarray:
    residuals = at_prior_mean(subject, TRAVERSAL_PICTURES, query.seed)
    for dimension, shift in query.along("z2").items():
        if dimension >= residuals[-1].shape[1]:
            raise QueryError(
                f"There is no dimension z2.{dimension}: z₂ has {residuals[-1].shape[1]}, counted from 0."
            )
        residuals[-1][:, dimension] += shift
    for direction, shift in query.along("z1").items():
        residuals[0] += shift * step_along(subject, direction)
    return contact_sheet(decoded(subject, residuals))


TRAVERSAL_PYTHON = """\
noise = {{model}}.noise(16, seed={{seed}})
noise[0].zero_()
{{#z2}}
noise[1][:, {{index}}] += {{shift}}
{{/z2}}
{{?z1}}
directions = leading_directions({{model}}.residuals(images)[0])
{{/z1}}
{{#z1}}
noise[0] += {{shift}} * directions.std[{{index}}] * directions.vectors[{{index}}]
{{/z1}}
{{name}} = {{model}}.decode_residuals(noise)
"""


class Dimensions(Query):
    """A row of 8 pictures for each dimension of z₂, highest rate first.

    Along a row, the dimension is shifted by −3 to +3 standard deviations of its prior, in equal steps, around
    the z₂ that `samples` draws first for the same seed, and z₁ is at its prior mean. Or a row for each
    leading direction of z₁, as in `traversal`, z₁ being shifted from its prior mean by −3 to +3 standard
    deviations.
    """

    latent: Annotated[Literal["z2", "z1"], Field(description="The latent of the rows.")] = "z2"
    seed: Seed = 0
    rows: Annotated[int, Field(ge=1, le=8, description="The number of rows, if there are as many.")] = 6

    @property
    def uses_images(self) -> bool:
        return True


def dimensions(subject: Subject, query: Dimensions) -> np.ndarray:
    import torch

    shifts = torch.linspace(-STRIP_ENDS, STRIP_ENDS, COLUMNS)
    [*below, top] = at_prior_mean(subject, 1, query.seed)
    if query.latent == "z2":
        order = subject.dimension_order[: query.rows]
        # Row r: only column order[r] moves.
        moves = torch.zeros(len(order), COLUMNS, top.shape[1])
        for row, dimension in enumerate(order):
            moves[row, :, dimension] = shifts
        residuals = [*(part.expand(moves.shape[0] * COLUMNS, *part.shape[1:]) for part in below)]
        residuals.append(top + moves.flatten(0, 1))
    else:
        available = len(subject.directions.std) if below else 0
        if available == 0:
            raise QueryError("There are no directions of z₁: they need a layer below z₂ and two test images.")
        steps = [step_along(subject, direction) for direction in range(min(query.rows, available))]
        moves = torch.cat([torch.stack([shift * step for shift in shifts]) for step in steps])
        residuals = [below[0] + moves]
        residuals += [part.expand(len(moves), *part.shape[1:]) for part in [*below[1:], top]]
    return contact_sheet(decoded(subject, residuals))


DIMENSIONS_PYTHON = """\
e1, z2 = {{model}}.noise(1, seed={{seed}})
steps = torch.linspace(-3, 3, 8)[:, None]
{{?latent=z1}}
directions = leading_directions({{model}}.residuals(images)[0])
along = [directions.std[k] * directions.vectors[k] for k in range(min({{rows}}, len(directions.std)))]
shifts = torch.cat([steps[..., None, None] * one for one in along])
{{name}} = {{model}}.decode_residuals([shifts, z2.expand(len(shifts), -1)])
{{/latent=z1}}
{{^latent=z1}}
{{?dimensions}}
shifts = torch.cat([steps * torch.eye(z2.shape[1])[k] for k in [{{dimensions}}][:{{rows}}]])
{{name}} = {{model}}.decode_residuals([torch.zeros_like(e1).expand(len(shifts), -1, -1, -1), z2 + shifts])
{{/dimensions}}
{{^dimensions}}
# which dimensions carry most rate is not known: no {{name}}
{{/dimensions}}
{{/latent=z1}}
"""


def at_prior_mean(subject: Subject, n: int, seed: int) -> list[Tensor]:
    """Residuals of the first n samples of a seed, all layers below the top one at their priors' means."""
    import torch

    noise = subject.model.noise(n, seed)
    return [*(torch.zeros_like(part) for part in noise[:-1]), noise[-1]]


def step_along(subject: Subject, direction: int) -> Tensor:
    """Return one standard deviation along a direction of z₁, (*latent).

    Raises QueryError if there is none.
    """
    if subject.model.config.layers < 2:
        raise QueryError("There is no z₁ below the top latent of a model with one layer.")
    directions = subject.directions
    if direction >= len(directions.std):
        raise QueryError(
            f"There is no direction z1.{direction}: {len(directions.std)} of z₁ are known, counted from 0."
        )
    return directions.std[direction] * directions.vectors[direction]


KINDS = (
    picture(Samples, samples, SAMPLES_PYTHON),
    picture(Traversal, traversal, TRAVERSAL_PYTHON),
    picture(Dimensions, dimensions, DIMENSIONS_PYTHON),
)
