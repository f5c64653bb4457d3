"""How the CPU computes: on how many threads, and whether numbers next to zero count as zero."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Have torch compute on n threads: sums are taken in n parts, so the last bits of numbers depend on n."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch to one thread: batches this small cannot be shared, and the numbers depend on no cores."""
    with threads(1):
        yield


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """On a CPU, the near-zero activations of collapsed latents would cost up to four times the time."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
