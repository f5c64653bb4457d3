"""Models decoding pictures, all on one thread of their own.

torch takes seconds to import: that thread does it while the server already answers, and requests for
pictures queue behind it. One thread with one torch thread is also the fastest way to decode 16 small
pictures: 2.4 ms, where two torch threads beside a busy browser took 10 to 260 ms (two cores).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from app.folds import folds
from app.models import MAX_MODELS, Models, Subject, dots
from hvae.atlas import Atlas
from hvae.errors import UserError

Made = TypeVar("Made")


class Decoder:
    """Makes what is asked of the models of `atlases`, a mapping from names to atlases.

    After `warm_up`, the future `ready` is done once torch has been imported and tried; it has an exception
    where that failed.
    """

    def __init__(self, atlases: Mapping[str, Atlas]) -> None:
        self.models = Models(atlases, names=(dots, folds))
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decoder")

    def warm_up(self) -> None:
        """Import torch in the background; returns at once."""
        self.ready: Future[None] = self._thread.submit(self._first_decode)

    def load_ahead(self, atlas: str) -> None:
        """Load an atlas's models in the background, as many as are kept; returns at once."""
        self._thread.submit(self._load_ahead, atlas, islice(self.models.points(atlas), MAX_MODELS))

    def make(self, atlas: str, point: str, make: Callable[[Subject], Made]) -> Made:
        """What `make` returns for a point, called on the decoder's thread; this one waits.

        Raises what `make` does, and UserError where a file of the point is missing or damaged.
        """
        return self._thread.submit(lambda: make(self.models.subject(atlas, point))).result()

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
            try:
                self.models.subject(atlas, point)
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
