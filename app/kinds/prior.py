"""Pictures that need no image: the model's own samples, and walks through its latents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from app.kinds.base import picture, to_bytes
from app.models import Subject
from app.queries import MAX_PICTURES, Query, QueryError, Seed
from app.sheet import contact_sheet

MAX_SHIFT = 10.0
TRAVERSAL_PICTURES = 16

SHIFT_NAME = re.compile(r"z2\.(0|[1-9][0-9]{0,3})")
Shift = Annotated[float, Field(ge=-MAX_SHIFT, le=MAX_SHIFT, allow_inf_nan=False)]


class Samples(Query):
    """Pictures drawn from the model's prior, in rows of 8; the first k of n are those of n = k."""

    n: Annotated[int, Field(ge=1, le=MAX_PICTURES, description="How many pictures.")] = 16
    seed: Seed = 0
    temperature: Annotated[
        float,
        Field(ge=0, le=5, allow_inf_nan=False, description="Scales the standard deviation of every prior."),
    ] = 1.0


def samples(subject: Subject, query: Samples) -> np.ndarray:
    pictures = subject.model.sample(query.n, seed=query.seed, temperature=query.temperature)
    return contact_sheet(to_bytes(pictures))


class Traversal(Query):
    """16 pictures in rows of 8: what a latent dimension means, across pictures.

    The 16 z₂ are those that `samples` draws for the same seed; every one of them is shifted alike along the
    named dimensions, and z₁ is at its prior mean given that z₂.
    """

    seed: Seed = 0
    shifts: Annotated[
        dict[str, Shift],
        Field(
            description="`z2.K=shift`: added to dimension K of z₂, in standard deviations of its prior.",
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
    def dimensions(self) -> dict[int, float]:
        """Dimension → shift, without those that do not move."""
        return {int(name.removeprefix("z2.")): shift for name, shift in self.shifts.items()}


def traversal(subject: Subject, query: Traversal) -> np.ndarray:
    model = subject.model
    z2 = model.noise(TRAVERSAL_PICTURES, query.seed)[-1]
    for dimension, shift in query.dimensions.items():
        if dimension >= z2.shape[1]:
            raise QueryError(f"There is no dimension z2.{dimension}: z₂ has {z2.shape[1]}, counted from 0.")
        z2[:, dimension] += shift
    return contact_sheet(to_bytes(model.decode({model.config.layers: z2}, fill="mean")))


KINDS = (picture(Samples, samples), picture(Traversal, traversal))
