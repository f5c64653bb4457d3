"""Open the files of an atlas from a stranger.

Nothing outside the folder is read, nothing waits, and no file is read that is larger than in a real atlas.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from hvae.errors import UserError

MANIFEST = "atlas.json"
METRICS = "metrics.parquet"
EXAMPLES = "examples.npz"
CLASSIFIER = "classifier.safetensors"
CALIBRATED = "classifier-calibrated.safetensors"
PARENT = "parent.safetensors"
PER_IMAGE = "per-image"
"""The folder of files about what single test images contribute to points' numbers."""
TRAINING = ".training"

MIB = 2**20
MOST_BYTES = {MANIFEST: 2 * MIB, METRICS: 8 * MIB, EXAMPLES: 16 * MIB}
MOST_WEIGHTS = 128 * MIB
MOST_PER_IMAGE = 4 * MIB
"""The largest size of a file that is read: by name, for all others, and for those about single images."""

FILE_NAME = re.compile(rf"((models|{PER_IMAGE})/)?[A-Za-z0-9][A-Za-z0-9._-]{{0,120}}")


def plain_file(folder: Path, name: str) -> Path:
    """Return the path of the regular file `name` in `folder`. Raises UserError for anything else.

    A name cannot leave the folder: no `..`, no absolute path, no link, no device.
    """
    with opened(folder, name):
        return folder / name


@contextmanager
def opened(folder: Path, name: str) -> Iterator[BinaryIO]:
    """Open the regular file `name` of the atlas in `folder`, if it is not too large.

    Raises UserError, with the file and the reason, for anything else.
    """
    if not FILE_NAME.fullmatch(name) or ".." in name:
        raise UserError(f"{name!r} in {folder} is not the name of an atlas file.")
    try:
        with open_regular(_descriptor(folder, name)) as file:
            of_others = MOST_PER_IMAGE if name.startswith(f"{PER_IMAGE}/") else MOST_WEIGHTS
            most = MOST_BYTES.get(name, of_others)
            if size_of(file) > most:
                raise UserError(f"{name} in {folder} is larger than {most // MIB} MiB: no atlas's is.")
            yield file
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise UserError(f"{name} in {folder} is not a regular file.") from None
        raise UserError(f"{name} in {folder} cannot be read: {error.strerror or error}.") from None


def read_plain(folder: Path, name: str) -> bytes:
    """Return the bytes of the file `name` of the atlas in `folder`. Raises UserError as `opened` does."""
    with opened(folder, name) as file:
        # Not more than its size when that was checked.
        return file.read(size_of(file))


def read_checked(folder: Path, files: Mapping[str, str], name: str) -> bytes:
    """Return the bytes of the file `name`, which must match its checksum in `files`. Raises UserError.

    The bytes that were checked are returned, even if the file changes in between.
    """
    _refuse_unlisted(folder, files, name)
    data = read_plain(folder, name)
    _compare(folder, files, name, hashlib.sha256(data).hexdigest())
    return data


def checked_file(folder: Path, files: Mapping[str, str], name: str) -> Path:
    """Return the path of `name`, which must match its checksum in `files`. Raises UserError."""
    _refuse_unlisted(folder, files, name)
    with opened(folder, name) as file:
        _compare(folder, files, name, hashlib.file_digest(file, "sha256").hexdigest())
    return folder / name


def _refuse_unlisted(folder: Path, files: Mapping[str, str], name: str) -> None:
    if name not in files:
        raise UserError(f"{name} in {folder} is not listed in {MANIFEST}.")


def _compare(folder: Path, files: Mapping[str, str], name: str, actual: str) -> None:
    if actual != files[name]:
        raise UserError(f"{name} in {folder} is damaged: its checksum is not the one in {MANIFEST}.")


def open_regular(descriptor: int) -> BinaryIO:
    """Return a file from its descriptor. Raises OSError unless it is a regular one."""
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise OSError(errno.ELOOP, "it is not a regular file")
    return file


def size_of(file: BinaryIO) -> int:
    """Return the size of an open file in bytes."""
    return os.fstat(file.fileno()).st_size


# If the platform has these flags, no link is followed, and opening a pipe does not wait.
NO_WAITING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)


def _descriptor(folder: Path, name: str) -> int:
    """Return the file. Each folder on its way is opened by itself, so that no link is followed."""
    if os.open not in os.supports_dir_fd:
        path = folder / name
        if path.is_symlink() or (path.parent != folder and path.parent.is_symlink()):
            raise OSError(errno.ELOOP, "a link")
        return os.open(path, NO_WAITING)
    *folders, last = name.split("/")
    at = os.open(folder, _FOLDER)
    try:
        for inner in folders:
            at, outer = os.open(inner, _FOLDER | _NO_LINK, dir_fd=at), at
            os.close(outer)
        # Opening a device can have side effects.
        if not stat.S_ISREG(os.stat(last, dir_fd=at, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, "not a regular file")
        return os.open(last, NO_WAITING | _NO_LINK, dir_fd=at)
    finally:
        os.close(at)
