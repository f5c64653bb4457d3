"""From a point's name to its model: the files it is made of, whether they are sound, and what is kept.

A name is understood by the first way of naming that knows it; see Understand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from app.atlases.lru import Kept
from hvae.atlas.atlas import EXAMPLES, Atlas, Examples
from hvae.atlas.metadata import dimension_rates
from hvae.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from hvae.directions import Directions
    from hvae.model import HVAE

MOST_BYTES = 192 * 2**20
"""Memory for models that are kept: some 240 of the atlas that ships."""

MOST_OTHER_BYTES = 20 * 2**20
"""The same for models that are no dots: hundreds pass by when a hand is dragged over the plane."""

OBJECTS_BYTES = 160 * 2**10
"""What a model takes beside its weights, as measured."""


class NotHere(LookupError):
    """There is no such atlas or point; its text is one sentence."""


@dataclass(frozen=True)
class Source:
    """What a point's name stands for.

    files: the atlas's files that the model is made of; checked before it is loaded and whenever they change.
    load: makes the model, in eval mode; called on the decoder's thread, after the files were found sound.
    rates: what each dimension of z₂ adds to R(z₂), nats; empty where that is not known.
    is_dot: whether it is a point of the atlas, with a row of metrics.
    Name and files together say which model it is: the ETags of its pictures are made of both.
    """

    files: tuple[str, ...]
    load: Callable[[], HVAE]
    rates: Callable[[], list[float]]
    is_dot: bool = True


class Subject:
    """What pictures are made of: a model, the atlas's test images, and what follows from the two.

    Used on the decoder's thread only.
    """

    def __init__(self, model: HVAE, images: Callable[[], np.ndarray], rates: list[float]) -> None:
        self.model = model
        self._images = images
        self._rates = rates

    @property
    def images(self) -> np.ndarray:
        """The atlas's test images, uint8 (N, C, H, W). Raises UserError where they are damaged."""
        return self._images()

    @cached_property
    def dimension_order(self) -> list[int]:
        """The dimensions of z₂, that with the highest rate first; where unknown, rated on the test images."""
        from hvae.directions import top_rates

        rates = self._rates
        if len(rates) != self.model.config.top_dim:
            rates = top_rates(self.model, to_floats(self.images))
        return sorted(range(len(rates)), key=lambda dimension: -rates[dimension])

    @cached_property
    def directions(self) -> Directions:
        """The leading directions of z₁ over the test images."""
        from hvae.directions import leading_directions

        return leading_directions(self.model.residuals(to_floats(self.images))[0])


def point_name(checkpoint: str) -> str:
    """The name of a point in addresses: its checkpoint's file name without folder and suffix."""
    return PurePosixPath(checkpoint).stem


Understand = Callable[[str], Source | None]
"""What a point's name stands for; None for a name that this way of naming does not know."""


def dots(atlas: Atlas) -> Understand:
    """The points of the atlas, by the names of their checkpoints."""
    table, files = None, {}

    def understand(name: str) -> Source | None:
        nonlocal table, files
        if table is not atlas.metrics:  # it has grown
            files = {point_name(str(file)): str(file) for file in atlas.metrics["checkpoint"]}
            table = atlas.metrics
        file = files.get(name)
        if file is None:
            return None
        return Source(
            (file,),
            lambda: atlas.load_checkpoint(file),
            lambda: dimension_rates(atlas.metadata(file)),
        )

    return understand


def to_floats(images: np.ndarray) -> Tensor:
    """Images uint8 (N, C, H, W) as a model takes them, float in [0, 1]."""
    import torch

    return torch.tensor(images).float() / 255


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


class Checked(NamedTuple):
    """A file that was found to have the SHA-256 that atlas.json gives."""

    state: FileState
    digest: str


class Models:
    """The models of `atlases`, a mapping from names to atlases; those used last are kept.

    names: the ways to name a model of an atlas, asked in this order.
    A file of an atlas is checked against its checksum when first used and whenever it has changed on disk.
    """

    def __init__(
        self, atlases: Mapping[str, Atlas], names: Sequence[Callable[[Atlas], Understand]] = (dots,)
    ) -> None:
        self.atlases = atlases
        self._names = {name: [way(atlas) for way in names] for name, atlas in atlases.items()}
        self._lock = Lock()
        self._sound: dict[tuple[str, str], Checked] = {}
        # By atlas and point: the files that a subject was loaded from, and the subject.
        self._dots: Kept[tuple[list[Checked], Subject]] = Kept(MOST_BYTES)
        self._others: Kept[tuple[list[Checked], Subject]] = Kept(MOST_OTHER_BYTES)
        self._examples: dict[str, tuple[Checked, Examples]] = {}

    def find(self, atlas: str, point: str) -> Source:
        """What `point` stands for in `atlas`. Raises NotHere."""
        if atlas not in self._names:
            raise NotHere("There is no such atlas here.")
        sources = (understand(point) for understand in self._names[atlas])
        source = next((source for source in sources if source is not None), None)
        if source is None:
            raise NotHere("This atlas has no such point.")
        return source

    def points(self, atlas: str) -> Iterator[str]:
        """The name of every point of an atlas's grid."""
        for file in self.atlases[atlas].metrics["checkpoint"]:
            yield point_name(str(file))

    @property
    def have_room(self) -> bool:
        """Whether another dot's model would push out none that is kept."""
        return self._dots.bytes < 0.95 * self._dots.most_bytes

    def check(self, atlas: str, file: str) -> Checked:
        """An atlas's file, found sound. Raises UserError where it is missing or damaged."""
        it = self.atlases[atlas]
        state, digest = FileState.of(it.path / file), it.manifest.files.get(file)
        with self._lock:
            sound = self._sound.get((atlas, file))
        if sound is not None and sound == (state, digest):
            return sound
        it.checked_file(file)
        if state is None or digest != it.manifest.files[file]:  # it appeared meanwhile, or the atlas changed
            raise UserError(f"{file} is being replaced: ask again.")
        with self._lock:
            sound = self._sound[atlas, file] = Checked(state, digest)
        return sound

    def checksum(self, atlas: str, file: str) -> str:
        """The SHA-256 of an atlas's file, found sound. Raises UserError as `check` does."""
        return self.check(atlas, file).digest

    def examples(self, atlas: str) -> Examples:
        """The atlas's test images. Raises UserError where they are missing or damaged."""
        state = self.check(atlas, EXAMPLES)
        kept = self._examples.get(atlas)
        if kept is None or kept[0] != state:
            kept = self._examples[atlas] = (state, self.atlases[atlas].examples())
        return kept[1]

    def subject(self, atlas: str, point: str) -> Subject:
        """A point's model and what goes with it, kept or loaded; on the decoder's thread.

        Raises NotHere, and UserError where a file that it is made of is missing or damaged.
        """
        source = self.find(atlas, point)
        states = [self.check(atlas, file) for file in source.files]
        subjects = self._dots if source.is_dot else self._others
        kept = subjects.get((atlas, point))
        if kept is None or kept[0] != states:
            model = source.load()
            subject = Subject(model, lambda: self.examples(atlas).images, source.rates())
            kept = (states, subject)
            weights = sum(weight.nbytes for weight in model.parameters())
            subjects.put((atlas, point), kept, weights + OBJECTS_BYTES)
        return kept[1]
