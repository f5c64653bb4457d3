"""What an atlas in the making holds, and how long the rest should take."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np

from hvae.atlas import METRIC_COLUMNS, Atlas


def describe(out: Path) -> str:
    """One line: points done, points left, and the time they should take at the pace so far.

    Raises UserError where there is no atlas in `out`.
    """
    atlas = Atlas.open(out)
    betas = atlas.manifest.betas
    total, done = len(betas.beta_2) * len(betas.beta_1), len(atlas.metrics)
    text = f"{out}: {done} of {total} points trained, {evaluated(atlas)} with every metric"
    if atlas.manifest.failures:
        text += f", {len(atlas.manifest.failures)} diverged"
    if done == total:
        return f"{text}."
    if not done:
        return f"{text}, {total} left; no point is finished yet, so there is no estimate."
    spent = atlas.manifest.made_with.get("training_seconds")
    if not isinstance(spent, int | float) or not 0 <= spent < 1e9:
        return f"{text}, {total - done} left to train."
    left = timedelta(seconds=round(spent / done * (total - done)))
    return f"{text}, {total - done} left to train: about {left} at the pace so far."


def evaluated(atlas: Atlas) -> int:
    """The number of points of which every metric is there."""
    return int(np.isfinite(atlas.metrics[list(METRIC_COLUMNS)]).all(axis=1).sum())
