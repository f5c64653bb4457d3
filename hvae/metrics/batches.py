"""How every metric walks over a data set: fixed batches, each image with its own noise."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hvae.datasets import Images


def batches(images: Images, batch_size: int, device: torch.device | str) -> Iterator[tuple[slice, Tensor]]:
    """Yield (slice, x) over the whole set in order: x is float32 (n, C, H, W) in [0, 1] on `device`.

    On the CPU x is channels_last, in which convolutions run about twice as fast.
    """
    device = torch.device(device)
    for start in range(0, len(images), batch_size):
        rows = slice(start, min(start + batch_size, len(images)))
        x = images.batch(torch.arange(rows.start, rows.stop)).to(device)
        yield rows, x.contiguous(memory_format=torch.channels_last) if device.type == "cpu" else x


def rows_of(noise: list[Tensor], rows: slice) -> list[Tensor]:
    """The noise of some images, from the noise of all: what image i sees depends on no batch size."""
    return [layer[rows] for layer in noise]
