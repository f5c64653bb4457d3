"""An atlas on the page that grows: points of the user's own appear without a restart."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

import numpy as np

from app.atlases.models import FileState
from app.atlases.user_copy import copy_folder, existing_copy
from app.page.figures.colours import beta_ranges, colour_code
from app.page.points import points_data, points_table
from hvae.atlas.atlas import MANIFEST, Atlas

GROWN = "GROWN"
"""In a server's config: how often its atlas has grown; what was drawn before is drawn again."""


def grow(atlas: Atlas) -> dict[str, Any] | None:
    """Go on with the user's own copy of `atlas` in its place, and say what the page has to know of it now.

    None where there is none.
    """
    return {"points": points_data(atlas), "dots": plane_dots(atlas)} if take_copy(atlas) else None


def take_copy(atlas: Atlas) -> bool:
    """Go on with the user's own copy of `atlas` in its place; whether there is one.

    `atlas` itself is changed, so that everything that draws from it sees the new points. Without a sound
    copy that holds all its points it stays as it is.
    """
    copy = existing_copy(atlas)
    if copy is None:
        return False
    if (copy.path, copy.manifest) != (atlas.path, atlas.manifest):
        take_over(atlas, copy)
    return True


class Watch:
    """Notices what another process has added to the user's own copy of an atlas."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas
        self._looking = Lock()
        self._folder = copy_folder(atlas)
        self._seen: list[FileState | None] = []

    def look(self) -> None:
        """Go on with the copy if it is there and has changed since the last look, or if this is the first."""
        if self._states() == self._seen:
            return
        with self._looking:
            # Another atlas may have taken the folder meanwhile.
            self._folder = copy_folder(self._atlas)
            states = self._states()
            if states != self._seen:
                take_copy(self._atlas)
                self._seen = states

    def _states(self) -> list[FileState | None]:
        return [FileState.of(self._folder.parent), FileState.of(self._folder / MANIFEST)]


def noticing_growth(application: WSGIApplication, atlases: Iterable[Atlas]) -> WSGIApplication:
    """The application, which looks at every request whether one of the atlases has grown elsewhere."""
    watches = [Watch(atlas) for atlas in atlases]

    def noticing(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        for watch in watches:
            watch.look()
        return application(environ, start_response)

    return noticing


def take_over(atlas: Atlas, other: Atlas) -> None:
    """Let `atlas` be `other` for all that draw from it."""
    # The files of the one are there in the other, too, where it has grown; the table of points comes last.
    atlas.path, atlas.manifest = other.path, other.manifest
    atlas.metrics = other.metrics


def plane_dots(atlas: Atlas) -> list[dict[str, Any]]:
    """The points that have a place in the rate plane: name, β, rates in nats per image, colour."""
    table = points_table(atlas)
    colours = colour_code(table["beta_2"], table["beta_1"], *beta_ranges(table))
    columns = ["point", "beta_2", "beta_1", "rate_z2", "rate_z1"]
    finite = np.isfinite(table[["rate_z2", "rate_z1"]].to_numpy(float)).all(axis=1)
    return [
        {**row, "colour": colour}
        for row, colour, is_finite in zip(table[columns].to_dict("records"), colours, finite, strict=True)
        if is_finite
    ]
