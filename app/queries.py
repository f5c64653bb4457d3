"""What a picture's address may ask for: one pydantic model per kind of picture.

The models bound every value and are the source of the parameters in /openapi.json.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from werkzeug.datastructures import MultiDict

MAX_PICTURES = 64
MAX_SHIFT = 10.0
TRAVERSAL_PICTURES = 16

SHIFT_NAME = re.compile(r"z2\.(0|[1-9][0-9]{0,3})")

Seed = Annotated[int, Field(ge=0, le=2**31 - 1, description="Which noise is drawn.")]
Shift = Annotated[float, Field(ge=-MAX_SHIFT, le=MAX_SHIFT, allow_inf_nan=False)]
ImageIndex = Annotated[int, Field(ge=0, lt=1_000_000)]


class QueryError(Exception):
    """A request that cannot be met; its text is one sentence for whoever asked."""


class Query(BaseModel):
    """Base of all kinds: nothing beside the named parameters, no NaN, no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> Any:
        """What to validate, from the address's parameters, each of which occurs once."""
        return dict(arguments)


class Samples(Query):
    """Pictures drawn from the model's prior, in rows of 8; the first k of n are those of n = k."""

    n: Annotated[int, Field(ge=1, le=MAX_PICTURES, description="How many pictures.")] = 16
    seed: Seed = 0
    temperature: Annotated[
        float,
        Field(ge=0, le=5, allow_inf_nan=False, description="Scales the standard deviation of every prior."),
    ] = 1.0


class Reconstructions(Query):
    """Test images in rows of 8, each row above the row of their reconstructions (posterior means)."""

    images: Annotated[
        tuple[ImageIndex, ...],
        Field(
            min_length=1,
            max_length=MAX_PICTURES,
            description="Indices into the atlas's test images, separated by commas, each at most once.",
            json_schema_extra={"uniqueItems": True},
        ),
    ] = (0, 1, 2, 3, 4, 5, 6, 7)

    @field_validator("images", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return value.split(",", MAX_PICTURES) if isinstance(value, str) else value

    @field_validator("images")
    @classmethod
    def _each_once(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(value)) < len(value):
            raise ValueError("an image is named twice")
        return value


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


AnyQuery = TypeVar("AnyQuery", bound=Query)


def parse(kind: type[AnyQuery], arguments: MultiDict[str, str]) -> AnyQuery:
    """Validate an address's parameters. Raises QueryError, one sentence naming the first that is wrong."""
    for name, values in arguments.lists():
        if len(values) > 1:
            raise QueryError(f"The parameter {_shown(name)} is given more than once.")
        if name == "shifts":
            raise QueryError("Shifts are given one by one, as in z2.3=1.5.")
    try:
        return kind.model_validate(kind.from_arguments(arguments.to_dict()))
    except ValidationError as error:
        first = error.errors()[0]
        name = next((part for part in reversed(first["loc"]) if isinstance(part, str)), "query")
        if first["type"] == "extra_forbidden":
            raise QueryError(f"There is no parameter {_shown(name)}.") from None
        reason = first["msg"].removeprefix("Value error, ")
        raise QueryError(f"The parameter {_shown(name)} is not valid: {reason}.") from None


def _shown(name: str) -> str:
    return ascii(name[:40])
