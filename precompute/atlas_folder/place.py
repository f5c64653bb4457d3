"""Where an atlas may be written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from hvae.atlas.atlas import CALIBRATED, CLASSIFIER, EXAMPLES, MANIFEST, METRICS, PARENT, TRAINING
from hvae.atlas.untrusted_files import PER_IMAGE
from hvae.atlas.writing import LOCK
from hvae.errors import UserError
from hvae.files import user_path

OURS = {"models", PER_IMAGE, EXAMPLES, METRICS, CLASSIFIER, CALIBRATED, PARENT, LOCK, TRAINING}


def refuse_place(path: Path, dataset: str) -> None:
    """Raise UserError if an atlas of the data set cannot be at `path`, OSError if it cannot be written."""
    refuse_inside_pictures(path, dataset)
    refuse_what_is_no_atlas(path)
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def refuse_inside_pictures(out: Path, dataset: str) -> None:
    """Raise UserError if the atlas would lie among the user's own pictures."""
    if dataset.startswith("folder:"):
        pictures = user_path(dataset.removeprefix("folder:")).resolve()
        if out.resolve().is_relative_to(pictures):
            raise UserError(f"{out} lies inside the pictures' folder: name a folder elsewhere for the atlas.")


def refuse_what_is_no_atlas(path: Path) -> None:
    """Raise UserError if the files at `path`, or above it, do not allow an atlas there."""
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    inner = [path / "models", path / PER_IMAGE]
    if not there.is_dir() or any(one.exists() and not one.is_dir() for one in inner):
        raise UserError(f"{path} is not a folder: name another one for the atlas.")
    if links := [one for one in inner if one.is_symlink()]:
        raise UserError(f"{links[0]} is a link: an atlas keeps its files in its own folder.")
    if there != path or (path / MANIFEST).exists():
        return
    # Our own files, from a kill before the first atlas.json, are allowed.
    if {child.name for child in path.iterdir() if not child.match(".*.tmp")} - OURS:
        raise UserError(f"{path} is not empty and holds no atlas: name another folder.")
