"""Processes that compute on this machine's CPU cores, one thread each.

A worker is given its world (images, say) once, when it starts, and keeps it from one call to the next. What
it returns is what the same function returns in this process, on one thread.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import joblib
import torch
from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import BrokenProcessPool

from hvae.datasets import Images
from hvae.errors import UserError

# What a process takes besides its images: libraries, weights, activations.
PROCESS_BYTES = 600_000_000
# Of the memory that is free, the share to use: an estimate is not a promise.
SHARE = 0.8
LOOK_EVERY_SECONDS = 2.0

_world: object = None


class Workers:
    """So many processes, each with a copy of `world`; a context manager that ends them at once.

    A worker does not hear Ctrl-C, which is for this process, and ends when this process is no more.
    """

    def __init__(self, n: int, world: object) -> None:
        # A file, because the pipe that a process is started with would block where that dies too early.
        self._folder = tempfile.TemporaryDirectory(prefix="hvae-")
        file = Path(self._folder.name) / "world"
        try:
            with open(file, "wb") as opened:
                pickle.dump(world, opened, pickle.HIGHEST_PROTOCOL)
            self._executor = ProcessPoolExecutor(n, initializer=_begin, initargs=(file, os.getpid()))
            with _deaf_to_ctrl_c():  # which processes that are started now inherit
                self._executor.submit(int)
        except BaseException as error:
            self._folder.cleanup()
            if isinstance(error, OSError) and error.errno is not None:
                error.filename = error.filename or str(file)  # which a full disk does not say itself
            raise

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=True, kill_workers=True)
        self._folder.cleanup()

    def submit(self, function: Callable, *arguments: object) -> Future:
        """Have a worker call function(world, *arguments)."""
        try:
            with warnings.catch_warnings():
                # One that has grown is replaced by a new one.
                warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
                return self._executor.submit(partial(_call, function), *arguments)
        except BrokenProcessPool:
            raise died() from None

    @staticmethod
    def result(future: Future) -> object:
        """What the function returned; raises what it raised, and UserError where its process died."""
        try:
            return future.result()
        except BrokenProcessPool:
            raise died() from None


def died() -> UserError:
    """What to raise where a worker was killed; the system does not say why."""
    return UserError(
        "A process that was computing has died, for want of memory perhaps: the same command continues, "
        "and takes less memory with a smaller --jobs."
    )


def cores() -> int:
    """How many CPU cores this process may use."""
    return joblib.cpu_count()


def as_many_as_fit(jobs: int, *data: Images, extra: int = 0) -> int:
    """At most `jobs`: how many workers the free memory has room for, each with a copy of the data.

    extra: bytes that a worker takes besides that.
    """
    copies = sum(images.images.nbytes + images.labels.nbytes for images in data)
    # Twice, because a world is unpacked from a message of its size.
    return max(1, min(jobs, int(SHARE * free_memory() / (PROCESS_BYTES + 2 * copies + extra))))


def free_memory() -> float:
    """Bytes of memory that may still be taken; infinite where the system does not say."""
    free = float("inf")
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        free = 1024 * float(lines["MemAvailable"].split()[0])
        group = Path("/sys/fs/cgroup")  # what a container may take
        limit = float((group / "memory.max").read_text())
        free = min(free, limit - float((group / "memory.current").read_text()))
    except (OSError, ValueError, KeyError):  # no Linux, or no limit
        pass
    return free


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _begin(file: Path, parent: int) -> None:
    """What a worker does first."""
    global _world
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    threading.Thread(target=_end_with, args=[parent, file.parent], daemon=True).start()
    _world = pickle.loads(file.read_bytes())


def _end_with(parent: int, folder: Path) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)  # which a parent that was killed has left
    os._exit(1)


def _call(function: Callable, *arguments: object) -> object:
    return function(_world, *arguments)
