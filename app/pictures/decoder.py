"""Models decoding pictures, all on one thread of their own.

torch takes seconds to import: that thread does it while the server already answers, and requests for
pictures queue behind it. One thread with one torch thread is also the fastest way to decode 16 small
pictures: 2.4 ms, where two torch threads beside a busy browser took 10 to 260 ms (two cores).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

from app.atlases.folds import folds
from app.atlases.models import Models, Subject, dots
from app.pictures.batches import images_enough, make_together
from app.pictures.malloc import give_back
from app.pictures.queue import Job, Queue
from hvae.atlas.atlas import Atlas
from hvae.errors import UserError

GIVE_BACK_EVERY = 1000
"""Requests after which unused memory is given back to the system."""


class Decoder:
    """Makes what is asked of the models of `atlases`, a mapping from names to atlases.

    After `warm_up`, the future `ready` is done once torch has been imported and tried; it has an exception
    where that failed.
    """

    def __init__(self, atlases: Mapping[str, Atlas]) -> None:
        self.models = Models(atlases, names=(dots, folds))
        self._queue = Queue()
        self._told, self._lock = False, Lock()
        self._made = 0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decoder")

    def warm_up(self) -> None:
        """Import torch in the background; returns at once."""
        self.ready: Future[None] = self._thread.submit(self._first_decode)

    def load_ahead(self, atlas: str) -> None:
        """Load an atlas's models in the background while there is room; returns at once."""
        self._thread.submit(self._load_ahead, atlas, self.models.points(atlas))

    def make(self, atlas: str, point: str, make: Callable[[Subject], Any]) -> Any:
        """What `make` returns for a point, decoded if it is Undecoded; this thread waits for the decoder's.

        Raises what `make` does, UserError where a file of the point is missing or damaged, and Busy where too
        many wait.
        """
        job = Job((atlas, point), make)
        self._queue.put(job)
        self._tell()
        return job.made.result()

    def _tell(self) -> None:
        """Have the thread work, once for all that waits.

        Once for each job would leave it, of every batch, some calls too many, and without a pause between
        requests ever more of them.
        """
        with self._lock:
            if not self._told:
                self._thread.submit(self._work)
                self._told = True

    def _work(self) -> None:
        """Make what has waited longest, and what else is asked of its model."""
        with self._lock:
            self._told = False
        jobs = self._queue.take()
        if jobs:
            self._make(jobs)
        if len(self._queue):
            self._tell()
        self._made += len(jobs)
        if self._made >= GIVE_BACK_EVERY:
            self._made = 0
            give_back()

    def _make(self, jobs: list[Job]) -> None:
        try:
            make_together(self.models.subject(*jobs[0].point), jobs)
        except BaseException as error:
            for job in jobs:
                if not job.made.done():
                    job.made.set_exception(error)

    def _first_decode(self) -> None:
        try:
            import torch

            torch.set_num_threads(1)
            from hvae.layers import HVAEConfig
            from hvae.model import HVAE

            HVAE(HVAEConfig()).eval().sample(1)
        except Exception:
            logging.getLogger(__name__).exception("torch does not work here")
            raise

    def _load_ahead(self, atlas: str, points: Iterator[str]) -> None:
        """Load one model and queue up again, so that requests never wait for more than one."""
        for point in points:
            if not self.models.have_room:
                return
            try:
                images_enough(self.models.subject(atlas, point).model)
            except UserError:
                continue  # told when its pictures are asked for
            try:
                self._thread.submit(self._load_ahead, atlas, points)
            except RuntimeError:
                pass  # shutting down
            return

    def close(self) -> None:
        """Stop decoding; requests that wait are given up."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._queue.give_up()
