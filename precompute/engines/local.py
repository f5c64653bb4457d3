"""The engines of this machine: jobs one after another in this process, or at once in several."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager

from rich.console import Console

from hvae.datasets import Images
from precompute.engines.engine import Engine, Landed, OnStep, Order
from precompute.engines.training_job import CarryOn, carry_on
from precompute.engines.workers import Workers


class LocalEngine(Engine):
    """Runs jobs in this process, on the device of `images`, for `interval` seconds at a time.

    carry_on: trains a job for an interval; a substitute may do less.
    """

    def __init__(
        self, images: Images, stack: int, interval: float, console: Console, carry_on: CarryOn = carry_on
    ) -> None:
        super().__init__(len(images), stack, console)
        self._images, self._interval, self._carry_on = images, interval, carry_on
        self._orders: list[Order] = []

    def start(self, orders: list[Order]) -> None:
        """See Engine; in this process an interval takes place when it is waited for."""
        self._orders = orders

    def landed(self, on_step: OnStep) -> list[Landed]:
        """See Engine."""
        return [
            Landed(
                number,
                self._carry_on(
                    self._images, job, state, self._interval, lambda step, job=job: on_step(job, step)
                ),
            )
            for number, job, state in self._orders
        ]


class PoolEngine(Engine):
    """Runs jobs on the CPU in `processes` processes, one thread each.

    interval: seconds until a process returns its state. Raises UserError if a process dies.
    """

    def __init__(self, images: Images, stack: int, interval: float, console: Console, processes: int) -> None:
        super().__init__(len(images), stack, console)
        self._images, self._interval, self.slots = images, interval, processes
        self._under_way: dict[Future, int] = {}

    @contextmanager
    def ready(self) -> Iterator[None]:
        """See Engine."""
        with Workers(self.slots, self._images) as self._workers:
            yield

    def start(self, orders: list[Order]) -> None:
        """See Engine."""
        for number, job, state in orders:
            self._under_way[self._workers.submit(carry_on, job, state, self._interval)] = number

    def landed(self, on_step: OnStep) -> list[Landed]:
        """See Engine."""
        ended, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
        return [Landed(self._under_way.pop(future), self._workers.result(future)) for future in ended]
