"""The record of an architecture: a kind of network that an HVAE can have. It does not import torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import nn

    from hvae.config import HVAEConfig

MAX_FEATURES = 2**16
"""Numbers in the largest feature map of one picture: with width 32, pictures of 128 × 128."""


class Maps(NamedTuple):
    """The networks of an HVAE with L layers. Feature maps are its own affair: only z, x and logits are fixed.

    bottom_up: images (N, C, H, W) → a list of L tensors (N, …), the features for each layer, layer 1 first.
    layers: for each layer, `prior(context)` and `posterior(features, context, prior)`, both Gaussians.
        At layer L, the context of `posterior` is None, and `prior` gets any tensor with N rows.
    grow: for each layer, (z, the context that z was drawn in) → the context of the layer below; at layer 1,
        what the picture is made of. There the context is None, unless the architecture has a direct path.
    picture_head: from there to logits (N, C, H, W). `start_at_mean(mean)` makes the data's mean (C,) its
        first picture.
    """

    bottom_up: nn.Module
    layers: nn.ModuleList
    grow: nn.ModuleList
    picture_head: nn.Module


@dataclass(frozen=True)
class Architecture:
    """An architecture that `--model architecture=` accepts, and that an atlas can name.

    name: lower case letters, digits and hyphens. title: what it is, a clause for people.
    build: makes the maps for a config. initialise: gives them their first weights, drawn at random; both
        import torch inside.
    latent_shapes: shape of each latent, layer 1 first, without the batch dimension.
    defaults: fields of the config that are not as in `HVAEConfig` where nobody chooses them.
    layers: the lowest and highest number of layers. step: heights and widths of pictures are multiples of it.
    most: field → the highest product of its value with the pixels of a picture, in an atlas: what bounds the
        memory of a model that a stranger describes.
    has_direct_path: whether the picture also depends directly on the latents above z_1, as p(x|z_1, …, z_L).
    place: its place in lists, lowest first.
    """

    name: str
    title: str
    build: Callable[[HVAEConfig], Maps]
    initialise: Callable[[Maps], None]
    latent_shapes: Callable[[HVAEConfig], list[tuple[int, ...]]]
    defaults: Mapping[str, int | float | str] = field(default_factory=dict)
    layers: tuple[int, int] = (2, 2)
    step: int = 4
    most: Mapping[str, int] = field(default_factory=dict)
    has_direct_path: bool = False
    place: int = 100

    def refusal(self, config: HVAEConfig) -> str | None:
        """Return why this network cannot be built for a config, as a clause; None if it can."""
        low, high = self.layers
        if not low <= config.layers <= high:
            count = f"{low}" if low == high else f"in [{low}, {high}]"
            return f"layers must be {count} for the architecture {self.name}, not {config.layers}"
        sides = config.image_shape[1:]
        if any(side % self.step for side in sides):
            return (
                f"image height and width must be multiples of {self.step} for the architecture {self.name}, "
                f"not {sides}"
            )
        return None


def imported_later(module: str, name: str) -> Callable[..., Any]:
    """Return a function that calls another one, whose module is imported at the first call.

    So a record can name functions of a module that imports torch.
    """

    def call(*arguments: object) -> Any:
        return getattr(import_module(module), name)(*arguments)

    return call
