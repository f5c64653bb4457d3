"""The source of a point's model: the files that it is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.atlases.shelf import Snapshot
from hvae.atlas.metadata import dimension_rates

if TYPE_CHECKING:
    from hvae.model import HVAE


@dataclass(frozen=True)
class ModelSource:
    """The source of a point's model.

    files: the atlas's files for the model; they are checked before it is loaded and whenever they change.
    load: makes the model, in eval mode; called on the decoder's thread, after the check of the files.
    rates: the part of each dimension of z₂ in R(z₂), nats; empty if unknown.
    is_dot: whether it is a point of the atlas, with a row of metrics.
    Name and files together identify the model: the ETags of its pictures are made from both.
    """

    files: tuple[str, ...]
    load: Callable[[], HVAE]
    rates: Callable[[], list[float]]
    is_dot: bool = True


def dot(snapshot: Snapshot, name: str) -> ModelSource | None:
    """Return the point of the atlas whose checkpoint has this name; None if there is none."""
    file = snapshot.checkpoints.get(name)
    if file is None:
        return None
    atlas = snapshot.atlas
    return ModelSource(
        (file,), lambda: atlas.load_checkpoint(file), lambda: dimension_rates(atlas.metadata(file))
    )
