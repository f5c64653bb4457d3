"""Train a point from the parent's fold, with the recipe of its atlas."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from hvae.atlas.manifest import Manifest
from hvae.atlas.point import Point
from hvae.datasets import Images
from hvae.errors import UserError
from hvae.model import HVAE
from hvae.numerics import one_thread
from hvae.parent import Parent
from hvae.training import resume
from hvae.training.arithmetic import recorded
from hvae.training.fleet import Fleet, with_weights
from hvae.training.recipe import Recipe

SAVE_SECONDS = 5.0
"""Seconds between two saves of the training's state."""


def refined(
    parent: Parent,
    point: Point,
    manifest: Manifest,
    train: Images,
    on_step: Callable[[int, int], object] | None = None,
    folder: Path | None = None,
    precision: str | None = None,
) -> HVAE:
    """Train the parent's fold at `point` with the atlas's recipe, seed and order of images, and return it.

    On the same kind of CPU, with denormals flushed, the weights are the same to the bit as those from
    `precompute run`: noise depends only on the seed and the point's name. (On a GPU they agree as closely as
    any two runs on GPUs.)

    train: the training images, on the device to train on. on_step: called with (steps done, steps in all).
    folder: the state is saved here, every SAVE_SECONDS and at the end. If the point was in training in this
    folder before, its training continues; the weights are the same. A folder is for one parent.
    precision: in place of the atlas's. What diverges in bfloat16 is trained again in float32.
    Raises UserError if the training diverged, or the images are not those of the atlas, and OSError if
    `folder` cannot be written.
    """
    if manifest.data.get("train", train.digest()) != train.digest():
        raise UserError(
            f"This atlas was made from other images of {manifest.dataset}: restore them to train a point."
        )
    start = parent.fold(point.by_layer)
    recipe = Recipe(**manifest.recipe)
    before = _kept(folder, manifest, point)
    precision = precision or (before and before.precision)
    of_atlas = recorded(manifest, train.images.device)
    fleet = Fleet(
        [start],
        [point.name],
        [point.by_layer],
        train,
        recipe,
        manifest.seed,
        of_atlas.formulation,
        before and before.state,
        precision or of_atlas.precision,
    )
    began = kept = time.monotonic()
    with one_thread():
        while not fleet.is_finished:
            fleet.step()
            now = time.monotonic()
            if folder is not None and (fleet.is_finished or now - kept >= SAVE_SECONDS):
                seconds = now - began + (before.seconds if before else 0.0)
                resume.save(folder, manifest, [point.name], fleet.state(), fleet.steps, seconds, precision)
                kept = now
            if on_step:
                on_step(fleet.done, fleet.steps)
    weights = fleet.state().weights[0]
    if not weights.isfinite().all() and fleet.precision == "bfloat16":
        if folder is not None:
            resume.remove(folder, point.name)
        return refined(parent, point, manifest, train, on_step, folder, "float32")
    if not weights.isfinite().all():
        raise UserError(f"The training at β₂ = {point.beta_2:g}, β₁ = {point.beta_1:g} diverged.")
    return with_weights(start, weights)


def _kept(folder: Path | None, manifest: Manifest, point: Point) -> resume.Saved | None:
    """Return the point's state when its training was stopped."""
    found = resume.saved(folder, manifest) if folder is not None else ()
    return next((saved for saved in found if saved.names == [point.name]), None)
