"""Stopping the server: requests in progress are answered, new connections refused."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from waitress import wasyncore

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0
"""How long to wait for answers in progress. Service managers often kill a server after thirty seconds."""


def run_until_stopped(
    server: Any, patience: float = PATIENCE_SECONDS, let_go: Callable[[], None] = lambda: None
) -> None:
    """Run a waitress server until SIGTERM or SIGINT comes, then answer all requests in progress.

    patience: how many seconds to wait for these answers. let_go: called before that; answers requests that
    wait for news. A second signal ends the process at once.
    """
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        if stopping:
            sys.exit(0)
        stopping = True
        server.pull_trigger()  # a handler that does not raise leaves the loop asleep

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    run_until(server, lambda: stopping, patience, let_go)


def run_until(
    server: Any,
    is_stopping: Callable[[], bool],
    patience: float = PATIENCE_SECONDS,
    let_go: Callable[[], None] = lambda: None,
) -> None:
    """Run a waitress server until `is_stopping()`, called after each event, then answer the rest."""
    while not is_stopping():
        _turn(server)
    let_go()
    answer_the_rest(server, patience)


def answer_the_rest(server: Any, patience: float) -> None:
    """Stop listening, and close each connection when all its answers have been sent."""
    known = -1
    while len(server.active_channels) > known:  # accept those who wait, and read their requests
        known = len(server.active_channels)
        _turn(server, seconds=0)
    wasyncore.dispatcher.close(server)  # not its own `close`: its threads still wake the loop
    until = time.monotonic() + patience
    while server.active_channels and time.monotonic() < until:
        for channel in list(server.active_channels.values()):
            # In this order: a thread writes an answer before it removes the request from the list.
            if not (channel.requests or channel.request or channel.total_outbufs_len):
                channel.handle_close()
        _turn(server, seconds=0.1)
    if server.active_channels:
        log.warning("Not answered in time: %d connections.", len(server.active_channels))
    server.task_dispatcher.set_thread_count(0)


def _turn(server: Any, seconds: float | None = None) -> None:
    """Run waitress's loop once, waiting for events at most so long."""
    timeout = server.adj.asyncore_loop_timeout if seconds is None else seconds
    server.asyncore.loop(timeout, use_poll=server.adj.asyncore_use_poll, map=server._map, count=1)
