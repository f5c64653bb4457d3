"""The engines of this machine: jobs one after another in this process, or at once in several."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import nullcontext
from typing import NamedTuple, Protocol

import torch
from rich.console import Console

from hvae.datasets import Images
from hvae.errors import UserError
from hvae.numerics import one_thread
from hvae.training.fleet import State
from precompute.engines.training_job import Job, advance, halves
from precompute.engines.workers import Workers

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
                # A point is the same whether it is trained here or by a worker.
                threads = one_thread() if job.points else nullcontext()
                try:
                    with threads:
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


class PoolEngine:
    """Runs jobs on the CPU in `jobs` processes, one thread each.

    stack: how many points make a job. interval: seconds until a process hands back what it has reached.
    """

    def __init__(self, images: Images, stack: int, interval: float, jobs: int) -> None:
        self.images, self.stack, self.interval, self.jobs = images, stack, interval, jobs

    def run(self, work: Iterable[Work], on_step: Callable[[Job, int], None]) -> Iterator[Interval]:
        """See Engine. Raises UserError where a process dies."""
        coming, ahead, reached = iter(work), deque(), []
        flights: dict[Future, Job] = {}
        with Workers(self.jobs, self.images) as workers:
            while True:
                while len(flights) < self.jobs and (next_up := self._next(ahead, coming)):
                    job, state = next_up
                    flights[workers.submit(carry_on, job, state, self.interval)] = job
                    on_step(job, state.step)
                # Only now, with every process busy: what the caller does with these takes a while.
                yield from reached
                if not flights:
                    return
                ended, _ = wait(flights, return_when=FIRST_COMPLETED)
                reached = []
                for future in ended:
                    job, (state, seconds) = flights.pop(future), workers.result(future)
                    is_finished = job.is_finished(state, len(self.images))
                    reached.append(Interval(job, state, seconds, is_finished))
                    if not is_finished:
                        ahead.append((job, state))

    def _next(self, ahead: deque[Work], coming: Iterator[Work]) -> Work | None:
        """What to train next: what was begun, else what comes; its halves where it is too large."""
        work = ahead.popleft() if ahead else next(coming, None)
        while work and len(work[0].points) > self.stack:
            work, rest = halves(*work)
            ahead.appendleft(rest)
        return work


def carry_on(images: Images, job: Job, state: State, seconds: float) -> tuple[State, float]:
    """What a worker does: carry a job on. Returns its state and the seconds it took."""
    started = time.monotonic()
    state = advance(job, state, images, seconds)
    return state, time.monotonic() - started


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
