"""What `precompute repeat` trains again: which points of an atlas, by which plan, and for about how long."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import get_args

import numpy as np
import pandas as pd

from hvae.architectures.registry import find
from hvae.atlas.atlas import Atlas
from hvae.atlas.point import Point
from hvae.errors import UserError
from hvae.metrics.metric import Goal
from hvae.metrics.registry import preferred_metrics
from hvae.training.recipe import Recipe
from precompute.planning.plan import Plan

HIGHEST_SEED = 2**31 - 1


def parse_seeds(text: str) -> list[int]:
    """Return the seeds of `1,2`. Raises UserError for anything else, and for a seed twice."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) <= HIGHEST_SEED for word in words):
        raise UserError(f"--seeds {text} are no seeds: write whole numbers and commas, such as 1,2.")
    seeds = [int(word) for word in words]
    if len(set(seeds)) < len(seeds):
        raise UserError(f"--seeds {text} has a seed twice: another run with it would be the same.")
    return seeds


def plan_of(atlas: Atlas) -> Plan:
    """Return the plan by which an atlas was made, of the points to train again.

    Raises UserError if it cannot be trained again: it is unfinished, or its models are from elsewhere.
    """
    manifest, out = atlas.manifest, atlas.path
    find(manifest.config.architecture)
    if manifest.is_from_elsewhere or not manifest.recipe or manifest.betas.beta_2 != manifest.betas.beta_1:
        raise UserError(f"{out} was not trained by precompute run: only such an atlas can be trained again.")
    missing = {Point(*betas).checkpoint for betas in manifest.betas.pairs} - set(atlas.metrics["checkpoint"])
    if missing:
        raise UserError(f"{out} is not finished: continue its run first.")
    return Plan(
        manifest.dataset,
        list(manifest.betas.beta_2),
        Recipe(**manifest.recipe),
        Recipe(**manifest.parent_recipe) if manifest.parent_recipe else None,
        manifest.seed,
        manifest.weights,
        {name: value for name, value in manifest.model.items() if name != "image_shape"},
        tuple(points_to_repeat(atlas)),
    )


def points_to_repeat(atlas: Atlas) -> list[Point]:
    """Return the best point for each goal, the standard VAE and the corners of the grid, each once.

    The standard VAE is the point with β₂ = β₁ that is nearest to 1. Points whose training failed are left
    out. Raises UserError if none is left.
    """
    betas = atlas.manifest.betas.beta_2
    grid = {Point(*pair).checkpoint: Point(*pair) for pair in atlas.manifest.betas.pairs}
    trained = atlas.metrics[~atlas.metrics["checkpoint"].isin(atlas.manifest.failures)]
    trained = trained[trained["checkpoint"].isin(grid)]
    standard = min(betas, key=lambda beta: abs(math.log(beta)))
    corners = product((min(betas), max(betas)), repeat=2)
    names = [
        *best_of_goals(trained),
        *(Point(*pair).checkpoint for pair in ((standard, standard), *corners)),
    ]
    points = [grid[name] for name in dict.fromkeys(names) if name in set(trained["checkpoint"])]
    if not points:
        raise UserError(f"{atlas.path} has no model to train again: the training of each of them failed.")
    return points


def best_of_goals(table: pd.DataFrame) -> Iterator[str]:
    """Yield the checkpoint that is best for each of the source's goals, by its first metric with a number."""
    for goal in get_args(Goal):
        for metric in preferred_metrics(goal):
            known = table[np.isfinite(table[metric.column])]
            if len(known):
                values = known[metric.column] if metric.higher_is_better else -known[metric.column]
                yield known.loc[values.idxmax(), "checkpoint"]
                break


def about_seconds(atlas: Atlas, points: int, processes: int) -> float:
    """Return the seconds that another run of so many points takes, by those of the atlas's own.

    NaN if they are not known. processes: how many train and measure points at once.
    """
    spent = atlas.manifest.made_with
    parent, training, measuring = (
        float(spent.get(f"{what}_seconds", math.nan)) for what in ("parent", "training", "metrics")
    )
    parent = parent if atlas.manifest.parent_recipe else 0.0
    return parent + (training + measuring) * points / len(atlas.metrics) / min(processes, points)
