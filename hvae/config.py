"""The configuration of an HVAE; importing it does not import torch."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class HVAEConfig:
    """Everything needed to build an HVAE, small enough to travel in a checkpoint's metadata.

    image_shape: (C, H, W); H and W are multiples of 4.
    layers: L, the number of latent layers; L = 1 is a plain VAE.
    top_dim: dimensions of z_L, a vector.
    channels: channels of each spatial latent z_1 … z_{L-1}; z_1 has size H/4 × W/4, each one above half that.
    width: channels of the hidden feature maps.
    inference: `generalized` or `ladder` (the source's Fig. 1a and 1b).
    likelihood: `gaussian` with fixed `variance`, or `bernoulli`.
    Raises ValueError for values outside their range.
    """

    image_shape: tuple[int, int, int] = (1, 32, 32)
    layers: int = 2
    top_dim: int = 32
    channels: int = 4
    width: int = 32
    inference: Literal["generalized", "ladder"] = "generalized"
    likelihood: Literal["gaussian", "bernoulli"] = "gaussian"
    variance: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "image_shape", tuple(self.image_shape))
        if len(self.image_shape) != 3 or not all(_is_int(side, 1, 1024) for side in self.image_shape):
            raise ValueError(f"image_shape must be (channels, height, width), not {self.image_shape}")
        if any(side % 4 for side in self.image_shape[1:]):
            raise ValueError(f"image height and width must be multiples of 4, not {self.image_shape[1:]}")
        for name, low, high in (
            ("layers", 1, 32),
            ("top_dim", 1, 4096),
            ("channels", 1, 1024),
            ("width", 2, 1024),
        ):
            if not _is_int(getattr(self, name), low, high):
                raise ValueError(
                    f"{name} must be a whole number in [{low}, {high}], not {getattr(self, name)!r}"
                )
        if self.inference not in ("generalized", "ladder"):
            raise ValueError(f"inference must be 'generalized' or 'ladder', not {self.inference!r}")
        if self.likelihood not in ("gaussian", "bernoulli"):
            raise ValueError(f"likelihood must be 'gaussian' or 'bernoulli', not {self.likelihood!r}")
        if not isinstance(self.variance, int | float) or not 1e-6 <= self.variance <= 1e6:
            raise ValueError(f"variance must be in [1e-6, 1e6], not {self.variance!r}")

    @property
    def latent_shapes(self) -> list[tuple[int, ...]]:
        """Shape of each latent, layer 1 first, without the batch dimension."""
        spatial = [(self.channels, *scale) for scale in self.scales[: self.layers - 1]]
        return [*spatial, (self.top_dim,)]

    @property
    def scales(self) -> list[tuple[int, int]]:
        """(height, width) of the feature maps, finest first: H/4 × W/4, then halved at each step.

        z_ℓ of a spatial layer lives at scale ℓ, the vector z_L is read off the coarsest one.
        """
        scales = [(self.image_shape[1] // 4, self.image_shape[2] // 4)]
        while len(scales) < max(self.layers, 2):
            scales.append((math.ceil(scales[-1][0] / 2), math.ceil(scales[-1][1] / 2)))
        return scales

    def to_dict(self) -> dict:
        """Return a JSON-ready dictionary; `HVAEConfig(**config.to_dict())` gives the config back."""
        return {**dataclasses.asdict(self), "image_shape": list(self.image_shape)}


def _is_int(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
