"""Models decoding pictures, all on one thread of their own.

torch takes seconds to import: that thread does it while the server already answers, and requests for
pictures queue behind it. One thread with one torch thread is also the fastest way to decode 16 small
pictures: 2.4 ms, where two torch threads beside a busy browser took 10 to 260 ms (two cores).
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from app.queries import TRAVERSAL_PICTURES, QueryError, Reconstructions, Samples, Traversal
from hvae.atlas import EXAMPLES, Atlas, Examples
from hvae.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from hvae.model import HVAE

MAX_MODELS = 256
"""Models kept in memory; a model of the atlas that ships takes 0.6 MB."""


class FileState(NamedTuple):
    """What changes whenever a file's content does."""

    modified: int
    changed: int
    size: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> FileState | None:
        """The state of the file at `path`; None where there is none."""
        try:
            status = path.lstat()
        except OSError:
            return None
        return cls(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


class Decoder:
    """Decodes pictures of the models of `atlases`, a mapping from names to atlases.

    After `warm_up`, the future `ready` is done once torch has been imported and tried.
    A file of an atlas is checked against its checksum when first used and whenever it has changed on disk.
    """

    def __init__(self, atlases: Mapping[str, Atlas]) -> None:
        self.atlases = atlases
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decoder")
        self._lock = Lock()
        self._sound: dict[tuple[str, str], FileState] = {}
        self._models: OrderedDict[tuple[str, str], tuple[FileState, HVAE]] = OrderedDict()
        self._examples: dict[str, tuple[FileState, Examples]] = {}

    def warm_up(self) -> None:
        """Import torch and load models in the background, as many as are kept; returns at once."""
        names = [
            (name, str(file)) for name, atlas in self.atlases.items() for file in atlas.metrics["checkpoint"]
        ]
        self.ready: Future[None] = self._thread.submit(self._first_decode)
        self._thread.submit(self._load_ahead, iter(names[:MAX_MODELS]))

    def check(self, atlas: str, file: str) -> FileState:
        """The state of an atlas's file, found sound. Raises UserError where it is missing or damaged."""
        state = FileState.of(self.atlases[atlas].path / file)
        with self._lock:
            if state is not None and self._sound.get((atlas, file)) == state:
                return state
        self.atlases[atlas].checked_file(file)
        if state is None:  # it appeared meanwhile
            raise UserError(f"{file} is being replaced: ask again.")
        with self._lock:
            self._sound[atlas, file] = state
        return state

    def examples(self, atlas: str) -> Examples:
        """The atlas's test images. Raises UserError where they are missing or damaged."""
        state = self.check(atlas, EXAMPLES)
        kept = self._examples.get(atlas)
        if kept is None or kept[0] != state:
            kept = self._examples[atlas] = (state, self.atlases[atlas].examples())
        return kept[1]

    def samples(self, atlas: str, checkpoint: str, query: Samples) -> np.ndarray:
        """Pictures uint8 (n, C, H, W) from the prior."""

        def decode(model: HVAE) -> Tensor:
            return model.sample(query.n, seed=query.seed, temperature=query.temperature)

        return self._decode(atlas, checkpoint, decode)

    def reconstructions(
        self, atlas: str, checkpoint: str, query: Reconstructions
    ) -> tuple[np.ndarray, np.ndarray]:
        """Test images and their reconstructions, both uint8 (N, C, H, W)."""
        images = self.examples(atlas).images
        beyond = [index for index in query.images if index >= len(images)]
        if beyond:
            raise QueryError(f"There is no image {beyond[0]}: this atlas has {len(images)}, counted from 0.")
        originals = images[list(query.images)]

        def decode(model: HVAE) -> Tensor:
            import torch

            return model.reconstruct(torch.from_numpy(originals).float() / 255)

        return originals, self._decode(atlas, checkpoint, decode)

    def traversal(self, atlas: str, checkpoint: str, query: Traversal) -> np.ndarray:
        """Pictures uint8 (16, C, H, W), their z₂ shifted alike, z₁ at its prior mean."""

        def decode(model: HVAE) -> Tensor:
            z2 = model.noise(TRAVERSAL_PICTURES, query.seed)[-1]
            for dimension, shift in query.dimensions.items():
                if dimension >= z2.shape[1]:
                    raise QueryError(
                        f"There is no dimension z2.{dimension}: z₂ has {z2.shape[1]}, counted from 0."
                    )
                z2[:, dimension] += shift
            return model.decode({model.config.layers: z2}, fill="mean")

        return self._decode(atlas, checkpoint, decode)

    def _decode(self, atlas: str, checkpoint: str, decode: Callable[[HVAE], Tensor]) -> np.ndarray:
        def job() -> np.ndarray:
            pictures = decode(self._model(atlas, checkpoint))
            # NaN, from weights that are, is shown as black rather than as whatever the cast makes of it.
            return pictures.nan_to_num(0).mul(255).round().byte().numpy()

        return self._thread.submit(job).result()

    def _model(self, atlas: str, checkpoint: str) -> HVAE:
        state = self.check(atlas, checkpoint)
        kept = self._models.get((atlas, checkpoint))
        if kept is None or kept[0] != state:
            kept = (state, self.atlases[atlas].load_checkpoint(checkpoint))
            self._models[atlas, checkpoint] = kept
            if len(self._models) > MAX_MODELS:
                self._models.popitem(last=False)
        self._models.move_to_end((atlas, checkpoint))
        return kept[1]

    def _first_decode(self) -> None:
        try:
            import torch

            torch.set_num_threads(1)
            from hvae.layers import HVAEConfig
            from hvae.model import HVAE

            HVAE(HVAEConfig()).eval().sample(1)
        except Exception:
            logging.getLogger(__name__).exception("torch does not work here")

    def _load_ahead(self, names: Iterator[tuple[str, str]]) -> None:
        """Load one model and queue up again, so that requests never wait for more than one."""
        for name in names:
            try:
                self._model(*name)
            except UserError:
                continue  # told when its pictures are asked for
            try:
                self._thread.submit(self._load_ahead, names)
            except RuntimeError:
                pass  # shutting down
            return

    def close(self) -> None:
        """Stop decoding; requests that wait are given up."""
        self._thread.shutdown(wait=False, cancel_futures=True)
