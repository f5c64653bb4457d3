"""The loop that carries jobs on to their end; engines differ in where an interval of training takes place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

import torch
from rich.console import Console

from hvae.errors import UserError
from hvae.training.fleet import State
from precompute.engines.training_job import Job, Reached, halves

Work = tuple[Job, State]
OnStep = Callable[[Job, int], None]


class Interval(NamedTuple):
    """What a job had reached when an interval of training ended, and the seconds that the interval took."""

    job: Job
    state: State
    seconds: float
    is_finished: bool


class Order(NamedTuple):
    """A job to carry on for an interval, from a state; its number comes back with what it has reached."""

    number: int
    job: Job
    state: State


class Landed(NamedTuple):
    """The number of an order whose interval has ended, and what it has reached."""

    number: int
    reached: Reached


class Engine(ABC):
    """Where jobs are carried on.

    images: how many images are trained on. stack: how many points make a job.
    """

    slots = 1
    """How many jobs are carried on at once; it may change while they are."""

    def __init__(self, images: int, stack: int, console: Console) -> None:
        self.image_count, self.stack, self.console = images, stack, console

    def ready(self) -> AbstractContextManager:
        """What must be there while jobs are carried on."""
        return nullcontext()

    @abstractmethod
    def start(self, orders: list[Order]) -> None:
        """Begin an interval of each; called once, with none perhaps, before every `landed`."""

    @abstractmethod
    def landed(self, on_step: OnStep) -> list[Landed]:
        """Wait, for a while at least, and return the orders that have ended since.

        on_step: to be called with a job and its steps done, where that is known meanwhile.
        Raises UserError where the engine is lost.
        """

    def run(self, work: Iterable[Work], on_step: OnStep) -> Iterator[Interval]:
        """Carry every job on to its end; yields at the end of every interval of each.

        Where the device's memory is too small for a job, its halves take its place.
        on_step: called now and then with a job and the steps done. Raises UserError where the engine is lost.
        """
        coming, ahead, ended = iter(work), deque(), []
        under_way: dict[int, Work] = {}
        number = 0
        with self.ready():
            while True:
                orders = []
                # Where nothing is left to compute on, one job waits for what comes.
                while len(under_way) < max(1, self.slots) and (next_up := self._next(ahead, coming)):
                    number += 1
                    under_way[number] = next_up
                    orders.append(Order(number, *next_up))
                    on_step(next_up[0], next_up[1].step)
                self.start(orders)
                # Only now, with every slot busy: what the caller does with these takes a while.
                yield from ended
                if not under_way:
                    return
                ended = []
                for landed in self.landed(on_step):
                    job, before = under_way.pop(landed.number)
                    state, seconds = landed.reached
                    if state is None:
                        if len(job.points) <= self.stack:  # else another job has found that out already
                            self.stack = smaller_stack(job, self.console)
                        ahead.appendleft((job, before))
                        continue
                    is_finished = job.is_finished(state, self.image_count)
                    ended.append(Interval(job, state, seconds, is_finished))
                    if not is_finished:
                        ahead.appendleft((job, state))

    def _next(self, ahead: deque[Work], coming: Iterator[Work]) -> Work | None:
        """What to train next: what was begun, else what comes; its halves where it is too large."""
        work = ahead.popleft() if ahead else next(coming, None)
        while work and len(work[0].points) > self.stack:
            work, rest = halves(*work)
            ahead.appendleft(rest)
        return work


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
