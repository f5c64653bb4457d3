"""What a lecturer's screen shows, and those who wait until it shows something else.

All of it is in the memory of one process: several could not tell each other.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock

MOST_FOLLOWERS = 500
"""Requests that wait at once. Each takes a thread of the server's; further ones end at once."""

PATIENCE_SECONDS = 15.0
"""How long a request waits for news, and for more. Less than pages and proxies wait for an answer."""

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Of codes: those that nobody takes for another one."""

CODE_LENGTH = 5


@dataclass(frozen=True)
class Shown:
    """A screen: the query of its address, empty before the lecturer's first, and how many came before it."""

    version: int
    query: str


Inbox = SimpleQueue[Shown | None]
"""A follower's: screens that they do not know yet, and None at the end."""


class Lectern:
    """One lecturer's screen. Threads may use it at the same time.

    code: what followers name. key: what the lecturer's page names to change the screen; a secret. address:
    of the page for other machines, None if only this machine reaches it.
    """

    def __init__(self, address: str | None = None) -> None:
        self.code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
        self.key = secrets.token_urlsafe(24)
        self.address = address
        self._lock = Lock()
        self._shown = Shown(0, "")
        self._inboxes: set[Inbox] = set()
        self._is_closed = False

    def is_code(self, code: str) -> bool:
        """Return whether somebody names the code, in capital or small letters."""
        return code.upper() == self.code

    def is_key(self, key: str) -> bool:
        """Return whether somebody knows the key."""
        return secrets.compare_digest(key.encode(errors="replace"), self.key.encode())

    def show(self, query: str) -> int:
        """Show a screen, and return how many followers have waited for it."""
        with self._lock:
            if query != self._shown.query:
                self._shown = Shown(self._shown.version + 1, query)
                self._tell(self._shown)
            return len(self._inboxes)

    @property
    def shown(self) -> Shown:
        """What the lecturer's screen shows now."""
        return self._shown

    def news(self, version: int, seconds: float = PATIENCE_SECONDS) -> Iterator[Shown]:
        """Yield the screen as soon as it has another version than `version`, then each further one.

        Ends after so many seconds, when the lectern is closed, and after what is new if too many wait.
        """
        inbox: Inbox = SimpleQueue()
        with self._lock:
            shown = self._shown
            if not self._is_closed and len(self._inboxes) < MOST_FOLLOWERS:
                self._inboxes.add(inbox)
            else:
                inbox.put(None)
        until = time.monotonic() + seconds
        try:
            if shown.version != version:
                yield shown
            while shown := newest(inbox, until):
                yield shown
        finally:
            with self._lock:
                self._inboxes.discard(inbox)

    def close(self) -> None:
        """Let everybody go: the server ends."""
        with self._lock:
            self._is_closed = True
            self._tell(None)

    def _tell(self, news: Shown | None) -> None:
        # An inbox for each: a hundred threads that wake at one lock wait for each other.
        for inbox in self._inboxes:
            inbox.put(news)


def newest(inbox: Inbox, until: float) -> Shown | None:
    """Return the last screen in an inbox, as soon as there is one; None at the end."""
    try:
        shown = inbox.get(timeout=max(0.0, until - time.monotonic()))
        while shown and not inbox.empty():
            if not (later := inbox.get()):
                inbox.put(later)  # the end comes after the last screen
                break
            shown = later
    except Empty:
        return None
    return shown


def addresses(lectern: Lectern, address: str) -> tuple[str, str]:
    """Return the lecturer's address, a secret, and that of the followers. address: the page's, here."""
    return f"{address}?lead={lectern.key}", f"{lectern.address or address}?follow={lectern.code}"
