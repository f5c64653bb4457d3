"""Recent answers, and answers in the making: a second request for one waits for the first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from app.atlases.lru import Kept

MOST_BYTES = 16 * 2**20
"""Bytes of kept answers: the pictures of some 500 clicks. After these, memory does not grow."""


class Answers:
    """Encoded answers by their ETags; those used last are kept, `most_bytes` altogether."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._kept: Kept[bytes] = Kept(most_bytes)
        self._making: dict[str, Future[bytes]] = {}
        self._lock = Lock()

    def get(self, tag: str, make: Callable[[], bytes]) -> bytes:
        """Return a kept answer, or wait for one in the making, or return the result of `make`.

        Raises the exceptions of `make`, for all who wait. A failure is not kept.
        """
        with self._lock:
            kept = self._kept.get(tag)
            if kept is not None:
                return kept
            others = self._making.get(tag)
            mine = self._making.setdefault(tag, Future())
        if others is not None:
            return others.result()
        try:
            answer = make()
        except BaseException as error:
            self._made(tag)
            mine.set_exception(error)
            raise
        self._made(tag, answer)
        mine.set_result(answer)
        return answer

    def _made(self, tag: str, answer: bytes | None = None) -> None:
        """End the making of an answer; None if it failed."""
        with self._lock:
            del self._making[tag]
            if answer is not None and len(answer) <= self._kept.most_bytes:
                self._kept.put(tag, answer, len(answer))
