"""The models of the atlases.

Found by a point's name, checked, loaded, and kept as long as memory has room.
"""

from __future__ import annotations

from threading import Lock
from typing import NamedTuple

import numpy as np

from app.atlases.file_state import FileState
from app.atlases.folds import Folds
from app.atlases.lru import Kept
from app.atlases.model_source import ModelSource, dot
from app.atlases.shelf import Snapshot, UnknownName
from app.atlases.subject import Subject
from hvae.atlas.atlas import EXAMPLES, Examples
from hvae.errors import UserError

MOST_BYTES = 192 * 2**20
"""Bytes for kept models: some 240 of the atlas that ships."""

MOST_OTHER_BYTES = 20 * 2**20
"""Bytes for models that are no dots: hundreds are needed while a pointer is dragged over the plane."""

OBJECTS_BYTES = 160 * 2**10
"""Bytes of a model without its weights, as measured."""


class Checked(NamedTuple):
    """A file whose SHA-256 was checked against atlas.json."""

    state: FileState
    digest: str


class Models:
    """The models of all atlases; those used last are kept.

    A file of an atlas is checked against its checksum at its first use and whenever it has changed on disk.
    """

    def __init__(self) -> None:
        self._folds = Folds()
        self._lock = Lock()
        self._sound: dict[tuple[str, str], Checked] = {}
        # By atlas and point: what a subject was made of, and the subject.
        self._dots: Kept[tuple[object, Subject]] = Kept(MOST_BYTES)
        self._others: Kept[tuple[object, Subject]] = Kept(MOST_OTHER_BYTES)
        # By atlas: the snapshot that the decoder's thread used last, and its test images. No subject holds
        # them: else snapshots would live as long as models.
        self._latest: dict[str, Snapshot] = {}
        self._examples: dict[str, tuple[Checked, Examples]] = {}

    def find(self, snapshot: Snapshot, point: str) -> ModelSource:
        """Return the source of the model of `point`. Raises UnknownName."""
        source = dot(snapshot, point) or self._folds.find(snapshot, point)
        if source is None:
            raise UnknownName("This atlas has no such point.")
        return source

    def check(self, snapshot: Snapshot, file: str) -> Checked:
        """Return a checked file of the atlas. Raises UserError if it is missing or damaged."""
        atlas = snapshot.atlas
        state, digest = FileState.of(atlas.path / file), atlas.manifest.files.get(file)
        with self._lock:
            sound = self._sound.get((snapshot.name, file))
        if sound is not None and sound == (state, digest):
            return sound
        atlas.checked_file(file)
        if state is None:  # it appeared meanwhile
            raise UserError(f"{file} is being replaced: ask again.")
        with self._lock:
            sound = self._sound[snapshot.name, file] = Checked(state, digest)
        return sound

    def checksum(self, snapshot: Snapshot, file: str) -> str:
        """Return the SHA-256 of a checked file of the atlas. Raises UserError as `check` does."""
        return self.check(snapshot, file).digest

    def subject(self, snapshot: Snapshot, point: str) -> Subject:
        """Return a point's model and its images, kept or loaded; call it on the decoder's thread.

        Raises UnknownName, and UserError if one of its files is missing or damaged.
        """
        source, name = self.find(snapshot, point), snapshot.name
        self._latest[name] = snapshot
        # What follows from the test images is kept with the subject.
        images = snapshot.atlas.manifest.files.get(EXAMPLES)
        made_of = [self.check(snapshot, file) for file in source.files], images
        subjects = self._dots if source.is_dot else self._others
        kept = subjects.get((name, point))
        if kept is None or kept[0] != made_of:
            model = source.load()
            subject = Subject(model, lambda: self._images(name), source.rates())
            kept = (made_of, subject)
            weights = sum(weight.nbytes for weight in model.parameters())
            subjects.put((name, point), kept, weights + OBJECTS_BYTES)
        return kept[1]

    def _images(self, atlas: str) -> np.ndarray:
        snapshot = self._latest[atlas]
        checked = self.check(snapshot, EXAMPLES)
        kept = self._examples.get(atlas)
        if kept is None or kept[0] != checked:
            kept = self._examples[atlas] = (checked, snapshot.atlas.examples())
        return kept[1].images
