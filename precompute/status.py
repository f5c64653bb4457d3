"""What an atlas in the making holds, and how long the rest should take."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from hvae.atlas import Atlas


def describe(out: Path) -> str:
    """One line: points done, points left, and the time they should take at the pace so far.

    Raises UserError where there is no atlas in `out`.
    """
    atlas = Atlas.open(out)
    betas = atlas.manifest.betas
    total, done = len(betas.beta_2) * len(betas.beta_1), len(atlas.metrics)
    text = f"{out}: {done} of {total} points done"
    if atlas.manifest.failures:
        text += f", {len(atlas.manifest.failures)} of them diverged"
    if done == total:
        return f"{text}."
    if not done:
        return f"{text}, {total} left; no point is finished yet, so there is no estimate."
    seconds = atlas.manifest.made_with.get("training_seconds", 0) / done * (total - done)
    return f"{text}, {total - done} left: about {timedelta(seconds=round(seconds))} at the pace so far."
