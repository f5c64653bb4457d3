"""The loop that runs jobs to their end. Engines differ in where an interval of training takes place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from rich.console import Console

from hvae.errors import UserError
from hvae.training.fleet import State
from precompute.engines.training_job import Job, Reached, halves

Work = tuple[Job, State]
OnStep = Callable[[Job, int], None]


class Interval(NamedTuple):
    """The state of a job at the end of an interval of training, and the seconds that the interval took."""

    job: Job
    state: State
    seconds: float
    is_finished: bool


class Order(NamedTuple):
    """A job to train for an interval, from a state. Its number comes back with the new state."""

    number: int
    job: Job
    state: State


class Landed(NamedTuple):
    """The number of an order whose interval has ended, and its new state."""

    number: int
    reached: Reached


class Engine(ABC):
    """A place where jobs are trained.

    images: the number of training images. stack: how many points make a job.
    """

    slots = 1
    """How many jobs are trained at once; this number may change in between."""

    def __init__(self, images: int, stack: int, console: Console) -> None:
        self.image_count, self.stack, self.console = images, stack, console

    def ready(self) -> AbstractContextManager:
        """Return a context that must be open while jobs are trained."""
        return nullcontext()

    @abstractmethod
    def start(self, orders: list[Order]) -> None:
        """Begin an interval of each order; called once before every `landed`, perhaps without orders."""

    @abstractmethod
    def landed(self, on_step: OnStep) -> list[Landed]:
        """Wait a while, and return the orders that have ended.

        on_step: to be called with a job and its steps done, if they are known during an interval.
        Raises UserError if the engine is lost.
        """

    def run(self, work: Iterable[Work], on_step: OnStep) -> Iterator[Interval]:
        """Run every job to its end, and yield at the end of every interval of each.

        If the device's memory is too small for a job, its two halves replace it.
        on_step: called now and then with a job and the steps done. Raises UserError if the engine is lost.
        """
        coming, ahead, ended = iter(work), deque(), []
        under_way: dict[int, Work] = {}
        number = 0
        with self.ready():
            while True:
                orders = []
                # If there is no device any more, one job waits for a new one.
                while len(under_way) < max(1, self.slots) and (next_up := self._next(ahead, coming)):
                    number += 1
                    under_way[number] = next_up
                    orders.append(Order(number, *next_up))
                    on_step(next_up[0], next_up[1].step)
                self.start(orders)
                # Only now, when every slot is busy: the caller's work with these takes a while.
                yield from ended
                if not under_way:
                    return
                ended = []
                for landed in self.landed(on_step):
                    job, before = under_way.pop(landed.number)
                    state, seconds = landed.reached
                    if state is None:
                        if len(job.points) <= self.stack:  # else another job has already found this out
                            self.stack = smaller_stack(job, self.console)
                        ahead.appendleft((job, before))
                        continue
                    is_finished = job.is_finished(state, self.image_count)
                    ended.append(Interval(job, state, seconds, is_finished))
                    if not is_finished:
                        ahead.appendleft((job, state))

    def _next(self, ahead: deque[Work], coming: Iterator[Work]) -> Work | None:
        """Return the next job: one that was begun, or a new one; its halves if it is too large."""
        work = ahead.popleft() if ahead else next(coming, None)
        while work and len(work[0].points) > self.stack:
            work, rest = halves(*work)
            ahead.appendleft(rest)
        return work


def smaller_stack(job: Job, console: Console) -> int:
    """Print that a job did not fit into memory, and return half its number of points.

    Raises UserError if the job has only one model.
    """
    points = len(job.points)
    if points < 2:
        raise UserError("The device has too little memory for a single model: name another with --device.")
    console.print(f"Out of memory with {points} points at once: going on with {points // 2}.")
    return points // 2
