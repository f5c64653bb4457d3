"""How a device computes: the CPU's threads and denormal numbers, a GPU's precision and memory."""

from __future__ import annotations

import gc
import warnings
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


@contextmanager
def full_float32() -> Iterator[None]:
    """Have a GPU compute as exactly as the CPU, and the same every time, whatever was asked for before.

    Else convolutions may round their factors to TF32, which has 10 bits, and add up in any order.
    """
    cudnn, products = torch.backends.cudnn, torch.backends.cuda.matmul
    with warnings.catch_warnings():
        # Newer versions of torch have another name for this, which older ones do not know.
        warnings.filterwarnings("ignore", "Please use the new API settings", UserWarning)
        before = cudnn.allow_tf32, products.allow_tf32, cudnn.deterministic
        cudnn.allow_tf32, products.allow_tf32, cudnn.deterministic = False, False, True
        try:
            yield
        finally:
            cudnn.allow_tf32, products.allow_tf32, cudnn.deterministic = before


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error comes from a device that has too little memory, be it by another error's fault.

    Libraries have errors of their own for it, and ending a graph's capture raises one that hides the first.
    """
    following: BaseException | None = error
    while following is not None:
        text = str(following).lower()
        if isinstance(following, torch.OutOfMemoryError) or "out of memory" in text or "alloc_failed" in text:
            return True
        following = following.__cause__ or following.__context__
    return False


def release_memory() -> None:
    """Give the GPU back what this process keeps of it and does not use; nothing on a CPU."""
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()
