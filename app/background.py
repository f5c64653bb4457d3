"""Dash's background callbacks, each in a process of its own that starts from nothing.

Dash's DiskcacheManager forks the server, which is full of torch's threads and locks, and stores pickles.
Here a fresh interpreter is started for each job, results are JSON in a private folder that goes when the
server does, and a job is known by its process, not by a number that another process may have by then.
One server process is assumed, as `python -m app` is.
"""

from __future__ import annotations

import multiprocessing
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import diskcache
from dash import DiskcacheManager
from dash.background_callback.managers import BaseBackgroundCallbackManager

from app.worker import open_results, work

MOST_JOBS = 2
"""Processes at a time, or a flood of requests would fill the machine with them: one does the work, another
finds that it is being done and says so."""

STOP_SECONDS = 5.0
"""How long a job that is cancelled has to clean up after itself."""


class ProcessManager(DiskcacheManager):
    """Runs a background callback `fn` as `fn(report, setting, *inputs)` in a new process.

    fn: a function that can be imported by its name; report: called with one value for each output of the
    callback's `progress`. setting: what the server decides, which no browser can change; it must pickle.
    refuse: called in the request; a value to answer instead of starting anything, or None.
    busy: what is answered while MOST_JOBS are running.
    Values that are reported and returned must be JSON.
    """

    def __init__(self, setting: object, refuse: Callable[[], Any], busy: object) -> None:
        # Not DiskcacheManager's own: it asks for packages that only its way of starting processes needs.
        BaseBackgroundCallbackManager.__init__(self, cache_by=None)
        self.expire = None
        self.setting, self.refuse, self.busy = setting, refuse, busy
        self._starting = Lock()
        self._secret: bytes | None = None
        self._jobs: dict[str, multiprocessing.process.BaseProcess] = {}

    @cached_property
    def folder(self) -> Path:
        """Where results are exchanged: of mode 0700, gone when the server ends."""
        folder = Path(tempfile.mkdtemp(prefix="hvae-explorer-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    @cached_property
    def handle(self) -> diskcache.Cache:
        """The results, opened when the first job needs them."""
        return open_results(self.folder)

    def get_or_create_signing_secret(self, generate: Callable[[], bytes]) -> bytes:
        """What job handles in the browser are signed with; as short-lived as this server."""
        self._secret = self._secret or generate()
        return self._secret

    def build_cache_key(self, *_: object) -> str:
        """A key of each job's own: two pages that ask for the same would share their progress."""
        return secrets.token_hex(32)

    def make_job_fn(self, fn: Callable, progress: bool, key: str | None = None) -> Callable:
        """The function itself: what is around it is `app.worker.work`."""
        return fn

    def call_job_fn(self, key: str, job_fn: Callable, args: list, context: object) -> str | None:
        """Start the job and return its handle; answer at once where it is refused."""
        with self._starting:
            refusal = self.refuse()
            running = {job: process for job, process in self._jobs.items() if process.is_alive()}
            if refusal is None and len(running) >= MOST_JOBS:
                refusal = self.busy
            if refusal is not None:
                self.handle.set(key, refusal)
                return None
            self.handle.get(key)  # the folder is there before the process looks for it
            process = multiprocessing.get_context("spawn").Process(
                target=work,
                args=(self.folder, key, self._make_progress_key(key), job_fn, self.setting, args),
                daemon=True,  # it ends with the server
            )
            process.start()
            self._jobs = {**running, str(process.pid): process}
            return str(process.pid)

    def terminate_job(self, job: str | None) -> None:
        """Ask the job to stop and wait until it has; a job that is unknown has ended."""
        process = self._jobs.get(str(job))
        if process is None:
            return
        process.terminate()
        process.join(STOP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        # Not before: until it has ended, it is running.
        self._jobs.pop(str(job), None)

    def terminate_unhealthy_job(self, job: str | None) -> bool:
        """Forget a job that has ended without a result; whether it had."""
        process = self._jobs.get(str(job))
        if process is None or process.is_alive():
            return False
        self.terminate_job(job)
        return True

    def job_running(self, job: str | None) -> bool:
        """Whether the job has not ended."""
        process = self._jobs.get(str(job))
        return process is not None and process.is_alive()
