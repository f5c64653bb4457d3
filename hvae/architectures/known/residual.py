"""The project's own network, of residual blocks; docs/network.md has every tensor and formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hvae.architectures.architecture import MAX_FEATURES, Architecture, imported_later

if TYPE_CHECKING:
    from hvae.config import HVAEConfig


def latent_shapes(config: HVAEConfig) -> list[tuple[int, ...]]:
    spatial = [(config.channels, *scale) for scale in config.scales[: config.layers - 1]]
    return [*spatial, (config.top_dim,)]


ARCHITECTURES = (
    Architecture(
        "residual",
        "residual blocks, z₁ at a quarter of the pictures' height and width",
        imported_later("hvae.architectures.residual", "build"),
        imported_later("hvae.architectures.residual", "initialise"),
        latent_shapes,
        layers=(1, 32),
        # The largest maps are width / 2 × H/2 × W/2, and z₁ itself, channels × H/4 × W/4.
        most={"width": 8 * MAX_FEATURES, "channels": 16 * MAX_FEATURES},
        place=0,
    ),
)
