"""Models decoding pictures, all on one thread of their own.

torch takes seconds to import: that thread does it while the server already answers, and requests for
pictures queue behind it. One thread with one torch thread is also the fastest way to decode 16 small
pictures: 2.4 ms, where two torch threads beside a busy browser took 10 to 260 ms (two cores).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

from app.atlases.models import Models
from app.atlases.shelf import Snapshot
from app.atlases.subject import Subject
from app.pictures.malloc import give_back
from hvae.errors import UserError

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

    After `warm_up`, the future `ready` is done once torch has been imported and tried; it has an exception
    where that failed. It is then tried again, as `try_again` says, and `ready` is another one once it works.
    clock: seconds.
    """

    def __init__(self, most_waiting: int = MOST_WAITING, clock: Callable[[], float] = time.monotonic) -> None:
        self.models = Models()
        self.most_waiting = most_waiting
        self._waiting, self._lock = 0, Lock()
        self._made = 0
        self._clock, self._next_try = clock, 0.0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decoder")

    @property
    def waiting(self) -> int:
        """How many wait for the decoder, beside the one that it works for."""
        return self._waiting

    def warm_up(self) -> None:
        """Import torch in the background; returns at once."""
        self._next_try = self._clock() + AGAIN_SECONDS
        self.ready: Future[None] = self._thread.submit(self._first_decode)

    @property
    def has_failed(self) -> bool:
        """Whether torch could not be imported."""
        ready = self.ready
        return ready.done() and (ready.cancelled() or ready.exception() is not None)

    def try_again(self) -> None:
        """Import torch once more in the background, where that has failed some time ago; returns at once.

        What failed early, as when no file could be opened, works then. torch does not survive every failure:
        that takes another process.
        """
        with self._lock:
            if not self.has_failed or self._clock() < self._next_try:
                return
            self._next_try = self._clock() + AGAIN_SECONDS
        again = self._thread.submit(self._first_decode)
        again.add_done_callback(self._take_success)

    def _take_success(self, again: Future[None]) -> None:
        if not again.cancelled() and again.exception() is None:
            self.ready = again

    def load_ahead(self, snapshot: Snapshot) -> None:
        """Load an atlas's models in the background while there is room; returns at once."""
        self._thread.submit(self._load_ahead, snapshot, iter(snapshot.checkpoints))

    def make(self, snapshot: Snapshot, point: str, make: Callable[[Subject], Any]) -> Any:
        """What `make` returns for a point; this thread waits for the decoder's.

        Raises what `make` does, UserError where a file of the point is missing or damaged, and Busy where too
        many wait.
        """
        with self._lock:
            if self._waiting >= self.most_waiting:
                raise Busy("The server has more to draw than it can: ask again in a moment.")
            self._waiting += 1
        self.try_again()
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
        try:
            import torch

            torch.set_num_threads(1)
            from hvae.layers import HVAEConfig
            from hvae.model import HVAE

            HVAE(HVAEConfig()).eval().sample(1)
        except Exception as error:
            if not self.has_failed:
                logging.getLogger(__name__).error("torch does not work here", exc_info=error)
            raise

    def _load_ahead(self, snapshot: Snapshot, points: Iterator[str]) -> None:
        """Load one model and queue up again, so that requests never wait for more than one."""
        for point in points:
            if not self.models.have_room:
                return
            try:
                self.models.subject(snapshot, point)
            except UserError:
                continue  # the answer to whoever asks for its pictures
            try:
                self._thread.submit(self._load_ahead, snapshot, points)
            except RuntimeError:
                pass  # shutting down
            return

    def close(self) -> None:
        """Stop decoding; whoever waits gets a CancelledError."""
        self._thread.shutdown(wait=False, cancel_futures=True)
