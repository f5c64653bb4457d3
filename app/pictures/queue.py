"""What waits for the decoder: bounded, and what is asked of the same model is taken out together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.atlases.models import Subject

MOST_WAITING = 128
"""More would wait for half a second and longer; they are told to come again."""

MOST_TOGETHER = 4
"""Jobs in one batch: a click's three, and yet little memory, and no long wait for those of other models."""

RETRY_SECONDS = 1
"""When who was turned away should come again."""


class Busy(Exception):
    """Too many wait already; its text is one sentence."""


@dataclass(eq=False)
class Job:
    """Something to be made of a point's model. point: its atlas and name. made: the result, or why not."""

    point: tuple[str, str]
    make: Callable[[Subject], Any]
    made: Future[Any] = field(default_factory=Future)


class Queue:
    """First come, first served; but what else is asked of the same model goes along."""

    def __init__(self, most: int = MOST_WAITING, most_together: int = MOST_TOGETHER) -> None:
        self._most, self._most_together = most, most_together
        self._waiting: deque[Job] = deque()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, job: Job) -> None:
        """Raises Busy where too many wait."""
        with self._lock:
            if len(self._waiting) >= self._most:
                raise Busy("The server has more to draw than it can: ask again in a moment.")
            self._waiting.append(job)

    def take(self) -> list[Job]:
        """The next job and those of the same point, in the order in which they came; [] where none waits."""
        with self._lock:
            if not self._waiting:
                return []
            point = self._waiting[0].point
            together = [job for job in self._waiting if job.point == point][: self._most_together]
            for job in together:
                self._waiting.remove(job)
            return together

    def give_up(self) -> None:
        """Whoever waits gets a CancelledError."""
        with self._lock:
            for job in self._waiting:
                job.made.cancel()
            self._waiting.clear()
