"""What a busy page runs on, started for a test on ports of its own: Redis, Celery's worker, gunicorn."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.server.listening import listen, page_address, web_server
from app.server.shutdown import run_until

ROOT = Path(__file__).parent.parent
PATIENCE_SECONDS = 120

needs_serve = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("gunicorn", "celery", "redis")),
    reason='the extra [serve] is not installed: pip install -e ".[serve]"',
)
needs_redis = pytest.mark.skipif(shutil.which("redis-server") is None, reason="there is no redis-server here")


def wait(condition: Callable[[], object], process: subprocess.Popen | None = None) -> None:
    """Return when the condition holds; fail when it does not in time, or the process has ended."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until
        assert process is None or process.poll() is None, f"exit code {process.returncode}"
        time.sleep(0.05)


@contextmanager
def running(command: list[object], log: Path, **environment: str) -> Iterator[subprocess.Popen]:
    """A process that writes what it says to `log`, ended by SIGTERM if it has not ended by itself."""
    tests = ROOT / "tests"
    paths = os.pathsep.join(map(str, [ROOT, tests / "app" / "training", tests / "browser"]))
    with open(log, "ab") as output:
        process = subprocess.Popen(
            list(map(str, command)),
            cwd=log.parent,
            env={**os.environ, "PYTHONPATH": paths, **environment},
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        finally:
            process.kill()


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """The address of an empty Redis that nobody else can reach and that writes no file."""
    port = free_port()
    options = ["--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no"]
    with running(["redis-server", *options], folder / "redis.log") as process:
        wait(lambda: answers(port), process)
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def celery_worker(broker: str, folder: Path, module: str = "app.tasks") -> Iterator[subprocess.Popen]:
    """A worker that is ready."""
    log = folder / "worker.log"
    before = log.stat().st_size if log.exists() else 0
    command = [sys.executable, "-m", "celery", "-A", module, "worker", "--loglevel", "info"]
    with running(command, log, HVAE_APP_BROKER=broker) as process:
        wait(lambda: b" ready." in log.read_bytes()[before:], process)
        yield process


@contextmanager
def gunicorn(
    folder: Path, *options: object, application: str = "app.wsgi:server", **environment: str
) -> Iterator[tuple[subprocess.Popen, str]]:
    """gunicorn serving `application`, when it answers, and the address of its page."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", *options]
    with running(command, folder / "gunicorn.log", **environment) as process:
        wait(lambda: status(f"http://127.0.0.1:{port}/healthz") is not None, process)
        yield process, f"http://127.0.0.1:{port}"


@contextmanager
def served(application: Callable, host: str = "127.0.0.1", followers: int = 0) -> Iterator[str]:
    """The address of a WSGI application that this process serves, as `python -m app` does."""
    listener, stopping = listen(host, 0), threading.Event()
    address, server = page_address(host, listener), web_server(application, listener, followers)
    thread = threading.Thread(target=run_until, args=[server, stopping.is_set, 0], daemon=True)
    thread.start()
    try:
        yield address
    finally:
        stopping.set()
        server.pull_trigger()
        thread.join(PATIENCE_SECONDS)


def started_page(atlas: Path) -> tuple[subprocess.Popen, str]:
    """`python -m app` when it says where its page is, and that address; to be ended by the test."""
    command = [sys.executable, "-m", "app", str(atlas), "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return process, next(word for word in process.stdout.readline().split() if word.startswith("http"))


def run_job(manager: Any, fn: Callable, wish: object = None) -> tuple[str, str | None]:
    """Ask a manager of jobs for one, as Dash would; the key of its result, and its handle."""
    key = manager.build_cache_key(None, [])
    return key, manager.call_job_fn(key, manager.make_job_fn(fn, True), [wish], None)


def result_of(manager: Any, fn: Callable, wish: object = None) -> object:
    """What a job returns, when it has."""
    key, job = run_job(manager, fn, wish)
    wait(lambda: manager.result_ready(key))
    return manager.get_result(key, job)


def status(address: str) -> int | None:
    """The status of the answer; None where nobody answers."""
    try:
        return urllib.request.urlopen(address, timeout=PATIENCE_SECONDS).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def answers(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
