"""Files that appear whole or not at all, and checksums of files."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hvae.errors import UserError, one_line


def user_path(text: str | Path) -> Path:
    """Return a user's path with `~` expanded. Raises UserError if the user after `~` has no home folder."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UserError(f"There is no home folder for {text}: write the path without ~.") from None


def own_folder(folder: Path, mode: int = 0o755) -> None:
    """Make `folder` if it is missing, and check that only this user can have written its contents.

    It must not be a link, must belong to this user, and nobody else may write to it. Nobody else may write to
    its parent folder either, since they could replace it. Raises OSError otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=mode)
    if not hasattr(os, "getuid"):  # Windows: the user's own folders are
        return
    here, around = folder.lstat(), folder.parent.stat()
    if not stat.S_ISDIR(here.st_mode):
        raise NotADirectoryError(None, "it is a link")
    if here.st_uid != os.getuid() or not {around.st_uid, folder.parent.lstat().st_uid} <= {os.getuid(), 0}:
        raise PermissionError(None, "it belongs to another user")
    if here.st_mode & 0o022 or around.st_mode & (0o002 | stat.S_ISVTX) == 0o002:
        raise PermissionError(None, "others can write to it")


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Call `write` on a temporary path beside `path`, flush it to disk and rename it into place.

    A reader sees the whole old file or the whole new one, even if the process dies in between.
    Raises whatever `write` raises, and OSError, which names `path`, if it cannot be written.
    """
    path = Path(path)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        os.close(handle)
        aside = Path(name)
        try:
            write(aside)
            # mkstemp gives 0600; an atlas is there to be shared.
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(aside, 0o666 & ~umask)
            flush(aside)
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)
        flush(path.parent)
    except OSError as error:
        # The error of a full disk names no file, or the temporary one.
        if error.errno is not None:
            error.filename = str(path)
        raise


def flush(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on disk. Raises OSError if that is impossible."""
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
        return  # Windows flushes no folders
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_leftovers(folder: Path) -> None:
    """Delete temporary files that a killed `write_whole` left in a folder, or one level below.

    Call it only while holding the folder's lock: another process may be writing.
    """
    for leftover in [*folder.glob(".*.tmp"), *folder.glob("*/.*.tmp")]:
        if not leftover.is_dir():
            leftover.unlink()


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON, whole or not at all. NaN is refused (ValueError)."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(path, lambda aside: aside.write_text(text, encoding="utf-8"))


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs as a dictionary: the `object_pairs_hook` of a JSON parser for strangers' files.

    Raises ValueError for a key that is there twice, since programs disagree on which value counts.
    """
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {one_line(repr(key), 60)} is there twice")
        found[key] = value
    return found
