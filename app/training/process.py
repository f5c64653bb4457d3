"""The process of a background callback. Does not import Dash, which takes a second."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import diskcache

from app.training.redis_broker import RedisResults, connect
from hvae.errors import UserError
from hvae.metrics.cache import JsonOnly

NICENESS = 5
"""Lower priority: visitors who look at pictures come first."""

STOP_SECONDS = 5.0
"""Seconds for a cancelled job to clean up."""

STOPPED = 75
"""The exit code of a job that was stopped before its end."""

_last_steps = threading.Event()


def open_results(place: Path | str) -> diskcache.Cache | RedisResults:
    """Return the store for values between a server and its jobs; it neither writes nor reads pickles.

    place: a folder, or the address of a Redis.
    """
    if isinstance(place, str):
        return RedisResults(connect(place))
    return diskcache.Cache(str(place), disk=JsonOnly)


def start(
    place: Path | str, key: str, progress_key: str, fn: Callable, setting: object, args: list[Any] | dict
) -> BaseProcess:
    """Start a new interpreter that runs `work`; it ends with this one."""
    process = multiprocessing.get_context("spawn").Process(
        target=work, args=(place, key, progress_key, fn, setting, args), daemon=True
    )
    process.start()
    return process


def stop(process: BaseProcess) -> None:
    """Ask a job to stop and wait until it has."""
    process.terminate()
    process.join(STOP_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()


def work(
    place: Path | str, key: str, progress_key: str, fn: Callable, setting: object, args: list[Any] | dict
) -> None:
    """Run `fn(report, setting, *args)` and store its result under `key`.

    A UserError becomes {"error": its sentence}. So does any other exception, and the log has the details.
    """
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which ends its jobs
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(NICENESS)
    results = open_results(place)
    try:
        result = fn(lambda *values: results.set(progress_key, list(values)), setting, *args)
    except SystemExit:
        os._exit(STOPPED)  # all is cleaned up, and to take torch down in order takes seconds
    except UserError as error:
        result = {"error": str(error)}
    except OSError as error:
        result = {"error": f"{error.filename or 'The system'}: {error.strerror or error}."}
    except Exception:
        logging.getLogger(__name__).exception("A background job failed")
        result = {"error": "This did not work; the server's log says why."}
    take_last_steps()
    results.set(key, result)
    results.close()
    os._exit(0)


def take_last_steps() -> None:
    """From here on, let the job run to its end, which is near, even if it is asked to stop."""
    _last_steps.set()


def stop_when_orphaned() -> None:
    """End this process if the server that started it has ended."""
    server = multiprocessing.parent_process()
    if server is not None and not server.is_alive():
        sys.exit(0)


def _stop(*_: object) -> None:
    if not _last_steps.is_set():
        sys.exit(0)  # cleans up on its way out
