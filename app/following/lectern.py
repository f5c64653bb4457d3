"""What a lecturer's screen shows, and those who wait until it shows something else.

All of it is in the memory of one process: several could not tell each other.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Condition

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


class Lectern:
    """One lecturer's screen. Threads may use it at the same time.

    code: what followers name. key: what the lecturer's page names to change the screen; a secret. address:
    of the page for other machines, None if only this machine reaches it.
    """

    def __init__(self, address: str | None = None) -> None:
        self.code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
        self.key = secrets.token_urlsafe(24)
        self.address = address
        self._changed = Condition()
        self._shown = Shown(0, "")
        self._waiting = 0
        self._is_closed = False

    def is_code(self, code: str) -> bool:
        """Return whether somebody names the code, in capital or small letters."""
        return code.upper() == self.code

    def is_key(self, key: str) -> bool:
        """Return whether somebody knows the key."""
        return secrets.compare_digest(key.encode(errors="replace"), self.key.encode())

    def show(self, query: str) -> int:
        """Show a screen, and return how many followers have waited for it."""
        with self._changed:
            waiting = self._waiting
            if query != self._shown.query:
                self._shown = Shown(self._shown.version + 1, query)
                self._changed.notify_all()
            return waiting

    @property
    def shown(self) -> Shown:
        """What the lecturer's screen shows now."""
        return self._shown

    def news(self, version: int, seconds: float = PATIENCE_SECONDS) -> Iterator[Shown]:
        """Yield the screen as soon as it has another version than `version`, then each further one.

        Ends after so many seconds, when the lectern is closed, and after what is new if too many wait.
        """
        with self._changed:
            has_room = self._waiting < MOST_FOLLOWERS
            self._waiting += has_room
        until = time.monotonic() + (seconds if has_room else 0)
        try:
            while (shown := self._next(version, until)).version != version:
                yield shown
                version = shown.version
        finally:
            with self._changed:
                self._waiting -= has_room

    def _next(self, version: int, until: float) -> Shown:
        """Return the screen when it has another version, or the same when the time is over."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or self._shown.version != version, until - time.monotonic()
            )
            return self._shown

    def close(self) -> None:
        """Let everybody go: the server ends."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


def addresses(lectern: Lectern, address: str) -> tuple[str, str]:
    """Return the lecturer's address, a secret, and that of the followers. address: the page's, here."""
    return f"{address}?lead={lectern.key}", f"{lectern.address or address}?follow={lectern.code}"
