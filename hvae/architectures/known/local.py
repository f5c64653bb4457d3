"""A direct path from z₂ to the picture, which z₁ corrects in place; `hvae.architectures.local` builds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hvae.architectures.architecture import MAX_FEATURES, Architecture, Maps

if TYPE_CHECKING:
    from hvae.config import HVAEConfig


def build(config: HVAEConfig) -> Maps:
    from hvae.architectures.local import build

    return build(config)


def initialise(maps: Maps) -> None:
    from hvae.architectures.residual import initialise

    initialise(maps)


def latent_shapes(config: HVAEConfig) -> list[tuple[int, ...]]:
    _, height, width = config.image_shape
    return [(config.channels, height // 2, width // 2), (config.top_dim,)]


ARCHITECTURES = (
    Architecture(
        "local",
        "z₁ at half the pictures' height and width corrects in place what z₂ draws by a path of its own",
        build,
        initialise,
        latent_shapes,
        defaults={"channels": 2},
        # The largest maps are width × H/2 × W/2, two of half the width side by side, and z₁ itself.
        most={"width": 8 * MAX_FEATURES, "channels": 4 * MAX_FEATURES},
        has_direct_path=True,
        place=20,
    ),
)
