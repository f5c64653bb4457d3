"""What is on screen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from app.points import points_table
from app.words import METRICS
from hvae.atlas import Atlas


@dataclass(frozen=True)
class Screen:
    """The atlas and the point shown, and the seed of its samples; None where the atlas has no points.

    The page keeps it in the store `screen`, which assets/10-screen.js alone writes.
    """

    atlas: str
    point: str | None
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def first_screen(name: str, atlas: Atlas) -> Screen:
    """What a visitor sees first: the standard VAE, or the drawable point nearest to it."""
    table = points_table(atlas)
    if table.empty:
        return Screen(name, None)
    betas = table[["beta_2", "beta_1"]].to_numpy(float)
    distance = (np.log(betas) ** 2).sum(axis=1)
    off_plane = ~np.isfinite(table[["rate_z2", "rate_z1"]].to_numpy(float)).all(axis=1)
    return Screen(name, table["point"].iloc[int(np.lexsort((distance, off_plane))[0])])


def size_metrics(atlas: Atlas) -> list[str]:
    """The columns that can set a dot's size: those with at least one finite value."""
    return [column for column in METRICS if np.isfinite(atlas.metrics[column].to_numpy(float)).any()]
