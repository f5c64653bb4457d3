"""Models decoding pictures, all on one thread of their own.

Browsers run the models themselves. So torch, which takes seconds and hundreds of megabytes, is imported only
when somebody asks for a picture: a script, or a browser that cannot run the model. Requests wait for that on
the decoder's thread. One thread with one torch thread is also the fastest way to decode 16 small pictures:
2.4 ms, where two torch threads beside a busy browser took 10 to 260 ms (two cores).
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, Literal

from app.atlases.models import Models
from app.atlases.shelf import Snapshot
from app.atlases.subject import Subject
from app.pictures.malloc import give_back

State = Literal["asleep", "starting", "ready", "failed"]

MOST_WAITING = 128
"""More would wait for half a second and longer; they are asked to come again."""

RETRY_SECONDS = 1
"""When whoever was turned away should come again."""

AGAIN_SECONDS = 5.0
"""How long after torch could not be imported that is tried again: something else may have taken all files."""

GIVE_BACK_EVERY = 1000
"""Requests after which unused memory is given back to the system."""


class Busy(Exception):
    """Too many wait already; its text is one sentence."""


class Decoder:
    """Makes what is asked of a model, first come, first served; at most `most_waiting` wait.

    clock: seconds.
    """

    def __init__(self, most_waiting: int = MOST_WAITING, clock: Callable[[], float] = time.monotonic) -> None:
        self.models = Models()
        self.most_waiting = most_waiting
        self._waiting, self._lock = 0, Lock()
        self._made = 0
        self._ready: Future[None] | None = None  # whether torch works; None before anything is asked
        self._clock, self._next_try = clock, 0.0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decoder")

    @property
    def waiting(self) -> int:
        """How many wait for the decoder, beside the one that it works for."""
        return self._waiting

    @property
    def state(self) -> State:
        """Whether torch was never needed, is being imported, works, or does not."""
        ready = self._ready
        if ready is None:
            return "asleep"
        if not ready.done():
            return "starting"
        return "failed" if ready.cancelled() or ready.exception() is not None else "ready"

    def wake(self) -> None:
        """Import torch in the background unless that was done; returns at once.

        After a failure it is tried again, at most every `AGAIN_SECONDS`: what failed early, as when no file
        could be opened, works then. torch does not survive every failure: that takes another process.
        """
        with self._lock:
            state = self.state
            if state not in ("asleep", "failed") or self._clock() < self._next_try:
                return
            self._next_try = self._clock() + AGAIN_SECONDS
            first = self._thread.submit(self._first_decode)
            if state == "asleep":
                self._ready = first
                return
        first.add_done_callback(self._take_success)

    def _take_success(self, again: Future[None]) -> None:
        if not again.cancelled() and again.exception() is None:
            self._ready = again

    def make(self, snapshot: Snapshot, point: str, make: Callable[[Subject], Any]) -> Any:
        """What `make` returns for a point; this thread waits for the decoder's.

        Raises what `make` does, UserError where a file of the point is missing or damaged, and Busy where too
        many wait.
        """
        with self._lock:
            if self._waiting >= self.most_waiting:
                raise Busy("The server has more to draw than it can: ask again in a moment.")
            self._waiting += 1
        self.wake()
        return self._thread.submit(self._make, snapshot, point, make).result()

    def _make(self, snapshot: Snapshot, point: str, make: Callable[[Subject], Any]) -> Any:
        with self._lock:
            self._waiting -= 1
        self._made += 1
        if self._made >= GIVE_BACK_EVERY:
            self._made = 0
            give_back()
        return make(self.models.subject(snapshot, point))

    def _first_decode(self) -> None:
        # torch makes 300,000 objects that stay: none is looked through as garbage while they are made.
        gc.disable()
        try:
            import torch

            torch.set_num_threads(1)
            from hvae.config import HVAEConfig
            from hvae.model import HVAE

            HVAE(HVAEConfig()).eval().sample(1)
        except Exception as error:
            if self.state != "failed":
                logging.getLogger(__name__).error("torch does not work here", exc_info=error)
            raise
        finally:
            gc.freeze()
            gc.enable()

    def close(self) -> None:
        """Stop decoding; whoever waits gets a CancelledError."""
        self._thread.shutdown(wait=False, cancel_futures=True)
