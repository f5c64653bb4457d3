"""Processes that compute on this machine's CPU cores, one thread each.

A worker gets its world (such as images) once, when it starts, and keeps it for all calls. It returns the same
results as the function in this process, on one thread.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import joblib
import torch

from hvae.datasets import Images
from hvae.errors import UserError

# Memory of a process without its images: libraries, weights, activations.
PROCESS_BYTES = 600_000_000
# Of the memory that is free, the share to use: an estimate is not a promise.
SHARE = 0.8
LOOK_EVERY_SECONDS = 2.0

_world: object = None


class Workers:
    """Several processes, each with a copy of `world`; a context manager that ends them at once.

    A worker ignores Ctrl-C, which is for this process, and ends when this process ends.
    """

    def __init__(self, n: int, world: object) -> None:
        # A file: the pipe with which a process is started would block if the process dies too early.
        self._folder = tempfile.TemporaryDirectory(prefix="hvae-")
        file = Path(self._folder.name) / "world"
        self._processes = Processes()
        try:
            with open(file, "wb") as opened:
                pickle.dump(world, opened, pickle.HIGHEST_PROTOCOL)
            with _unwarned():
                self._executor = ProcessPoolExecutor(
                    n, mp_context=self._processes, initializer=_begin, initargs=(file, os.getpid())
                )
        except BaseException as error:
            self._folder.cleanup()
            if isinstance(error, OSError) and error.errno is not None:
                error.filename = error.filename or str(file)  # a full disk's error lacks it
            raise

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._processes.kill()
        self._executor.shutdown(wait=True)
        self._folder.cleanup()

    def submit(self, function: Callable, *arguments: object) -> Future:
        """Let a worker call function(world, *arguments)."""
        try:
            with _ctrl_c_kept_back():
                return self._executor.submit(_call, function, *arguments)
        except BrokenProcessPool:
            raise died() from None

    @staticmethod
    def result(future: Future) -> object:
        """Return the function's result.

        Raises the function's exception, and UserError if its process died.
        """
        try:
            return future.result()
        except BrokenProcessPool:
            raise died() from None


class Processes(SpawnContext):
    """The source of an executor's processes; it keeps them, to end them."""

    def __init__(self) -> None:
        super().__init__()
        self._started: list[BaseProcess] = []

    def Process(self, *arguments: object, **options: object) -> BaseProcess:  # noqa: N802
        """Return a new process, as of any context."""
        process = super().Process(*arguments, **options)
        self._started.append(process)
        return process

    def kill(self) -> None:
        """End all processes at once, even if they are working."""
        for process in self._started:
            with suppress(ValueError):  # it has ended, and been closed
                process.kill()


def why_no_processes(make_lock: Callable[[], object] = multiprocessing.Lock) -> str | None:
    """Return why this machine can have no workers, which need semaphores; None if it can.

    On Linux, semaphores are files in /dev/shm, which a container may not allow.
    """
    try:
        make_lock()
    except (OSError, ImportError) as error:
        where = "/dev/shm cannot be used" if sys.platform == "linux" else "semaphores are not available"
        return f"{where} ({getattr(error, 'strerror', None) or error})"
    return None


def died() -> UserError:
    """Return the error for a worker that was killed; the system does not give the reason."""
    return UserError(
        "A worker process has died, perhaps because memory ran out: the same command continues, and needs "
        "less memory with a smaller --jobs."
    )


def cores() -> int:
    """Return how many CPU cores this process may use."""
    return joblib.cpu_count()


def as_many_as_fit(jobs: int, *data: Images, extra: int = 0) -> int:
    """Return how many workers, at most `jobs`, fit into the free memory, each with a copy of the data.

    extra: further bytes per worker.
    """
    copies = sum(images.images.nbytes + images.labels.nbytes for images in data)
    # Twice, because a world is unpacked from a message of its size.
    return max(1, min(jobs, int(SHARE * free_memory() / (PROCESS_BYTES + 2 * copies + extra))))


def free_memory() -> float:
    """Return the free memory in bytes; infinite if the system does not report it."""
    free = float("inf")
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        free = 1024 * float(lines["MemAvailable"].split()[0])
        group = Path("/sys/fs/cgroup")  # the limit of a container
        limit = float((group / "memory.max").read_text())
        free = min(free, limit - float((group / "memory.current").read_text()))
    except (OSError, ValueError, KeyError):  # no Linux, or no limit
        pass
    return free


@contextmanager
def _unwarned() -> Iterator[None]:
    """Stop the process that cleans up semaphores, if it starts now, from warning about them after a kill."""
    name, before = "PYTHONWARNINGS", os.environ.get("PYTHONWARNINGS")
    quiet = "ignore::UserWarning:multiprocessing.resource_tracker"
    os.environ[name] = f"{before},{quiet}" if before else quiet
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextmanager
def _ctrl_c_kept_back() -> Iterator[None]:
    """Delay Ctrl-C until the end; a process that is started in between never gets it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(file: Path, parent: int) -> None:
    """Prepare a worker process."""
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
