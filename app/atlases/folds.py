"""Points between the dots: names for the parent's folds at any β of its range."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from app.atlases.file_state import FileState
from app.atlases.model_source import ModelSource
from app.atlases.shelf import Snapshot, UnknownName
from hvae.atlas.atlas import PARENT, Atlas
from hvae.atlas.metadata import beta_range as stored_range
from hvae.atlas.point import Point

if TYPE_CHECKING:
    from hvae.model import HVAE
    from hvae.parent import Parent

EDGE = 1e-3
"""The share by which β may lie outside the range: a name has four digits, the range may have more."""


def beta_range(atlas: Atlas) -> tuple[float, float] | None:
    """Return the lowest and highest β of the parent's training; None if the atlas has no parent.

    Raises UserError if the parent's file is missing or damaged.
    """
    if PARENT not in atlas.manifest.files:
        return None
    return stored_range(atlas.metadata(PARENT), PARENT)


def covers(between: tuple[float, float], betas: Iterable[float]) -> bool:
    """Return whether a parent with the range `between` can be folded at `betas`."""
    low, high = between
    return all(low * (1 - EDGE) <= beta <= high * (1 + EDGE) for beta in betas)


class Folds:
    """The folds of the atlases' parents, by their names.

    A parent is read once, and again when its file changes.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[tuple[FileState | None, str | None], Any]] = {}

    def find(self, snapshot: Snapshot, name: str) -> ModelSource | None:
        """Return the fold of this name; None if it is not the name of a fold.

        Raises UnknownName if the atlas has no parent, or none for these β; UserError if the parent is
        damaged.
        """
        point = Point.of_fold(name)
        if point is None:
            return None
        between = self._once(snapshot, "range", lambda: beta_range(snapshot.atlas))
        if between is None:
            raise UnknownName("This atlas has no parent: only its dots can be shown.")
        if not covers(between, point):
            low, high = between
            raise UnknownName(f"This atlas's parent covers β from {low:g} to {high:g}.")

        def load() -> HVAE:
            parent: Parent = self._once(snapshot, "parent", snapshot.atlas.load_parent)
            return parent.fold(point.by_layer)

        return ModelSource((PARENT,), load, list, is_dot=False)

    def _once(self, snapshot: Snapshot, what: str, make: Callable[[], Any]) -> Any:
        atlas = snapshot.atlas
        state = FileState.of(atlas.path / PARENT), atlas.manifest.files.get(PARENT)
        kept = self._kept.get((snapshot.name, what))
        if kept is None or kept[0] != state:
            kept = self._kept[snapshot.name, what] = (state, make())
        return kept[1]
