"""Dash's background callbacks, each in a process of its own that starts from nothing.

Dash's DiskcacheManager forks the server, which is full of torch's threads and locks, and its CeleryManager
runs jobs inside workers; the one stores pickles, and neither lets a job clean up when it is cancelled. Here a
fresh interpreter is started for each job, values are JSON, and a job is not known by a number that another
process may have by then.
"""

from __future__ import annotations

import multiprocessing
import secrets
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import diskcache
from dash import DiskcacheManager
from dash.background_callback.managers import BaseBackgroundCallbackManager

from app.training.process import STOP_SECONDS, open_results, start, stop
from app.training.redis_broker import RedisResults, Slot, as_json, connect, job_name, queue
from app.training.tickets import Tickets

MOST_JOBS = 2
"""Processes at a time, or a flood of requests would fill the machine with them: one does the work, another
finds that it is being done and says so."""


class JobManager(DiskcacheManager):
    """Runs a background callback `fn` as `fn(report, setting, *inputs)` in a new process.

    fn: a function that can be imported by its name; report: called with one value for each output of the
    callback's `progress`. setting: called in the request; returns what no browser can change.
    refuse: called in the request; a value to answer instead of starting anything, or None.
    busy: what is answered while as many jobs are running as may be.
    Values that are reported and returned must be JSON.
    """

    def __init__(self, setting: Callable[[], object], refuse: Callable[[], Any], busy: object) -> None:
        # Not DiskcacheManager's own: it asks for packages that only its way of starting processes needs.
        BaseBackgroundCallbackManager.__init__(self, cache_by=None)
        self.expire = None
        self.setting, self.refuse, self.busy = setting, refuse, busy

    def build_cache_key(self, *_: object) -> str:
        """A key of each job's own: two pages that ask for the same would share their progress."""
        return secrets.token_hex(32)

    def make_job_fn(self, fn: Callable, progress: bool, key: str | None = None) -> Callable:
        """The function itself: what is around it is `app.training.process.work`."""
        return fn

    def call_job_fn(self, key: str, job_fn: Callable, args: list, context: object) -> str | None:
        """Start the job and return its handle; answer at once where it is refused."""
        refusal = self.refuse()
        job = self.start_job(key, job_fn, args) if refusal is None else None
        if job is None:
            self.handle.set(key, self.busy if refusal is None else refusal)
        return job

    def start_job(self, key: str, job_fn: Callable, args: list) -> str | None:
        """Start the job and return its handle; None where too many are running."""
        raise NotImplementedError


class ProcessManager(Tickets, JobManager):
    """Jobs are processes of this server, and end with it; it is the only one that knows of them.

    setting: what it returns must pickle. Results are in a private folder that goes when the server does.
    """

    def __init__(self, setting: Callable[[], object], refuse: Callable[[], Any], busy: object) -> None:
        super().__init__(setting, refuse, busy)
        self._starting = Lock()
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

    def start_job(self, key: str, job_fn: Callable, args: list) -> str | None:
        """See JobManager; MOST_JOBS may run."""
        with self._starting:
            running = {job: process for job, process in self._jobs.items() if process.is_alive()}
            if len(running) >= MOST_JOBS:
                return None
            self.handle.get(key)  # the folder is there before the process looks for it
            process = start(self.folder, key, self._make_progress_key(key), job_fn, self.setting(), args)
            self._jobs = {**running, str(process.pid): process}
            return str(process.pid)

    def terminate_job(self, job: str | None) -> None:
        """Ask the job to stop and wait until it has; a job that is unknown has ended."""
        process = self._jobs.get(str(job))
        if process is None:
            return
        stop(process)
        # Not before: until it has ended, it is running.
        self._jobs.pop(str(job), None)

    def job_running(self, job: str | None) -> bool:
        """Whether the job has not ended."""
        process = self._jobs.get(str(job))
        return process is not None and process.is_alive()


class BrokerManager(Tickets, JobManager):
    """Jobs are done by workers, see app.tasks, one at a time; any process that serves the page knows of them.

    broker: the address of a Redis. fn: must be a job that workers offer. setting: what
    it returns is something that `app.training.redis_broker.as_json` can write.
    """

    def __init__(self, broker: str, setting: object, refuse: Callable[[], Any], busy: object) -> None:
        super().__init__(setting, refuse, busy)
        self.broker = broker

    @cached_property
    def handle(self) -> RedisResults:
        """The results, in the Redis."""
        return open_results(self.broker)

    def get_or_create_signing_secret(self, generate: Callable[[], bytes]) -> bytes:
        """What job handles in the browser are signed with, by whichever process."""
        self.handle.add(self.SIGNING_SECRET_KEY, generate().hex())
        return bytes.fromhex(self.handle.get(self.SIGNING_SECRET_KEY))

    def start_job(self, key: str, job_fn: Callable, args: list) -> str | None:
        """See JobManager; one may run."""
        job = secrets.token_hex(16)
        slot = self._slot(job)
        if not slot.take():
            return None
        message = [key, self._make_progress_key(key), as_json(self.setting()), args]
        try:
            self._queue.send_task(job_name(job_fn), message, task_id=job)
        except Exception:
            slot.free()
            raise
        return job

    def terminate_job(self, job: str | None) -> None:
        """Ask the job's worker to stop it, and wait until it has."""
        slot = self._slot(str(job))
        until = time.monotonic() + STOP_SECONDS
        slot.cancel(int(STOP_SECONDS))
        while slot.is_held and time.monotonic() < until:
            time.sleep(0.05)

    def job_running(self, job: str | None) -> bool:
        """Whether the job waits for a worker or has one."""
        return self._slot(str(job)).is_held

    def _slot(self, job: str) -> Slot:
        return Slot(self._client, job)

    @cached_property
    def _client(self) -> Any:
        return connect(self.broker)

    @cached_property
    def _queue(self) -> Any:
        return queue(self.broker)
