"""Whether a file has changed, without reading it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


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
