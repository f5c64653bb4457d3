"""Batches of a data set for all metrics: fixed batches, each image with its own noise."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hvae.datasets import Images


def batches(images: Images, batch_size: int, device: torch.device | str) -> Iterator[tuple[slice, Tensor]]:
    """Yield (slice, x) over the whole set in order, x as from `batch`."""
    for rows in slices(len(images), batch_size):
        yield rows, batch(images, torch.arange(rows.start, rows.stop), device)


def slices(n: int, batch_size: int) -> Iterator[slice]:
    """Yield 0 … n − 1 in order, in slices of at most `batch_size`."""
    for start in range(0, n, batch_size):
        yield slice(start, min(start + batch_size, n))


def batch(images: Images, index: Tensor, device: torch.device | str) -> Tensor:
    """Return the images at `index` (n,) as float32 (n, C, H, W) in [0, 1] on `device`.

    On the CPU they are channels_last, in which convolutions run about twice as fast.
    """
    x = images.batch(index).to(device)
    return x.contiguous(memory_format=torch.channels_last) if x.device.type == "cpu" else x


def rows_of(noise: list[Tensor], rows: slice) -> list[Tensor]:
    """Return the noise of some images, from the noise of all.

    An image's noise does not depend on the batch size.
    """
    return [layer[rows] for layer in noise]
