"""The networks of the architecture `local`: z₂ draws the whole picture, z₁ corrects it in place.

p(x|z₁, z₂) has a direct path from z₂, as Eq. 1 of the source allows. z₁ is a map of half the picture's height
and width, and each of its numbers reaches 10 × 10 pixels only. So z₁ is a poor way to say what a whole
picture shows, and z₂ need not pass through it. bench/README.md has its rates beside those of other networks.
"""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor, nn

from hvae.architectures.architecture import Maps
from hvae.architectures.residual import FourPixelsEach, ResidualBlock, SpatialLayer, TopLayer, double
from hvae.config import HVAEConfig


class BottomUp(nn.Module):
    """Features of x for z_1, (N, width/2, H/2, W/2), and for z_2, (N, width, H/8, W/8), rounded up."""

    def __init__(self, config: HVAEConfig) -> None:
        super().__init__()
        width, half = config.width, config.width // 2
        self.fine = nn.Sequential(
            nn.Conv2d(config.image_shape[0], half, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(half, half, 3, padding=1),
        )
        self.coarse = nn.Sequential(
            nn.SiLU(),
            nn.Conv2d(half, width, 3, stride=2, padding=1),
            ResidualBlock(width),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, stride=2, padding=1),
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        fine = self.fine(x)
        return [fine, self.coarse(fine)]


class WholePicture(nn.Module):
    """From z_2 to a map of all that it says of the picture, (N, width/2, H/2, W/2)."""

    def __init__(self, config: HVAEConfig) -> None:
        super().__init__()
        width = config.width
        self.size, coarsest = config.scales
        self.start = (width, *coarsest)
        self.embed = nn.Linear(config.top_dim, math.prod(self.start))
        self.block = ResidualBlock(width)
        self.up = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.fine = ResidualBlock(width // 2)

    def forward(self, z: Tensor, context: Tensor | None) -> Tensor:
        h = F.interpolate(self.embed(z).unflatten(1, self.start), size=self.size, mode="nearest")
        return self.fine(double(self.up(F.silu(self.block(h)))))


class InPlace(nn.Module):
    """What z_1 adds to the map of z_2, from its neighbours alone."""

    def __init__(self, config: HVAEConfig) -> None:
        super().__init__()
        half = config.width // 2
        self.embed = nn.Conv2d(config.channels, half, 3, padding=1)
        self.mix = nn.Conv2d(half, half, 1)

    def forward(self, z: Tensor, context: Tensor) -> Tensor:
        h = context + self.embed(z)
        return h + self.mix(F.silu(h))


class PictureHead(FourPixelsEach):
    """From an (N, width/2, H/2, W/2) feature map to (N, C, H, W) logits of pixel means."""

    def __init__(self, config: HVAEConfig) -> None:
        super().__init__()
        self.out = nn.Conv2d(config.width // 2, 4 * config.image_shape[0], 3, padding=1)

    def forward(self, h: Tensor) -> Tensor:
        return double(self.out(F.silu(h)))


def build(config: HVAEConfig) -> Maps:
    """Return the maps of an HVAE of two layers."""
    half = config.width // 2
    layers = nn.ModuleList([SpatialLayer(half, config.channels, config.inference), TopLayer(config)])
    grow = nn.ModuleList([InPlace(config), WholePicture(config)])
    return Maps(BottomUp(config), layers, grow, PictureHead(config))
