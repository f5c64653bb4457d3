"""What runs in the process of a background callback: kept free of Dash, which takes a second to import."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import diskcache

from hvae.cache import JsonOnly
from hvae.errors import UserError

NICENESS = 5
"""Whoever is looking at pictures meanwhile comes first."""

_uninterrupted = threading.Event()
_stop_asked = threading.Event()


def open_results(folder: Path) -> diskcache.Cache:
    """The store that a server and its jobs exchange values in; it neither writes nor reads pickles."""
    return diskcache.Cache(str(folder), disk=JsonOnly)


def work(
    folder: Path, key: str, progress_key: str, fn: Callable, setting: object, args: list[Any] | dict
) -> None:
    """Run `fn(report, setting, *args)` and store what it returns under `key`.

    A UserError becomes {"error": its sentence}; what nobody foresaw as well, and the log has the rest.
    """
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which ends its jobs
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(NICENESS)
    results = open_results(folder)
    try:
        result = fn(lambda *values: results.set(progress_key, list(values)), setting, *args)
    except SystemExit:
        os._exit(0)  # all is cleaned up, and to take torch down in order takes seconds
    except UserError as error:
        result = {"error": str(error)}
    except OSError as error:
        result = {"error": f"{error.filename or 'The system'}: {error.strerror or error}."}
    except Exception:
        logging.getLogger(__name__).exception("A background job failed")
        result = {"error": "This did not work; the server's log says why."}
    results.set(key, result)
    results.close()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let what is within be finished before the process stops, should it be asked to."""
    _uninterrupted.set()
    try:
        yield
    finally:
        _uninterrupted.clear()
        if _stop_asked.is_set():
            sys.exit(0)


def stop_when_orphaned() -> None:
    """End this process if the server that started it has ended."""
    import multiprocessing

    server = multiprocessing.parent_process()
    if server is not None and not server.is_alive():
        sys.exit(0)


def _stop(*_: object) -> None:
    _stop_asked.set()
    if not _uninterrupted.is_set():
        sys.exit(0)  # cleans up on its way out
