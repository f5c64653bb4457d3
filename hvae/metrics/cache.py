"""A cache of measured numbers in the user's own cache folder, JSON only."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path

import diskcache
import platformdirs
from diskcache.core import DBNAME, MODE_PICKLE

from hvae.errors import UserError
from hvae.files import own_folder, user_path

LOCKED_SECONDS = 2
"""Seconds to wait for another process that writes to the database."""


class JsonOnly(diskcache.JSONDisk):
    """diskcache's JSON store, which writes no pickles; this one refuses to read them, too."""

    def fetch(self, mode: int, filename: str, value: object, read: bool) -> object:
        if mode == MODE_PICKLE:
            raise ValueError("a cache entry is a pickle")
        return super().fetch(mode, filename, value, read)


def cache_folder() -> Path:
    """Return where measured numbers are kept: HVAE_CACHE_DIR, else the platform's cache folder for this user.

    Raises UserError if the user has no home.
    """
    if chosen := os.environ.get("HVAE_CACHE_DIR"):
        return user_path(chosen)
    try:
        return platformdirs.user_cache_path("hvae-explorer", appauthor=False).expanduser()
    except RuntimeError:
        raise UserError("There is no home folder for a cache: name one in HVAE_CACHE_DIR.") from None


class MetricCache:
    """Measured values by what determines them: a checkpoint's checksum, a metric, its version and parameters.

    The folder gets mode 0700. Raises UserError if it cannot be made, or if somebody else may have written to
    it: a stranger's numbers would look like measured ones.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = (folder or cache_folder()) / "metrics"
        try:
            own_folder(folder, 0o700)
            folder.chmod(0o700)
            refuse_locked(folder / DBNAME)
            self._cache = diskcache.Cache(str(folder), timeout=LOCKED_SECONDS, disk=JsonOnly)
            self._cache.get([])  # looks at the tables, too
        except (OSError, ValueError, sqlite3.OperationalError) as error:  # a full disk, say
            raise UserError(
                f"The cache folder {folder} cannot be used ({getattr(error, 'strerror', None) or error}): "
                "name another one in HVAE_CACHE_DIR."
            ) from None
        except sqlite3.Error as error:
            raise UserError(f"The cache in {folder} is damaged ({error}): delete that folder.") from None

    def get(self, key: Mapping[str, object]) -> dict[str, float] | None:
        """Return the values stored under `key`, or None. What cannot be read counts as not there."""
        try:
            values = self._cache.get(_ordered(key))
        except (ValueError, OSError, RecursionError, zlib.error, sqlite3.Error):
            return None
        if not isinstance(values, dict) or not all(type(value) in (int, float) for value in values.values()):
            return None
        return values

    def set(self, key: Mapping[str, object], values: Mapping[str, float]) -> None:
        """Store `values`, column → number, under `key`, if the disk has room: it only saves time later."""
        with suppress(OSError, sqlite3.Error, diskcache.Timeout):
            self._cache.set(_ordered(key), dict(values))

    def close(self) -> None:
        """Close the database."""
        self._cache.close()


def refuse_locked(database: Path) -> None:
    """Raise sqlite3.OperationalError if another process keeps a database locked.

    Diskcache would try for a minute.
    """
    with closing(sqlite3.connect(database, timeout=LOCKED_SECONDS, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")


class NoCache:
    """The substitute for a MetricCache that cannot be used: it keeps nothing."""

    def get(self, key: Mapping[str, object]) -> None:
        """Return None."""

    def set(self, key: Mapping[str, object], values: Mapping[str, float]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def usable_cache(say: Callable[[str], object], folder: Path | None = None) -> MetricCache | NoCache:
    """Return the cache. If there is none, say why in one line and go on: it only saves time."""
    try:
        return MetricCache(folder)
    except UserError as error:
        say(f"Going on without the cache of measured numbers. {error}")
        return NoCache()


def _ordered(key: Mapping[str, object]) -> list:
    return sorted((name, value) for name, value in key.items())
