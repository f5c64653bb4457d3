"""The built-in server's socket, the address of its page, and the limit of its connections."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import re
import socket
import time
from typing import TYPE_CHECKING, Any

from app.server.host_names import LOOPBACK_NAMES
from hvae.errors import UserError

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

FURTHER_THREADS = 16
"""Threads beside those that may wait for the decoder. Each thread answers one request at a time."""

MOST_CONNECTIONS = 900
"""Connections open at once, if the limit of open files allows it. A browser opens six."""

MOST_OTHER_FILES = 256
"""Open files beside connections: models, tables, what torch opens while it is imported."""

IDLE_SECONDS = 20
"""After this time an unused connection is closed, because open connections cost time."""

PAUSE_SECONDS = 0.1
"""Pause before the next connection is accepted, when the system has no file left for it."""

NO_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

log = logging.getLogger(__name__)


class Listener(socket.socket):
    """A listening socket that pauses when the system has no file left for another connection.

    Meanwhile new connections wait in the system's queue.
    """

    _has_warned = False

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection. Raises BlockingIOError if none is possible now."""
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in NO_FILES:
                raise
            if not self._has_warned:
                log.warning("The system allows no more open files: new connections wait.")
                self._has_warned = True
            time.sleep(PAUSE_SECONDS)
            raise BlockingIOError(errno.EWOULDBLOCK, "no room for another connection") from None


def listen(host: str, port: int) -> Listener:
    """Return a listening socket. Raises UserError if the address is wrong or in use."""
    if not 0 <= port <= 65535:
        raise UserError(f"There is no port {port}: choose one from 1 to 65535, or 0 for any that is free.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise UserError(f"There is no address {host}: try --host 127.0.0.1.") from None
    listener = Listener(family, kind, protocol)
    try:
        if os.name == "posix":  # else a port stays taken for a minute after each run
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise UserError(_why_not(error, host, port)) from None
    return listener


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use: stop what uses it, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used by this user: choose one above 1023 with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"This machine does not have the address {host}: try --host 127.0.0.1."
    return f"Cannot listen on {host}, port {port}: {error.strerror or error}."


def is_loopback(address: str) -> bool:
    """Return whether a numeric address can be reached from this machine only."""
    numeric = ipaddress.ip_address(address.split("%")[0])
    return (getattr(numeric, "ipv4_mapped", None) or numeric).is_loopback


def page_address(host: str, listener: socket.socket) -> str:
    """Return the address of the page for a browser on this machine. host: as the user gave it."""
    bound, port = listener.getsockname()[:2]
    return f"http://{_shown_host(host, bound)}:{port}/"


def network_address(host: str, listener: socket.socket) -> str | None:
    """Return the address of the page for other machines; None if only this machine can reach it."""
    bound, port = listener.getsockname()[:2]
    if is_loopback(bound):
        return None
    unspecified = ipaddress.ip_address(bound.split("%")[0]).is_unspecified
    return f"http://{_own_address()}:{port}/" if unspecified else page_address(host, listener)


def _own_address() -> str:
    """Return by which address this machine reaches others, or its name if it reaches none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address that nobody has; nothing is sent
            return probe.getsockname()[0]
        except OSError:
            return socket.gethostname()


def answered_names(host: str, listener: socket.socket) -> list[str] | None:
    """Return the names that a server on this socket answers to; None for any.

    If only this machine can reach it, they are this machine's names: see `app.server.guard.answer_to`.
    """
    bound = listener.getsockname()[0]
    return [*LOOPBACK_NAMES, host, bound] if is_loopback(bound) else None


def _shown_host(host: str, bound: str) -> str:
    numeric = ipaddress.ip_address(bound.split("%")[0])
    if numeric.is_unspecified:
        return "localhost"
    # The user's own name for it, if it can be part of an address.
    if re.fullmatch(r"[a-z0-9.-]*[a-z][a-z0-9.-]*", host, re.IGNORECASE | re.ASCII):
        return host
    return f"[{bound}]" if numeric.version == 6 else bound


def files_allowed() -> int | None:
    """Raise the limit of open files as far as this process can use it, and return it; None for no limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    wanted = MOST_CONNECTIONS + MOST_OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return None if soft == resource.RLIM_INFINITY else soft
    more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
    except (OSError, ValueError):  # macOS has a limit of its own
        return soft
    return more


def connections_allowed(files: int | None) -> int:
    """Return how many connections may be open at once. files: the limit of open files; None for no limit."""
    if files is None:
        return MOST_CONNECTIONS
    return max(2, min(MOST_CONNECTIONS, files - min(MOST_OTHER_FILES, files // 2)))


def web_server(application: WSGIApplication, listener: socket.socket, followers: int = 0) -> Any:
    """Return a server of `application` on a listening socket; see `app.server.shutdown.run_until_stopped`.

    followers: how many requests may wait for a lecturer, each in a thread of its own.
    """
    import waitress

    from app.pictures.decoder import MOST_WAITING
    from app.server.guard import MAX_BODY

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    logging.getLogger("waitress").addFilter(_is_news)
    return waitress.create_server(
        application,
        sockets=[listener],
        threads=MOST_WAITING + FURTHER_THREADS + followers,
        connection_limit=connections_allowed(files_allowed()),
        asyncore_use_poll=True,  # select() knows no file above 1,023
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=IDLE_SECONDS // 2,
        ident=None,
        # waitress reads a body whole. Up to this size, one above MAX_BODY is refused with a sentence.
        max_request_body_size=4 * MAX_BODY,
        # By them app.training.train_point tells a visitor behind a proxy on this machine from its owner.
        clear_untrusted_proxy_headers=False,
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Return whether a line of waitress's log is about more than its connection limit."""
    return "connection limit" not in record.getMessage()
