"""How the CPU computes: the number of threads, and whether denormal numbers are flushed to zero."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Set the number of torch's threads.

    Sums are taken in n parts, so the last bits of numbers depend on n.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def one_thread() -> Iterator[None]:
    """Use one torch thread: small batches cannot be shared, and numbers then do not depend on the cores."""
    with threads(1):
        yield


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Flush denormals to zero.

    On a CPU, the tiny activations of collapsed latents cost up to four times the time.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
