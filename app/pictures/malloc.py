"""How the process takes memory from the system, and gives it back."""

from __future__ import annotations

import ctypes

M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2


def share_arenas() -> None:
    """Let all threads take memory from the same few places, where this is glibc; before they start.

    Else each thread has a place of its own, in which what was freed stays for that thread to use again: with
    as many threads as serve a hall, that is more than all pictures and models.
    """
    try:
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)
    except (AttributeError, OSError, TypeError):
        pass  # another system's allocator


def give_back() -> None:
    """Return to the system the pages that nothing uses, where this is glibc; takes some milliseconds.

    What is kept and thrown away all the time, models and answers, leaves holes that grow for hours.
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        pass  # another system's allocator
