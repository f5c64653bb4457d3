"""Notice changes of files without reading them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class FileState(NamedTuple):
    """A value that changes whenever a file's content changes."""

    modified: int
    changed: int
    size: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> FileState | None:
        """Return the state of the file at `path`; None if there is none."""
        try:
            status = path.lstat()
        except OSError:
            return None
        return cls(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
