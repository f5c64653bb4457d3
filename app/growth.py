"""An atlas on the page that grows: points of the user's own appear without a restart."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.figures.colours import beta_ranges, colour_code
from app.points import points_data, points_table
from hvae.atlas import Atlas
from hvae.own_copy import existing_copy

GROWN = "GROWN"
"""In a server's config: how often its atlas has grown; what was drawn before is drawn again."""


def grow(atlas: Atlas) -> dict[str, Any] | None:
    """Go on with the user's own copy of `atlas` in its place, and say what the page has to know of it now.

    `atlas` itself is changed, so that everything that draws from it sees the new points. None where there is
    no sound copy that holds all its points: then it stays as it is.
    """
    copy = existing_copy(atlas)
    if copy is None:
        return None
    if copy.manifest != atlas.manifest:
        take_over(atlas, copy)
    return {"points": points_data(atlas), "dots": plane_dots(atlas)}


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
