"""A point trained from the parent's fold, with the recipe that the rest of its atlas was trained with."""

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
from hvae.training.fleet import Fleet, with_weights
from hvae.training.recipe import Recipe

SAVE_SECONDS = 5.0
"""How often what has been reached is kept."""


def refined(
    parent: Parent,
    point: Point,
    manifest: Manifest,
    train: Images,
    on_step: Callable[[int, int], object] | None = None,
    folder: Path | None = None,
) -> HVAE:
    """The parent's fold at `point`, trained on there with the atlas's own recipe, seed and order of images.

    The same weights to the bit, on the same kind of CPU with denormals flushed, as `precompute run` would
    give a point of these β: noise depends on the seed and on the point's name alone. (On a GPU they agree as
    closely as any two runs on GPUs do.)

    train: the training images, on the device to train on. on_step: called with (steps done, steps in all).
    folder: where what has been reached is kept, every SAVE_SECONDS and at the end, and gone on from if the
    point was in training there before; the weights are the same either way. A folder is for one parent.
    Raises UserError where the training diverged, or the images are not those that the atlas was made from,
    OSError where `folder` cannot be written.
    """
    if manifest.data.get("train", train.digest()) != train.digest():
        raise UserError(
            f"This atlas was made from other images of {manifest.dataset}: restore them to train a point."
        )
    start = parent.fold(point.by_layer)
    recipe = Recipe(**manifest.recipe)
    before = _kept(folder, manifest, point)
    fleet = Fleet(
        [start], [point.name], [point.by_layer], train, recipe, manifest.seed, state=before and before.state
    )
    began = kept = time.monotonic()
    with one_thread():
        while not fleet.is_finished:
            fleet.step()
            now = time.monotonic()
            if folder is not None and (fleet.is_finished or now - kept >= SAVE_SECONDS):
                seconds = now - began + (before.seconds if before else 0.0)
                resume.save(folder, manifest, [point.name], fleet.state(), fleet.steps, seconds)
                kept = now
            if on_step:
                on_step(fleet.done, fleet.steps)
    weights = fleet.state().weights[0]
    if not weights.isfinite().all():
        raise UserError(f"The training at β₂ = {point.beta_2:g}, β₁ = {point.beta_1:g} diverged.")
    return with_weights(start, weights)


def _kept(folder: Path | None, manifest: Manifest, point: Point) -> resume.Saved | None:
    """What the point had reached when its training was stopped."""
    found = resume.saved(folder, manifest) if folder is not None else ()
    return next((saved for saved in found if saved.names == [point.name]), None)
