"""Who judges samples: which judges an atlas has, what each scored, and how far each can be trusted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from app.page import menus
from app.page.words import beta_text
from hvae.atlas.atlas import Atlas
from hvae.atlas.manifest import Judge, Sureness
from hvae.metrics.measurements.generation import GENERATION
from hvae.metrics.measurements.generation_calibrated import SUFFIX

JUDGES = {"source": "real images only", "calibrated": "calibrated"}
"""Judge → what its button says. One learned from real images alone, as in the source; the other from
reconstructions with their true labels, too."""

CALIBRATED_TO = 0.08
"""How far a judge's confidence may lie from how often it is right, at a point, before the page names it."""


def judged(score: str, judge: str) -> str:
    """Return the column of a score by a judge; a score that no judge gives is its own."""
    return f"{score}{SUFFIX}" if judge == "calibrated" and score in GENERATION.names else score


def judges(atlas: Atlas) -> dict[str, str]:
    """Return the judges that scored samples in an atlas; that of the source if nobody did."""
    there = {
        judge: title
        for judge, title in JUDGES.items()
        if any(_is_measured(atlas, judged(score, judge)) for score in GENERATION.names)
    }
    return there or {"source": JUDGES["source"]}


def scores(atlas: Atlas) -> dict[str, str]:
    """Return the scores of samples that were measured, by any judge; the inception score if none was."""
    there = {
        score: title
        for score, title in menus.scores().items()
        if any(_is_measured(atlas, judged(score, judge)) for judge in JUDGES)
    }
    return there or dict([next(iter(menus.scores().items()))])


def sureness(atlas: Atlas, checkpoint: str) -> dict[str, dict[str, Any]]:
    """Return for each judge what it is worth on reconstructions of test images through one point.

    judge → `confidence` and `right`, shares, and `texts` of both. Empty where it was not measured.
    """
    return {
        name: {
            "confidence": judge.of_points[checkpoint].confidence,
            "right": judge.of_points[checkpoint].right,
            "texts": _texts(judge, judge.of_points[checkpoint]),
        }
        for name, judge in atlas.manifest.judges.items()
        if checkpoint in judge.of_points
    }


def miscalibrated(atlas: Atlas, judge: str) -> str:
    """Return a sentence that names where a judge is sure of itself without reason; empty where it isn't."""
    if judge not in atlas.manifest.judges:
        return ""
    of_points = atlas.manifest.judges[judge].of_points
    off = {name: its.error for name, its in of_points.items() if its.error > CALIBRATED_TO}
    if not off:
        return ""
    worst = atlas.metrics.set_index("checkpoint").loc[max(off, key=off.__getitem__)]
    where = f"β₂ = {beta_text(worst['beta_2'])}, β₁ = {beta_text(worst['beta_1'])}"
    which = where if len(off) == 1 else f"{len(off)} models, most at {where}"
    return f"This judge's confidence is off by more than {100 * CALIBRATED_TO:.0f} % at {which}."


def _texts(judge: Judge, of_point: Sureness) -> list[str]:
    """Mean confidence and share that is right, in whole percent, the latter with its standard error.

    The error is that of Agresti and Coull (1998), which is above 0 even where all are right.
    """
    count = judge.held_out + 4
    share = (of_point.right * judge.held_out + 2) / count
    error = math.sqrt(share * (1 - share) / count)
    return [f"{100 * of_point.confidence:.0f} %", f"{100 * of_point.right:.0f} ± {math.ceil(100 * error)} %"]


def _is_measured(atlas: Atlas, column: str) -> bool:
    return bool(np.isfinite(atlas.metrics[column].to_numpy(float)).any())
