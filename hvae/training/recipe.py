"""How a model is trained. Recipe, seed and data set determine the weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

RANGES = {
    "epochs": (int, 0, 1e6),
    "batch_size": (int, 1, 1e6),
    "learning_rate": (int | float, 0, 1e3),
    "beta_warmup": (int | float, 0, 1),
    "weight_decay": (int | float, 0, 1e3),
    "clip_norm": (int | float, 0, 1e9),
}


@dataclass(frozen=True)
class Recipe:
    """AdamW, a cosine schedule of learning rates, and a warm-up of β.

    epochs: passes over the training images; the last, incomplete batch of each is left out.
    batch_size: images per step.
    learning_rate: AdamW's at its peak; it rises over the first 2 % of the steps and falls to 0 as a cosine.
    beta_warmup: the share of the steps over which every β grows linearly from 0.
    weight_decay, clip_norm: AdamW's decay, and the largest norm of a gradient.
    Raises ValueError for values outside their range.
    """

    epochs: int = 5
    batch_size: int = 64
    learning_rate: float = 3e-3
    beta_warmup: float = 0.5
    weight_decay: float = 1e-2
    clip_norm: float = 100.0

    def __post_init__(self) -> None:
        for name, (kind, low, high) in RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
                raise ValueError(f"{name} must be a number in [{low:g}, {high:g}], not {value!r}")

    def steps(self, images: int) -> int:
        """Return the number of steps for so many training images; at least one."""
        return self.epochs * max(1, images // self.batch_size)

    def learning_rate_at(self, step: int, steps: int) -> float:
        """Return the learning rate of a step.

        It rises linearly over the first 2 % of the steps (at least 10), times a cosine from the peak to 0.
        """
        rise = max(10, steps // 50)
        cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
        return self.learning_rate * min(1.0, (step + 1) / rise) * cosine

    def warmth(self, step: int, steps: int) -> float:
        """Return the share of β that weights a rate at this step, in (0, 1]."""
        return min(1.0, (step + 1) / (self.beta_warmup * steps)) if self.beta_warmup else 1.0


FROM_SCRATCH = Recipe()
PARENT = Recipe(epochs=25, learning_rate=5e-3, beta_warmup=0.0)
REFINEMENT = Recipe(epochs=1, learning_rate=3e-3, beta_warmup=0.0)
