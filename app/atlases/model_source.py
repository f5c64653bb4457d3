"""What a point's name stands for: the files that its model is made of."""

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
    """Where the model of a point comes from.

    files: the atlas's files that the model is made of; checked before it is loaded and whenever they change.
    load: makes the model, in eval mode; called on the decoder's thread, after the files were found sound.
    rates: what each dimension of z₂ adds to R(z₂), nats; empty where that is not known.
    is_dot: whether it is a point of the atlas, with a row of metrics.
    Name and files together say which model it is: the ETags of its pictures are made of both.
    """

    files: tuple[str, ...]
    load: Callable[[], HVAE]
    rates: Callable[[], list[float]]
    is_dot: bool = True


def dot(snapshot: Snapshot, name: str) -> ModelSource | None:
    """The point of the atlas whose checkpoint has this name; None where there is none."""
    file = snapshot.checkpoints.get(name)
    if file is None:
        return None
    atlas = snapshot.atlas
    return ModelSource(
        (file,), lambda: atlas.load_checkpoint(file), lambda: dimension_rates(atlas.metadata(file))
    )
