"""The socket that the built-in server listens on, the address it has for people, and how many may come."""

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
"""Beside those whose requests may wait for the decoder; each thread answers one request at a time."""

MOST_CONNECTIONS = 900
"""Open at once, if this process may have as many files open; a browser opens six."""

MOST_OTHER_FILES = 256
"""Files beside connections: models, tables, what torch opens while it is imported."""

IDLE_SECONDS = 20
"""After which a connection that is not used is closed: what looks after it takes time."""

PAUSE_SECONDS = 0.1
"""How long nobody is let in when the system has no file left for another connection."""

NO_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

log = logging.getLogger(__name__)


class Listener(socket.socket):
    """A listening socket that lets nobody in for a moment where the system has no room for a connection.

    Whoever comes waits in the system's queue meanwhile.
    """

    _told = False

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection. Raises BlockingIOError where none can be had now."""
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in NO_FILES:
                raise
            if not self._told:
                log.warning("The system allows no more open files: new connections wait.")
                self._told = True
            time.sleep(PAUSE_SECONDS)
            raise BlockingIOError(errno.EWOULDBLOCK, "no room for another connection") from None


def listen(host: str, port: int) -> Listener:
    """A listening socket. Raises UserError where the address is wrong or taken."""
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
    """Whether a numeric address can be reached from this machine only."""
    numeric = ipaddress.ip_address(address.split("%")[0])
    return (getattr(numeric, "ipv4_mapped", None) or numeric).is_loopback


def page_address(host: str, listener: socket.socket) -> str:
    """The address of the page for a browser on this machine; `host` is what was asked for."""
    bound, port = listener.getsockname()[:2]
    return f"http://{_shown_host(host, bound)}:{port}/"


def answered_names(host: str, listener: socket.socket) -> list[str] | None:
    """The names that a server answers to which listens there; None for any.

    Where only this machine can reach it, these are this machine's: see `app.server.guard.answer_to`.
    """
    bound = listener.getsockname()[0]
    return [*LOOPBACK_NAMES, host, bound] if is_loopback(bound) else None


def _shown_host(host: str, bound: str) -> str:
    numeric = ipaddress.ip_address(bound.split("%")[0])
    if numeric.is_unspecified:
        return "localhost"
    # A name as it was given, if it can be part of an address.
    if re.fullmatch(r"[a-z0-9.-]*[a-z][a-z0-9.-]*", host, re.IGNORECASE | re.ASCII):
        return host
    return f"[{bound}]" if numeric.version == 6 else bound


def files_allowed() -> int | None:
    """How many files this process may have open, after asking for as many as it can use; None for any."""
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
    """How many connections may be open at once where so many files may: others need up to half of them."""
    if files is None:
        return MOST_CONNECTIONS
    return max(2, min(MOST_CONNECTIONS, files - min(MOST_OTHER_FILES, files // 2)))


def web_server(application: WSGIApplication, listener: socket.socket) -> Any:
    """A server of `application` on a listening socket; see `app.server.shutdown.run_until_stopped`."""
    import waitress

    from app.pictures.decoder import MOST_WAITING
    from app.server.guard import MAX_BODY

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    logging.getLogger("waitress").addFilter(_is_news)
    return waitress.create_server(
        application,
        sockets=[listener],
        threads=MOST_WAITING + FURTHER_THREADS,
        connection_limit=connections_allowed(files_allowed()),
        asyncore_use_poll=True,  # select() knows no file above 1,023
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=IDLE_SECONDS // 2,
        ident=None,
        # It keeps a whole body before anybody looks at it. Above MAX_BODY a sentence says no, if not by far.
        max_request_body_size=4 * MAX_BODY,
        # They are how app.training.train_point tells a visitor behind a proxy on this machine from its owner.
        clear_untrusted_proxy_headers=False,
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of waitress's tells more than that a full house is full, or has room again."""
    return "connection limit" not in record.getMessage()
