"""What an address may ask for: the base of the pydantic models in app/kinds, one for each kind of answer.

The models bound every value and are the source of the parameters in /openapi.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from werkzeug.datastructures import MultiDict

MAX_PICTURES = 64

Seed = Annotated[int, Field(ge=0, le=2**31 - 1, description="Which noise is drawn.")]
ImageIndex = Annotated[int, Field(ge=0, lt=1_000_000)]


def _split(value: Any) -> Any:
    return value.split(",", MAX_PICTURES) if isinstance(value, str) else value


def _each_once(value: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(value)) < len(value):
        raise ValueError("an image is named twice")
    return value


Indices = Annotated[tuple[ImageIndex, ...], BeforeValidator(_split)]
EachOnce = AfterValidator(_each_once)


class QueryError(Exception):
    """A request that cannot be met; its text is one sentence for whoever asked."""


class Query(BaseModel):
    """Base of all kinds: nothing beside the named parameters, no NaN, no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def uses_images(self) -> bool:
        """Whether the answer is made of the atlas's test images too."""
        return False

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> Any:
        """What to validate, from the address's parameters, each of which occurs once."""
        return dict(arguments)


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
        if not first["loc"]:  # what is wrong is no single parameter
            raise QueryError(f"{first['msg'].removeprefix('Value error, ')}.") from None
        name = next((part for part in reversed(first["loc"]) if isinstance(part, str)), "query")
        if first["type"] == "extra_forbidden":
            raise QueryError(f"There is no parameter {_shown(name)}.") from None
        reason = first["msg"].removeprefix("Value error, ")
        raise QueryError(f"The parameter {_shown(name)} is not valid: {reason}.") from None


def _shown(name: str) -> str:
    return ascii(name[:40])
