"""One split of a data set in memory."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from hvae.datasets.contents import Contents
from hvae.datasets.dataset import SIDE

__all__ = ["SIDE", "Images", "Split"]

Split = Literal["train", "test"]


@dataclass(frozen=True, eq=False)
class Images:
    """One split of a data set, whole, on one device.

    Attributes:
        images: uint8 (N, C, H, W), 0 … 255, with H = W and C = 1 (grey) or 3 (RGB).
        labels: int64 (N,), each an index into `classes`.
        classes: the name of each class, for people to read; empty if the pictures have none.
        contents: counts of the files in a user's own folder.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    contents: Contents | None = None

    def __len__(self) -> int:
        """Return N, the number of images."""
        return len(self.images)

    def to(self, device: str | torch.device) -> Images:
        """Return the same images on `device`; no copy if they are already there."""
        return replace(self, images=self.images.to(device), labels=self.labels.to(device))

    def digest(self) -> str:
        """Return the hexadecimal SHA-256 of all pixels and labels, which identifies the data."""
        hashed = hashlib.sha256(self.images.cpu().numpy().tobytes())
        hashed.update(self.labels.cpu().numpy().tobytes())
        return hashed.hexdigest()

    def batch(self, index: Tensor) -> Tensor:
        """Return the images at `index`, an integer tensor (n,), as float32 (n, C, H, W) in [0, 1]."""
        chosen = self.images.index_select(0, index.to(self.images.device))
        return chosen.to(torch.float32).div_(255)


def reason(error: Exception) -> str:
    """Return the core of an error message, without line breaks, error numbers and urllib's angle brackets."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    text = re.sub(r"^<urlopen error (.*)>$", r"\1", lines[-1])
    return re.sub(r"^\[Errno -?\d+\] ", "", text).rstrip(".")
