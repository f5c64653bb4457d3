"""The record of a kind of answer, and functions that several kinds need."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from app.atlases.subject import Subject
from app.pictures.contact_sheet import png, to_bytes
from app.pictures.queries import Query, QueryError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Kind:
    """One kind of answer about a point. Endpoint, description in /openapi.json and ETag follow from it.

    path: its address, with {atlas} and {point}. query: the parameters; its docstring describes the answer.
    make: from a subject and a query to the answer; a pure function, called on the decoder's thread; raises
    QueryError for errors that are only found then. encode: from the answer to its bytes. schema: the JSON
    schema of these bytes. python: lines that make the same in a notebook, a template as in
    `app.pictures.python_code`; without it, the page's code only names the address.
    """

    name: str
    path: str
    query: type[Query]
    make: Callable[[Subject, Any], Any]
    encode: Callable[[Any], bytes]
    mimetype: str
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string", "format": "binary"})
    python: str = ""

    @property
    def defaults(self) -> dict[str, str]:
        """What each parameter is where an address is silent, as an address would say it."""
        values = self.query().model_dump(mode="json")
        return {
            name: ",".join(map(str, value)) if isinstance(value, list) else str(value)
            for name, value in values.items()
            if not isinstance(value, dict)
        }


def picture(query: type[Query], make: Callable[[Subject, Any], np.ndarray], python: str = "") -> Kind:
    """Return a kind of picture, named after the query's class; `make` returns a contact sheet.

    python: see `Kind`; it assigns the pictures, (N, C, H, W) in [0, 1], to `{{name}}`.
    """
    name = query.__name__.lower()
    address = f"/pictures/{{atlas}}/{{point}}/{name}.png"
    return Kind(name, address, query, make, png, "image/png", python=python)


def to_json(answer: Any) -> bytes:
    """Return an answer as JSON. Raises ValueError for NaN, which JSON does not know."""
    return json.dumps(answer, allow_nan=False).encode()


def decoded(subject: Subject, residuals: Sequence[Tensor]) -> np.ndarray:
    """Return the pictures of residuals, (N, *latent) for each layer, layer 1 first: uint8 (N, C, H, W)."""
    return to_bytes(subject.model.decode_residuals(residuals))


def chosen(subject: Subject, indices: Sequence[int]) -> np.ndarray:
    """Return test images uint8 (N, C, H, W) by their indices. Raises QueryError if there is no such image."""
    images = subject.images
    beyond = [index for index in indices if index >= len(images)]
    if beyond:
        raise QueryError(f"There is no image {beyond[0]}: this atlas has {len(images)}, counted from 0.")
    return images[list(indices)]
