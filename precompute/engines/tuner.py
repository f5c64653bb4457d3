"""The fastest way to train points on this device, of those that are right; measured once, kept in the cache.

On a CPU the last bits of a model depend on the formulation, and for all but `loop` on the models beside it.
So there the choice is among ways to train one point in float32, and atlas.json keeps it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

from hvae import __version__
from hvae.datasets import Images
from hvae.errors import UserError, one_line
from hvae.metrics.cache import MetricCache, NoCache
from hvae.numerics import is_out_of_memory, release_memory
from hvae.training.arithmetic import Arithmetic, usual
from hvae.training.fleet import State
from hvae.training.ways_to_compute import FORMULATIONS, PRECISIONS
from precompute.engines.pace import Pace, pace
from precompute.engines.stack_size import CPU_STACK, MOST
from precompute.engines.training_job import Job
from precompute.engines.workers import Workers

SECONDS, EACH_SECONDS = 15.0, 0.3
"""Seconds of measuring in all, at most, and of each way."""
HANGS = 4
"""A process that takes so many times as long as it should is ended."""
WORTH_SECONDS = {"cpu": 180.0}
OTHERS_WORTH_SECONDS = 30.0  # what is usual on a GPU is a guess, and may be several times too slow
FEW_IMAGES = 50_000
"""Model·images that any device trains in less time than measuring is worth."""
MOST_ERROR = {"float32": 1e-4, "bfloat16": 0.3}
"""How far gradients may be from those of `loop` in float32, relative to their norm."""
GAIN = 1.05
"""A stack is doubled as long as it trains so many times as fast."""
CLEARLY = 1.2
"""On a CPU another way has to be so many times as fast as the usual one: two runs should not end differently
because other work slowed one measurement down."""

Speeds = dict[str, float]
"""Ways, as `Way` writes them, and how many model·images they train in a second."""


class Way(NamedTuple):
    """An arithmetic, and how many points are trained at once."""

    formulation: str
    precision: str
    stack: int

    def __str__(self) -> str:
        return f"{self.formulation} {self.precision} {self.stack}"

    @classmethod
    def read(cls, text: str) -> Way | None:
        """Return what `str` has written; None if it is something else."""
        formulation, precision, stack = [*text.split(" "), "", ""][:3]
        is_way = formulation in FORMULATIONS and precision in PRECISIONS and stack.isdecimal()
        return cls(formulation, precision, int(stack)) if is_way and 0 < int(stack) <= MOST else None


def candidates(asked: Arithmetic, device: torch.device) -> list[Arithmetic]:
    """Return what to measure, the usual first. asked: what may not be chosen, because somebody has."""
    precisions = PRECISIONS if device.type == "cuda" else ("float32",)
    formulations = [asked.formulation] if asked.formulation else FORMULATIONS
    ways = [
        Arithmetic(formulation, precision)
        for precision in ([asked.precision] if asked.precision else precisions)
        for formulation in formulations
    ]
    first = asked.otherwise(usual(device))
    return sorted(ways, key=lambda way: way != first)


def is_worth_it(job: Job, images: Images, processes: int, pace: Pace = pace) -> bool:
    """Return whether training the job's points takes so long that measuring pays."""
    trained = len(job.points) * job.recipe.steps(len(images)) * job.recipe.batch_size
    if trained < FEW_IMAGES:
        return False
    device = images.images.device
    first = job.with_points(1 if device.type == "cpu" else min(8, len(job.points)))
    state = State.initial([first.template()] * len(first.points))
    seconds = pace(first, state, images, EACH_SECONDS) * len(job.points) / len(first.points)
    seconds *= job.recipe.steps(len(images)) / processes
    return seconds >= WORTH_SECONDS.get(device.type, OTHERS_WORTH_SECONDS)


