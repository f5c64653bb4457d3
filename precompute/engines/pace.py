"""The time of a training step on this machine, and the fastest number of threads."""

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
"""Steps before measuring: in the first ones libraries are initialised, and CUDA records its graph."""
THREADS_SECONDS = 0.5
"""Seconds of measuring each number of threads."""
CLEARLY = 1.2
"""One thread is chosen if steps on all cores take this many times as long. Without other load they take less,
so all cores are chosen every time."""

Pace = Callable[[Job, State, Images, float], float]
"""A function like `pace`."""


def pace(
    job: Job, state: State, images: Images, seconds: float, clock: Callable[[], float] = time.monotonic
) -> float:
    """Return the seconds of a step of the job on the device of `images`, measured after a warm-up.

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
    """Wait until the device has finished its work."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def best_threads(job: Job, state: State, images: Images, pace: Pace = pace) -> int:
    """Return the number of CPU threads for a job: as many as torch has, or one if that is clearly faster.

    On a busy machine, threads spend most of their time waiting for a thread that gets no core. If
    OMP_NUM_THREADS gives the number, nothing is measured.
    """
    most = torch.get_num_threads()
    if most == 1 or "OMP_NUM_THREADS" in os.environ or images.images.device.type != "cpu":
        return most
    together, alone = (pace(replace(job, threads=n), state, images, THREADS_SECONDS) for n in (most, 1))
    return 1 if together > CLEARLY * alone else most
