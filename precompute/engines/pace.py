"""How long a step of training takes here, and on how many threads it is taken fastest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace

import torch

from hvae.datasets import Images
from hvae.numerics import threads
from hvae.training.fleet import State
from precompute.engines.training_job import Job

WARM_UP_STEPS = 5
"""Steps that are not measured: in the first ones libraries set up, and CUDA records its graph."""
THREADS_SECONDS = 0.5
"""How long each number of threads is measured."""
CLEARLY = 1.2
"""How many times as long steps on all cores must take for one thread to be chosen: without other load, where
they take less, all cores are chosen every time."""

Pace = Callable[[Job, State, Images, float], float]
"""A function like `pace`."""


def pace(
    job: Job, state: State, images: Images, seconds: float, clock: Callable[[], float] = time.monotonic
) -> float:
    """Seconds that a step of the job takes on the device of `images`, after a warm-up, from so many seconds.

    Raises torch.OutOfMemoryError where the device's memory is too small.
    """
    fleet = job.fleet(images, state)
    with threads(job.threads):
        for _ in range(WARM_UP_STEPS):
            fleet.step()
        wait_for(images.images.device)
        started, steps = clock(), 0
        while not steps or clock() - started < seconds:
            fleet.step()
            steps += 1
        wait_for(images.images.device)
        return (clock() - started) / steps


def wait_for(device: torch.device) -> None:
    """Wait until the device has done what it was asked to."""
    if device.type != "cpu":
        torch.accelerator.synchronize()


def best_threads(job: Job, state: State, images: Images, pace: Pace = pace) -> int:
    """On how many CPU threads to train a job: as many as torch has, or one where that is clearly faster.

    Beside other load, threads spend most of their time waiting for the one that does not get a core. Where
    OMP_NUM_THREADS says how many there are to be, nothing is measured.
    """
    most = torch.get_num_threads()
    if most == 1 or "OMP_NUM_THREADS" in os.environ or images.images.device.type != "cpu":
        return most
    together, alone = (pace(replace(job, threads=n), state, images, THREADS_SECONDS) for n in (most, 1))
    return 1 if together > CLEARLY * alone else most
