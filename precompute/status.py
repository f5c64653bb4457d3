"""The status of an unfinished atlas: its points, the models in training, and the time left."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

from hvae.atlas.atlas import PARENT, TRAINING, Atlas, Manifest
from hvae.atlas.metadata import read_metadata
from hvae.atlas.metrics_table import is_measured
from hvae.atlas.point import Point
from hvae.errors import UserError
from hvae.metrics.registry import metric_columns
from precompute.progress import duration


class Begun(NamedTuple):
    """A job in training: the names of its models, the share of its steps that is done, and its seconds."""

    names: list[str]
    share: float
    seconds: float


def describe(out: Path) -> str:
    """Return one line: what is done, what is in training, what is left, and how long it should take.

    Raises UserError if there is no atlas in `out`.
    """
    atlas = Atlas.open(out)
    manifest = atlas.manifest
    total, done = len(manifest.betas.beta_2) * len(manifest.betas.beta_1), len(atlas.metrics)
    text = f"{out}: {done} of {total} points trained, {evaluated(atlas)} with every metric"
    if manifest.failures:
        text += f", {len(manifest.failures)} diverged"
    if done == total:
        return f"{text}."
    begun = list(in_training(atlas))
    for job in begun:
        what = "parent" if job.names == ["parent"] else f"{counted(len(job.names))} in training,"
        text += f", {what} at {100 * job.share:.0f} %"
    left = total - done
    if manifest.parent_recipe and PARENT not in manifest.files:
        return f"{text}, {left} left; {until_all_is_trained(manifest, begun, left)}."
    under_way = sum(job.share * len(job.names) for job in begun)
    spent = number(manifest.made_with.get("training_seconds", 0)) + sum(job.seconds for job in begun)
    if not done + under_way:
        at_most = at_the_parents_pace(manifest, number(manifest.made_with.get("parent_seconds")))
        if math.isfinite(at_most):
            return f"{text}, {left} left to train: at most about {duration(at_most * left)}."
        return f"{text}, {left} left; no point is finished yet, so there is no estimate."
    seconds = spent / (done + under_way) * (left - under_way)
    if not math.isfinite(seconds):
        return f"{text}, {left} left to train."
    return f"{text}, {left} left to train: about {duration(seconds)} at the pace so far."


def until_all_is_trained(manifest: Manifest, begun: list[Begun], points: int) -> str:
    """Return a clause about the time left for the parent, and for the points after it."""
    spent = next(((job.share, job.seconds) for job in begun if job.names == ["parent"]), None)
    if not spent or not spent[0]:
        return "the parent is trained first, and there is no estimate yet"
    share, seconds = spent
    whole = seconds / share
    text = f"about {duration(whole - seconds)} until the parent is trained"
    at_most = at_the_parents_pace(manifest, whole)
    if math.isfinite(at_most):
        text += f", then at most about {duration(at_most * points)}"
    return text


def at_the_parents_pace(manifest: Manifest, parent_seconds: float) -> float:
    """Return the seconds for one point, if its steps took as long as the parent's; NaN if unknown.

    They take less: a point has no gates, and on a GPU many points share a step.
    """
    epochs, parent_epochs = (
        number(recipe.get("epochs")) for recipe in (manifest.recipe, manifest.parent_recipe)
    )
    return parent_seconds / parent_epochs * epochs if parent_epochs else math.nan


def in_training(atlas: Atlas) -> list[Begun]:
    """Return the last saved state of every unfinished job, without invalid files."""
    betas = atlas.manifest.betas
    grid = {Point(beta_2, beta_1).name for beta_2 in betas.beta_2 for beta_1 in betas.beta_1}
    wanted = grid - {Path(name).stem for name in atlas.metrics["checkpoint"]}
    if atlas.manifest.parent_recipe and PARENT not in atlas.manifest.files:
        wanted.add("parent")
    found = []
    for path in sorted((atlas.path / TRAINING).glob("*.safetensors")):
        if (job := begun(path)) and set(job.names) <= wanted:
            found.append(job)
            wanted -= set(job.names)
    return found


def begun(path: Path) -> Begun | None:
    """Return the job whose state is in a file; None unless it is written as by `hvae.training.resume`."""
    if path.is_symlink() or not path.is_file():
        return None
    try:
        metadata = read_metadata(path)
        names = metadata["made_from"]["names"]
        step, steps, seconds = (number(metadata[key]) for key in ("step", "steps", "seconds"))
    except (UserError, KeyError, TypeError):
        return None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        return None
    if not (0 <= step <= steps and steps > 0 and math.isfinite(seconds) and len(set(names)) == len(names)):
        return None
    return Begun(names, step / steps, seconds)


def number(value: object) -> float:
    """Return a number from a file; NaN if it is none, or is impossible as a count or as seconds."""
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e9 else math.nan


def evaluated(atlas: Atlas) -> int:
    """Return the number of points with every metric."""
    rows = atlas.metrics.to_dict("records")
    return sum(is_measured(row, metric_columns(), atlas.manifest) for row in rows)


def counted(points: int) -> str:
    """Return a number with its noun: `1 point`, `2 points`."""
    return "1 point" if points == 1 else f"{points} points"