def tuned(
    job: Job,
    images: Images,
    device_name: str,
    asked: Arithmetic,
    stack: int | None,
    cache: MetricCache | NoCache,
    say: Callable[[str], object],
) -> Way | None:
    """Return the fastest way to train the job's points on the device of `images`; None if there is no choice.

    asked: what is not to be chosen. stack: how many points to train at once; None if that may be chosen, too.
    say: called with one line about what was chosen, or why nothing could be.
    """
    device = images.images.device
    most = min(len(job.points), MOST, stack or (CPU_STACK if device.type == "cpu" else MOST))
    ways = candidates(asked, device)
    if len(ways) < 2 or (device.type == "cpu" and most > 1):
        return None
    key = {
        "what": "model·images per second",
        "device": device_name,
        "driver": driver(device),
        "torch": f"{torch.__version__}, {torch.backends.cudnn.version()}",
        "hvae-explorer": __version__,
        "model": json.dumps(job.config.to_dict()),
        "batch": min(job.recipe.batch_size, len(images)),
        "ways": " ".join(map(str, ways)),
        "stack": f"{stack or 'up to'} {most.bit_length()}",
    }
    kept = cache.get(key)
    speeds = kept or measured_elsewhere(job, images, ways, stack, most, say)
    if not (way := fastest(speeds, ways[0] if device.type == "cpu" else None)):
        return None
    if not kept:
        cache.set(key, speeds)
    at_once = f", {way.stack} at once" if way.stack > 1 else ""
    say(f"Points train with {Arithmetic(*way[:2])}{at_once}: {speeds[str(way)]:,.0f} model·images/s.")
    return way


def fastest(speeds: Mapping[str, float], favoured: Arithmetic | None = None) -> Way | None:
    """Return the fastest way; the favoured one unless another is clearly faster. None if there is none."""

    def merit(way: Way) -> float:
        return speeds[str(way)] * (CLEARLY if way[:2] == favoured else 1)

    return max(filter(None, map(Way.read, speeds)), key=merit, default=None)


def measured_elsewhere(
    job: Job,
    images: Images,
    ways: list[Arithmetic],
    stack: int | None,
    most: int,
    say: Callable[[str], object],
) -> Speeds:
    """Measure in a process of its own, so that no error there can harm this one; nothing if that fails."""
    few = 2 * min(job.recipe.batch_size, len(images))
    some = replace(images.to("cpu"), images=images.images[:few].cpu(), labels=images.labels[:few].cpu())
    device = str(images.images.device)
    try:
        with Workers(1, some) as workers:
            future = workers.submit(measured, job, device, ways, stack or 0, most)
            wait([future], timeout=HANGS * SECONDS)
            if not future.done():
                raise UserError("it takes too long")
            return workers.result(future)
    except (UserError, OSError, RuntimeError) as error:
        say(f"Points train with {ways[0]}, as usual: nothing could be measured ({one_line(error)}).")
        return {}


def measured(
    images: Images,
    job: Job,
    device: str,
    ways: list[Arithmetic],
    stack: int,
    most: int,
    seconds: float = SECONDS,
    pace: Pace = pace,
) -> Speeds:
    """Return the speed of each way whose gradients are right, from `stack` points (0: few) at once to `most`.

    images: a few. seconds: when they are over, nothing else is begun.
    """
    images, until = images.to(device), time.monotonic() + seconds
    first = stack or min(most, CPU_STACK if device == "cpu" else 8)
    right = gradients(job, images, Arithmetic("loop", "float32"))
    speeds: dict[Way, float] = {}

    def measure(way: Way) -> float:
        """Note the speed of a way; 0 if there is no time, or it cannot be computed here."""
        if time.monotonic() > until:
            return 0.0
        several = replace(job.with_points(way.stack), arithmetic=Arithmetic(*way[:2]))
        state = State.initial([job.template()] * way.stack)
        try:
            of_a_step = pace(several, state, images, EACH_SECONDS)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        else:
            speeds[way] = way.stack * min(job.recipe.batch_size, len(images)) / of_a_step
        release_memory()  # only here: until the end of `except` its traceback holds the fleet
        return speeds.get(way, 0.0)

    for each in ways:
        try:
            found = gradients(job, images, each)
            error = ((found - right).norm(dim=1) / right.norm(dim=1)).max()
            if error <= MOST_ERROR[each.precision]:  # not if it is NaN
                measure(Way(*each, first))
        except RuntimeError:
            continue  # a library cannot compute it here
    for way in sorted(speeds, key=speeds.get, reverse=True):
        while 2 * way.stack <= most:
            doubled = way._replace(stack=2 * way.stack)
            if measure(doubled) < GAIN * speeds[way]:
                break
            way = doubled
    return {str(way): speed for way, speed in speeds.items()}


def gradients(job: Job, images: Images, arithmetic: Arithmetic) -> torch.Tensor:
    """Return the first gradients of two models, (2, P), always of the same ones."""
    two = replace(job.with_points(2), arithmetic=arithmetic)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = State.initial([two.template()] * 2)
    return two.fleet(images, state).gradients()


def driver(device: torch.device) -> str:
    """Return the version of a GPU's driver; empty if the system does not tell."""
    try:
        return (
            Path("/proc/driver/nvidia/version").read_text().splitlines()[0] if device.type == "cuda" else ""
        )
    except (OSError, IndexError):
        return ""
