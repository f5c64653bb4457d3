"""Parameters of addresses: the base of the pydantic models in `kinds`, one for each kind of answer.

The models bound every value and are the source of the parameters in /openapi.json.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from werkzeug.datastructures import MultiDict

MAX_PICTURES = 64

NUMBER = re.compile(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?")
"""Numbers in addresses. Python itself also accepts blanks, underscores and the digits of all scripts."""


def plain(value: Any) -> Any:
    """Return a number of an address. Raises ValueError."""
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        raise ValueError("it should be a number")
    return value


Seed = Annotated[int, Field(ge=0, le=2**31 - 1, description="Which noise is drawn.")]
ImageIndex = Annotated[int, Field(ge=0, lt=1_000_000), BeforeValidator(plain)]


def _split(value: Any) -> Any:
    return value.split(",", MAX_PICTURES) if isinstance(value, str) else value


def _each_once(value: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(value)) < len(value):
        raise ValueError("an image is named twice")
    return value


Indices = tuple[ImageIndex, ...]
"""Of test images; a field of this type is annotated with the bounds of its length, and last with SPLIT."""
SPLIT = BeforeValidator(_split)
EACH_ONCE = AfterValidator(_each_once)


class QueryError(Exception):
    """A request that cannot be answered; its text is one sentence for the sender."""


class Query(BaseModel):
    """Base of all kinds: only the named parameters, no NaN, no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _plain_numbers(cls, value: Any, about: ValidationInfo) -> Any:
        return plain(value) if cls.model_fields[about.field_name].annotation in (int, float) else value

    @property
    def uses_images(self) -> bool:
        """Whether the answer also depends on the atlas's test images."""
        return False

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> Any:
        """Return the values to validate, from the address's parameters, each of which occurs once."""
        return dict(arguments)


AnyQuery = TypeVar("AnyQuery", bound=Query)


def parse(kind: type[AnyQuery], arguments: MultiDict[str, str]) -> AnyQuery:
    """Return an address's parameters, validated. Raises QueryError, one sentence about the first error."""
    for name, values in arguments.lists():
        if len(values) > 1:
            raise QueryError(f"The parameter {_shown(name)} is given more than once.")
        if name == "shifts":
            raise QueryError("Shifts are given one by one, as in z2.3=1.5.")
    try:
        return kind.model_validate(kind.from_arguments(arguments.to_dict()))
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:  # what is wrong is no single parameter
            raise QueryError(f"{first['msg'].removeprefix('Value error, ')}.") from None
        name = next((part for part in reversed(first["loc"]) if isinstance(part, str)), "query")
        if first["type"] == "extra_forbidden":
            raise QueryError(f"There is no parameter {_shown(name)}.") from None
        reason = first["msg"].removeprefix("Value error, ")
        raise QueryError(f"The parameter {_shown(name)} is not valid: {reason}.") from None


def _shown(name: str) -> str:
    return ascii(name[:40])
