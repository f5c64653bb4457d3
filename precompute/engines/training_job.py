"""A job: models that are trained together, and the function that trains it for a while.

A job and a state hold everything that training needs, except the images. So a job can continue in this
process or in another one, and an interrupted job continues from its last state to the same weights.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch

from hvae.atlas.point import Point
from hvae.config import HVAEConfig
from hvae.datasets import Images
from hvae.model import HVAE
from hvae.numerics import is_out_of_memory, release_memory, threads
from hvae.parent import Parent
from hvae.training.arithmetic import USUAL, Arithmetic
from hvae.training.fleet import Fleet, State
from hvae.training.recipe import Recipe


@dataclass(frozen=True)
class Job:
    """Points that are trained as one fleet; without points, the parent, trained on `beta_range`.

    threads: number of CPU threads; the last bits of the weights depend on it.
    arithmetic: how the models are computed; the parent has one formulation, whatever it says.
    """

    config: HVAEConfig
    recipe: Recipe
    seed: int
    points: tuple[Point, ...] = ()
    beta_range: tuple[float, float] | None = None
    threads: int = 1
    arithmetic: Arithmetic = USUAL

    @property
    def names(self) -> list[str]:
        """The names of the models. Their noise depends on them, and they identify a saved state."""
        return [point.name for point in self.points] or ["parent"]

    def with_points(self, n: int) -> Job:
        """Return a dummy job of n points, for timing."""
        return replace(self, points=tuple(Point(1.0 + row, 1.0) for row in range(n)))

    def template(self) -> HVAE | Parent:
        """Return a model of the job's kind with meaningless weights."""
        with torch.random.fork_rng(devices=[]):
            return HVAE(self.config) if self.points else Parent(self.config, self.beta_range)

    def fleet(self, images: Images, state: State) -> Fleet:
        """Return the fleet, at `state`."""
        betas = [point.by_layer for point in self.points] or None
        models = [self.template()] * len(self.names)
        formulation, precision = self.arithmetic
        formulation = formulation if self.points else None
        return Fleet(models, self.names, betas, images, self.recipe, self.seed, formulation, state, precision)

    def is_finished(self, state: State, images: int) -> bool:
        """Return whether `state` is the job's last one, or training further is useless."""
        return state.step >= self.recipe.steps(images) or not state.weights.isfinite().all(dim=1).any()


def advance(
    job: Job,
    state: State,
    images: Images,
    seconds: float,
    on_step: Callable[[int], None] | None = None,
) -> State:
    """Train the job on the device of `images`, until it is finished or so many seconds have passed.

    on_step: called with the steps done. Raises torch.OutOfMemoryError, or another RuntimeError that
    `is_out_of_memory` knows, if the device's memory is too small.
    """
    fleet = job.fleet(images, state)
    until = time.monotonic() + seconds  # only now: an interval shorter than the set-up would make no progress
    while not fleet.is_finished and time.monotonic() < until:
        fleet.step()
        if on_step:
            on_step(fleet.done)
    return fleet.state()


class Reached(NamedTuple):
    """A job's state after an interval, None if its device has too little memory; and the seconds it took."""

    state: State | None
    seconds: float


CarryOn = Callable[..., Reached]
"""A function like `carry_on`."""


def carry_on(
    images: Images,
    job: Job,
    state: State,
    seconds: float,
    on_step: Callable[[int], None] | None = None,
) -> Reached:
    """Train for one interval, on any machine, and return the result; see `advance`."""
    started = time.monotonic()
    try:
        with threads(job.threads):
            reached = advance(job, state, images, seconds, on_step)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        reached = None
    if reached is None:  # only here: until the end of `except` its traceback holds the fleet
        release_memory()
    return Reached(reached, time.monotonic() - started)


def halves(job: Job, state: State) -> list[tuple[Job, State]]:
    """Return the same work as two jobs, each of half the points."""
    middle = len(job.points) // 2
    rows = range(len(job.points))
    return [
        (replace(job, points=tuple(job.points[row] for row in chosen)), state.rows(chosen))
        for chosen in (rows[:middle], rows[middle:])
    ]
