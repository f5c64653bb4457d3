"""The subject of pictures: a model and test images."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from hvae.directions import Directions, Plane
    from hvae.model import HVAE


class Subject:
    """A model, the atlas's test images, and values computed from both.

    Use it on the decoder's thread only.
    """

    def __init__(self, model: HVAE, images: Callable[[], np.ndarray], rates: list[float]) -> None:
        self.model = model
        self._images = images
        self._rates = rates

    @property
    def images(self) -> np.ndarray:
        """The atlas's test images, uint8 (N, C, H, W). Raises UserError if they are damaged."""
        return self._images()

    @cached_property
    def dimension_order(self) -> list[int]:
        """The dimensions of z₂, highest rate first; where rates are unknown, those on the test images."""
        from hvae.directions import top_rates

        rates = self._rates
        if len(rates) != self.model.config.top_dim:
            rates = top_rates(self.model, to_floats(self.images))
        return sorted(range(len(rates)), key=lambda dimension: -rates[dimension])

    @cached_property
    def directions(self) -> Directions:
        """The leading directions of z₁ over the test images."""
        from hvae.directions import leading_directions

        return leading_directions(self.model.residuals(to_floats(self.images))[0])

    @cached_property
    def plane(self) -> Plane:
        """The leading plane of z_L over the test images."""
        from hvae.directions import leading_plane

        return leading_plane(self.model.residuals(to_floats(self.images))[-1])


def to_floats(images: np.ndarray) -> Tensor:
    """Return images uint8 (N, C, H, W) as a model's input, float in [0, 1]."""
    import torch

    return torch.tensor(images).float() / 255
