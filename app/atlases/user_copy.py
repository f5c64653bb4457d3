"""A user's own copy of an atlas, in the platform's data folder. New points are added to this copy.

The original atlas may be read-only or shared, so it is copied once, and the copy grows.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from hvae.atlas.atlas import Atlas
from hvae.atlas.manifest import Manifest, made_from_plan, read_manifest
from hvae.atlas.point import Point
from hvae.atlas.untrusted_files import MANIFEST, PARENT, checked_file
from hvae.atlas.writing import LOCK, append_point, locked, refuse_known_point
from hvae.errors import UserError
from hvae.files import flush, own_folder, user_path, write_json
from hvae.training.finish import Finished

BUSY = "A point is being trained already, here or in another tab: wait for it, or cancel it there."


def data_folder() -> Path:
    """Return the folder of the user's own atlases: HVAE_DATA_DIR, else the platform's data folder."""
    chosen = os.environ.get("HVAE_DATA_DIR")
    return user_path(chosen) if chosen else platformdirs.user_data_path("hvae-explorer", appauthor=False)


def copy_folder(atlas: Atlas) -> Path:
    """Return the folder for the user's own copy of `atlas`; the atlas's own folder if it is that copy.

    Copies of other atlases of the same name take other folders: NAME, NAME-2, NAME-3, …
    """
    home = data_folder() / "atlases"
    if atlas.path.resolve().parent == home.resolve():
        return atlas.path
    number = 1
    while True:
        folder = home / (atlas.name if number == 1 else f"{atlas.name}-{number}")
        if not folder.exists() or _identity(folder) == _identity_of(atlas.manifest):
            return folder
        number += 1


def unfinished_folder(atlas: Atlas) -> Path:
    """Return the folder for the training states of new points of the user's own copy of `atlas`.

    Raises OSError if others can write to it, too.
    """
    home = data_folder() / "training"
    own_folder(home)
    return home / hashlib.sha256(_identity_of(atlas.manifest).encode()).hexdigest()[:16]


def existing_copy(atlas: Atlas) -> Atlas | None:
    """Return the user's own copy of `atlas`, if there is a sound one with all its points.

    A copy that others may have written to does not count.
    """
    folder = copy_folder(atlas)
    if not folder.is_dir():
        return None
    try:
        own_folder(folder.parent)
        copy = Atlas.open(folder)
    except (OSError, UserError):
        return None
    return copy if set(atlas.metrics["checkpoint"]) <= set(copy.metrics["checkpoint"]) else None


@contextmanager
def extending(atlas: Atlas) -> Iterator[Path]:
    """Hold the right to add points to the user's own copy of `atlas`, and yield the copy's folder.

    Raises UserError if another process holds it, or the data folder cannot be written.
    """
    home = data_folder() / "atlases"
    try:
        own_folder(home)
        lock = FileLock(home / LOCK)
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(BUSY) from None
    except OSError as error:
        raise UserError(
            f"The data folder {home} cannot be used ({error.strerror or error}): "
            "name another one in HVAE_DATA_DIR."
        ) from None
    try:
        for leftover in home.glob(".*.tmp"):  # of a process that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        yield copy_folder(atlas)
    finally:
        lock.release()


def add_point(atlas: Atlas, folder: Path, point: Point, finished: Finished) -> Atlas:
    """Add a point to the user's own copy of `atlas` at `folder`, whole or not at all; return the copy.

    Columns that were not measured are NaN. Call it within `extending`.
    Raises UserError if the copy is not sound, already has the point or is being written, OSError if it cannot
    be written.
    """
    if not folder.exists():
        copy_atlas(atlas, folder)
    with locked(folder):
        copy = Atlas.open(folder)
        refuse_known_point(folder, copy.metrics, point)
        append_point(folder, copy.manifest, copy.metrics, point, finished)
    return Atlas.open(folder)


def copy_atlas(atlas: Atlas, folder: Path) -> None:
    """Copy every file that atlas.json lists, each checked against its checksum, and then atlas.json.

    The folder appears whole or not at all. Raises UserError if a file is damaged, OSError where `folder`
    cannot be written.
    """
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".tmp"))
    try:
        for name in atlas.manifest.files:
            (aside / name).parent.mkdir(exist_ok=True)
            (aside / name).write_bytes(atlas.read(name))
            flush(checked_file(aside, atlas.manifest.files, name))
        for inner in {(aside / name).parent for name in atlas.manifest.files}:
            flush(inner)
        write_json(aside / MANIFEST, atlas.manifest.model_copy(update={"pending": {}}).model_dump())
        os.chmod(aside, 0o755)  # mkdtemp gives 0700; an atlas is there to be shared
        os.rename(aside, folder)
        flush(folder.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _identity(folder: Path) -> str | None:
    try:
        return _identity_of(read_manifest(folder))
    except UserError:
        return None


def _identity_of(manifest: Manifest) -> str:
    """Return what identifies an atlas and its copies: plan, grid and parent."""
    parts = [
        made_from_plan(manifest),
        manifest.betas.model_dump(),
        manifest.weights,
        manifest.files.get(PARENT),
    ]
    return json.dumps(parts, sort_keys=True)
