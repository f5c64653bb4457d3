"""How the process gets memory from the system, and returns it."""

from __future__ import annotations

import ctypes

M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2


def share_arenas() -> None:
    """Make all threads share a few memory arenas, on glibc; call it before they start.

    Otherwise each thread has its own arena, and freed memory stays in it for this thread. With the threads of
    a full hall, that is more than all pictures and models.
    """
    try:
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)
    except (AttributeError, OSError, TypeError):
        pass  # another system's allocator


def give_back() -> None:
    """Return unused pages to the system, on glibc; takes some milliseconds.

    Models and answers are kept and thrown away all the time, which leaves holes that grow for hours.
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        pass  # another system's allocator
