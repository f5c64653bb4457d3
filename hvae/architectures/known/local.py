"""A direct path from z₂ to the picture, which z₁ corrects in place; `hvae.architectures.local` builds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hvae.architectures.architecture import MAX_FEATURES, Architecture, imported_later

if TYPE_CHECKING:
    from hvae.config import HVAEConfig


def latent_shapes(config: HVAEConfig) -> list[tuple[int, ...]]:
    _, height, width = config.image_shape
    return [(config.channels, height // 2, width // 2), (config.top_dim,)]


ARCHITECTURES = (
    Architecture(
        "local",
        "z₁ at half the pictures' height and width corrects in place what z₂ draws by a path of its own",
        imported_later("hvae.architectures.local", "build"),
        imported_later("hvae.architectures.residual", "initialise"),
        latent_shapes,
        defaults={"channels": 2},
        # The largest maps are width × H/2 × W/2, two of half the width side by side, and z₁ itself.
        most={"width": 8 * MAX_FEATURES, "channels": 4 * MAX_FEATURES},
        has_direct_path=True,
        place=20,
    ),
)
