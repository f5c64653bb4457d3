"""What a lecturer's screen shows, and those who wait until it shows something else.

All of it is in the memory of one process: several could not tell each other.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from threading import Condition

MOST_FOLLOWERS = 500
"""Requests that wait at once. Each takes a thread of the server's; further ones are answered at once."""

PATIENCE_SECONDS = 15.0
"""How long a request waits for news. Below `app.server.listening.IDLE_SECONDS`, and what proxies allow."""

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

    def after(self, version: int, seconds: float = PATIENCE_SECONDS) -> Shown:
        """Return a screen of another version as soon as there is one, or the same after some seconds.

        It is returned at once if too many wait, or the lectern is closed.
        """
        with self._changed:
            if self._waiting < MOST_FOLLOWERS:
                self._waiting += 1
                try:
                    self._changed.wait_for(
                        lambda: self._is_closed or self._shown.version != version, timeout=seconds
                    )
                finally:
                    self._waiting -= 1
            return self._shown

    def close(self) -> None:
        """Let everybody go: the server ends."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


def addresses(lectern: Lectern, address: str) -> tuple[str, str]:
    """Return the lecturer's address, a secret, and that of the followers. address: the page's, here."""
    return f"{address}?lead={lectern.key}", f"{lectern.address or address}?follow={lectern.code}"
