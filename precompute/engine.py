"""The local engine: jobs, one after another, in this process."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

import torch
from rich.console import Console

from hvae.datasets import Images
from hvae.errors import UserError
from hvae.fleet import State
from precompute.jobs import Job, advance, halves

Work = tuple[Job, State]


class Interval(NamedTuple):
    """What a job had reached when an interval of training ended, and the seconds that the interval took."""

    job: Job
    state: State
    seconds: float
    is_finished: bool


class Engine(Protocol):
    """Where jobs are carried on. `stack` is how many points make a job."""

    stack: int

    def run(self, work: Iterable[Work], on_step: Callable[[Job, int], None]) -> Iterator[Interval]:
        """Carry every job on to its end; yields at the end of every interval of each.

        on_step: called now and then with a job and the steps done. Raises UserError where the engine is lost.
        """
        ...


class LocalEngine:
    """Runs jobs in this process, on the device of `images`, for `interval` seconds at a time."""

    def __init__(self, images: Images, stack: int, interval: float, console: Console) -> None:
        self.images, self.stack, self.interval, self.console = images, stack, interval, console

    def run(self, work: Iterable[Work], on_step: Callable[[Job, int], None]) -> Iterator[Interval]:
        """See Engine. Where the device's memory is too small for a job, its halves take its place."""
        for whole in work:
            queue = deque([whole])
            while queue:
                job, state = queue.popleft()
                if len(job.points) > self.stack:
                    queue.extendleft(reversed(halves(job, state)))
                    continue
                started = time.monotonic()
                try:
                    state = advance(
                        job, state, self.images, self.interval, lambda step, job=job: on_step(job, step)
                    )
                except torch.OutOfMemoryError:
                    self.stack = smaller_stack(job, self.console)
                    queue.appendleft((job, state))
                    continue
                is_finished = job.is_finished(state, len(self.images))
                yield Interval(job, state, time.monotonic() - started, is_finished)
                if not is_finished:
                    queue.appendleft((job, state))


def smaller_stack(job: Job, console: Console) -> int:
    """Half the points of a job that did not fit in memory, after a line that says so.

    Raises UserError where it had no more than one model.
    """
    points = len(job.points)
    if points < 2:
        raise UserError("The device has too little memory for a single model: name another with --device.")
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    console.print(f"Out of memory with {points} points at once: going on with {points // 2}.")
    return points // 2
