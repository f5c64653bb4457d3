"""The network of Xiao & Bamler (ICLR 2023); `hvae.architectures.xiao_bamler` builds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hvae.architectures.architecture import MAX_FEATURES, Architecture, imported_later

if TYPE_CHECKING:
    from hvae.config import HVAEConfig


def latent_shapes(config: HVAEConfig) -> list[tuple[int, ...]]:
    _, height, width = config.image_shape
    return [(config.channels, height // 8, width // 8), (config.top_dim,)]


ARCHITECTURES = (
    Architecture(
        "xiao-bamler",
        "the source's network, z₁ at an eighth of the pictures' height and width",
        imported_later("hvae.architectures.xiao_bamler", "build"),
        imported_later("hvae.architectures.xiao_bamler", "initialise"),
        latent_shapes,
        defaults={"top_dim": 32, "channels": 32, "width": 32, "variance": 0.71**2},
        step=8,
        # The largest maps are width × H/2 × W/2. z₁ has channels × H/8 × W/8 numbers, 8,192 at most: the
        # layers of p(z₁|z₂) have as many weights as the square of that.
        most={"width": 8 * MAX_FEATURES, "channels": 8 * MAX_FEATURES},
        place=10,
    ),
)
