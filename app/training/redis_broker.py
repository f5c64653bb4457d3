"""A Redis with Celery's queue, which pages and workers of several processes or machines share.

Everything in it is JSON. Someone who can write to this Redis can ask for the jobs that workers offer, and
make them read other folders, but cannot make them run code. Does not import Dash, which takes a second.
"""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hvae.errors import UserError

if TYPE_CHECKING:
    from celery import Celery
    from redis import Redis

BROKER = "HVAE_APP_BROKER"
"""The environment variable with the address of the Redis, for pages and workers."""

PREFIX = "hvae-explorer:"
KEPT_SECONDS = 3600
"""Seconds that a result waits for a page, which may have been closed."""

WAITING_SECONDS = 300
"""Seconds that a job waits for a worker, for example for one that restarts."""

ALIVE_SECONDS = 30
"""Seconds of silence after which a worker counts as dead."""


def checked_broker(address: str) -> str:
    """Return the address itself, if a Redis answers there. Raises UserError otherwise."""
    try:
        import celery  # noqa: F401
        import redis
    except ImportError as error:
        raise UserError(f'A broker needs {error.name}: pip install -e ".[serve]".') from None
    try:
        parts = urlsplit(address)
        where = f"{parts.hostname}:{parts.port or 6379}"
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise UserError("A broker is written like redis://127.0.0.1:6379/0.")
    try:
        connect(address).ping()
    except (redis.RedisError, ValueError) as error:
        # The address may contain a password, which must not be shown.
        raise UserError(
            f"No Redis can be used at {where} ({type(error).__name__}): start one there."
        ) from None
    return address


def connect(address: str) -> Redis:
    """Return a client of the Redis at `address`, which need not answer yet."""
    from redis import Redis

    return Redis.from_url(address, decode_responses=True, socket_connect_timeout=5, socket_timeout=20)


class RedisResults:
    """Values by their keys, as JSON, with as much of diskcache.Cache's interface as jobs need."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value, or `default`."""
        text = self._client.get(PREFIX + key)
        return default if text is None else json.loads(text)

    def set(self, key: str, value: Any) -> None:
        """Store a value for KEPT_SECONDS."""
        self._client.set(PREFIX + key, json.dumps(value), ex=KEPT_SECONDS)

    def add(self, key: str, value: Any) -> None:
        """Store a value for ever, unless there is one."""
        self._client.set(PREFIX + key, json.dumps(value), nx=True)

    def delete(self, key: str) -> None:
        """Delete a value."""
        self._client.delete(PREFIX + key)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class Slot:
    """The right to be the one job that runs, held by the job of this number or by none.

    It expires if it is not extended: a killed worker does not block others for long.
    """

    KEY = PREFIX + "slot"
    CHANGE = """
        if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
        if ARGV[2] == '' then redis.call('del', KEYS[1])
        else redis.call('set', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
        return 1
    """

    def __init__(self, client: Redis, job: str) -> None:
        self._client, self._job = client, job

    def take(self) -> bool:
        """Hold it while the job waits for a worker, and return whether it was free."""
        return bool(self._client.set(self.KEY, self._job, nx=True, ex=WAITING_SECONDS))

    def extend(self, seconds: int = ALIVE_SECONDS) -> bool:
        """Extend it; return False if it has expired or the job was cancelled."""
        return self._change(self._job, self._job, seconds)

    def cancel(self, seconds: int) -> None:
        """Tell the job's worker to stop and free the slot; free it after `seconds` if there is none."""
        self._change(self._job, self._cancelled, seconds)

    def free(self) -> None:
        """Free it for another job."""
        for held in (self._job, self._cancelled):
            self._change(held, "")

    @property
    def is_held(self) -> bool:
        """Whether the job waits, runs or is being stopped."""
        return self._client.get(self.KEY) in (self._job, self._cancelled)

    @property
    def _cancelled(self) -> str:
        return f"{self._job} cancelled"

    def _change(self, held: str, new: str, seconds: int = 0) -> bool:
        return bool(self._client.eval(self.CHANGE, 1, self.KEY, held, new, seconds))


def queue(address: str) -> Celery:
    """Return Celery's queue in the Redis at `address`. Messages are JSON; nothing else is read."""
    from celery import Celery

    celery = Celery("hvae-explorer", broker=address, set_as_current=False)
    celery.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,  # results are RedisResults
        task_default_queue="hvae-explorer",
        worker_prefetch_multiplier=1,
        # One job at a time, in a process that the worker starts afresh, see app.tasks.
        worker_pool="solo",
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
    )
    return celery


def job_name(function: Any) -> str:
    """Return a worker's name for a job that it offers."""
    return f"{function.__module__}.{function.__qualname__}"


def as_json(value: Any) -> Any:
    """Return a server's setting as JSON: data classes as objects, full paths."""
    return json.loads(json.dumps(value, default=_as_json))


def _as_json(value: Any) -> Any:
    if is_dataclass(value):
        return asdict(value)
    if isinstance(value, Path):
        return str(value.absolute())
    raise TypeError(f"{type(value).__name__} cannot be sent to a worker")
