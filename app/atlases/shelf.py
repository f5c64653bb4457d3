"""The shelf: the atlases that are served, which change on disk while people look at them.

A reader takes a snapshot of an atlas, once per request, and uses it to the end. A snapshot never changes:
when the files do, the shelf puts another one in its place.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from threading import Lock

from app.atlases.file_state import FileState
from app.atlases.user_copy import copy_folder, existing_copy
from hvae.atlas.atlas import MANIFEST, METRICS, Atlas
from hvae.errors import UserError

log = logging.getLogger(__name__)


class UnknownName(LookupError):
    """There is no atlas or point of this name; the text is one sentence."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """An atlas as it was when it was last read.

    name: in addresses. origin: the folder that was opened first; `atlas` may be the user's own copy by now.
    problem: why the atlas cannot be read at present, a sentence; empty where it can.
    """

    name: str
    atlas: Atlas
    origin: Path
    problem: str = ""

    @cached_property
    def version(self) -> str:
        """The same for the same content, in every process; another for any other."""
        return hashlib.sha256(self.atlas.manifest.model_dump_json().encode()).hexdigest()[:16]

    @cached_property
    def checkpoints(self) -> Mapping[str, str]:
        """The file of every point of the grid, by the point's name."""
        return {point_name(str(file)): str(file) for file in self.atlas.metrics["checkpoint"]}


def point_name(checkpoint: str) -> str:
    """The name of a point in addresses: its checkpoint's file name without folder and suffix."""
    return PurePosixPath(checkpoint).stem


class Shelf:
    """Snapshots of `atlases`, by name, in the same order; iterating gives the names.

    own_copies: whether the user's own copies that are there already take their atlases' places. One that
    appears or grows while the shelf stands does in any case, whichever process adds to it.
    """

    def __init__(self, atlases: Mapping[str, Atlas], own_copies: bool = False) -> None:
        self._looking = Lock()
        self._snapshots = {name: Snapshot(name, atlas, atlas.path) for name, atlas in atlases.items()}
        self._seen = {name: _states(atlas.path) for name, atlas in atlases.items()}
        self._copy_folders = {name: copy_folder(atlas) for name, atlas in atlases.items()}
        self._copies_seen: dict[str, list[FileState | None]] = {}
        if not own_copies:
            self._copies_seen = {name: _copy_states(folder) for name, folder in self._copy_folders.items()}

    def __getitem__(self, name: str) -> Snapshot:
        """The atlas as it was last read. Raises UnknownName."""
        snapshot = self._snapshots.get(name)
        if snapshot is None:
            raise UnknownName("There is no such atlas here.")
        return snapshot

    def __contains__(self, name: object) -> bool:
        return name in self._snapshots

    def __iter__(self) -> Iterator[str]:
        return iter(self._snapshots)

    @property
    def snapshots(self) -> list[Snapshot]:
        """Every atlas as it was last read."""
        return list(self._snapshots.values())

    @property
    def first(self) -> str:
        """The name of the atlas that is shown to those who name none."""
        return next(iter(self._snapshots))

    def refresh(self) -> None:
        """Look at the files of every atlas, and read those again that have changed; cheap where none has.

        While an atlas cannot be read, what was read before stays, with the `problem`. Callers wait for one
        another here: none gets the former snapshot once another has got the new one.
        """
        with self._looking:
            for name in self._snapshots:
                self._look_for_copy(name)
                self._look(name)

    def _look(self, name: str) -> None:
        former = self._snapshots[name]
        states = _states(former.atlas.path)
        if states == self._seen[name]:
            return
        # Noted before the files are read: what changes meanwhile is read once more.
        self._seen[name] = states
        try:
            atlas = Atlas.open(former.atlas.path)
        except UserError as error:
            log.warning("%s What was read before is shown.", error)
            self._snapshots[name] = replace(former, problem=str(error))
            return
        if former.problem or atlas.manifest != former.atlas.manifest:
            self._snapshots[name] = replace(former, atlas=atlas, problem="")

    def _look_for_copy(self, name: str) -> None:
        if _copy_states(self._copy_folders[name]) == self._copies_seen.get(name):
            return
        # Another atlas may have taken the folder meanwhile.
        folder = self._copy_folders[name] = copy_folder(self._snapshots[name].atlas)
        self._copies_seen[name] = _copy_states(folder)
        self._take_copy(name)

    def _take_copy(self, name: str) -> None:
        former = self._snapshots[name]
        states = _states(copy_folder(former.atlas))
        copy = existing_copy(former.atlas)
        if copy is not None and (copy.path, copy.manifest) != (former.atlas.path, former.atlas.manifest):
            self._snapshots[name], self._seen[name] = replace(former, atlas=copy, problem=""), states


def _states(folder: Path) -> list[FileState | None]:
    """What changes whenever the atlas in a folder does: the files that say what there is."""
    return [FileState.of(folder / name) for name in (MANIFEST, METRICS)]


def _copy_states(folder: Path) -> list[FileState | None]:
    """What changes whenever a user's own copy appears or does; its folder may be another one's until then."""
    return [FileState.of(folder.parent), FileState.of(folder / MANIFEST)]
