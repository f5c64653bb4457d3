"""What a kind of answer is, and what several of them need."""

from __future__ import annotations

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
    """One kind of answer about a point: endpoint, description in /openapi.json and ETag follow from it.

    path: its address, with the places {atlas} and {point}. query: the parameters; its docstring says what the
    answer is. make: the answer from a subject and a query; a pure function, called on the decoder's thread;
    raises QueryError for what only shows then. encode: the bytes of that answer. schema: what these are, as
    JSON schema.
    """

    name: str
    path: str
    query: type[Query]
    make: Callable[[Subject, Any], Any]
    encode: Callable[[Any], bytes]
    mimetype: str
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string", "format": "binary"})


def picture(query: type[Query], make: Callable[[Subject, Any], np.ndarray]) -> Kind:
    """A kind of picture, named after the query's class; `make` returns a contact sheet."""
    name = query.__name__.lower()
    return Kind(name, f"/pictures/{{atlas}}/{{point}}/{name}.png", query, make, png, "image/png")


def decoded(subject: Subject, residuals: Sequence[Tensor]) -> np.ndarray:
    """The pictures of residuals, (N, *latent) for each layer, layer 1 first: uint8 (N, C, H, W)."""
    return to_bytes(subject.model.decode_residuals(residuals))


def chosen(subject: Subject, indices: Sequence[int]) -> np.ndarray:
    """Test images uint8 (N, C, H, W) by their indices. Raises QueryError where there is no such image."""
    images = subject.images
    beyond = [index for index in indices if index >= len(images)]
    if beyond:
        raise QueryError(f"There is no image {beyond[0]}: this atlas has {len(images)}, counted from 0.")
    return images[list(indices)]
