"""Exports on disk: whole or not at all, and never in place of anything else."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from app.export.html import FIRST_LINE, MARK
from hvae.errors import UserError
from hvae.files import write_whole

INDEX = "index.html"


def refuse_what_is_there(path: Path, one_file: bool) -> None:
    """Raise UserError where `path` is something else than an earlier export, or has no folder to stand in."""
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent}: make it first, or export to another place.")
    if path.is_symlink() or (path.exists() and not _is_export(path, one_file)):
        raise UserError(
            f"{path} is there and is no export of this program: choose another name for --export."
        )


def write_file(path: Path, data: bytes) -> None:
    """Write an export in one file. Raises OSError, which names it."""
    write_whole(path, lambda aside: aside.write_bytes(data))


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write an export in a folder; files: bytes by their paths in it. Raises OSError, which names it.

    The folder is written beside its place. A former one goes when the new one is whole.
    """
    aside = None
    try:
        aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"))
        new, old = aside / "new", aside / "old"
        for name, data in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(data)
        if path.exists():
            os.replace(path, old)
        try:
            os.replace(new, path)
        except OSError:
            if old.exists():
                os.replace(old, path)
            raise
    except OSError as error:
        if error.errno is not None:
            error.filename = str(path)
        raise
    finally:
        if aside:
            shutil.rmtree(aside, ignore_errors=True)


def _is_export(path: Path, one_file: bool) -> bool:
    """Whether an earlier export, of the same kind, or an empty folder is there."""
    if path.is_dir():
        return not one_file and (not any(path.iterdir()) or _begins_as_export(path / INDEX))
    return one_file and _begins_as_export(path)


def _begins_as_export(file: Path) -> bool:
    start = f"{FIRST_LINE}\n{MARK}\n".encode()
    try:
        if file.is_symlink() or not file.is_file():
            return False
        with open(file, "rb") as opened:
            return opened.read(len(start)) == start
    except OSError:
        return False
