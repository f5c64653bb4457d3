"""The dimensions, directions and planes of the latents that carry most, over a few images."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from hvae.model import HVAE

MOST = 32
"""Number of directions that are kept; those after the first dozen show a viewer nothing."""


class Directions(NamedTuple):
    """Leading directions of a latent. It varies most along the first one.

    vectors: (K, *latent), of unit length and orthogonal, in units of the prior's standard deviation. Their
    signs are chosen so that the entry of largest magnitude is positive. std: (K,), the standard deviation
    of the images' residuals along each, in the same units; 1 is the prior's own.
    """

    vectors: Tensor
    std: Tensor


def leading_directions(residuals: Tensor, most: int = MOST) -> Directions:
    """Return principal components of residuals (N, *latent) from `HVAE.residuals`; K = min(N − 1, D, most).

    The residuals are centred, X = U S Vᵀ; directions are the rows of Vᵀ, std = S / √(N − 1). Residuals that
    are not finite (of a model with NaN weights) count as zero.
    """
    flat = _finite(residuals.flatten(1).double())
    count = max(0, min(len(flat) - 1, flat.shape[1], most))
    if count == 0:
        return Directions(residuals.new_zeros(0, *residuals.shape[1:]), residuals.new_zeros(0))
    _, singular, vectors = torch.linalg.svd(flat - flat.mean(0), full_matrices=False)
    vectors = vectors[:count]
    largest = vectors.gather(1, vectors.abs().argmax(1, keepdim=True))
    vectors = vectors * torch.where(largest < 0, -1.0, 1.0)
    std = singular[:count] / (len(flat) - 1) ** 0.5
    return Directions(vectors.unflatten(1, residuals.shape[1:]).to(residuals.dtype), std.to(residuals.dtype))


class Plane(NamedTuple):
    """The plane through the mean of residuals (N, D) in which these vary most.

    middle: (D,). axes: (2, D), the first two of `leading_directions`; 0 where there is no further direction.
    places: (N, 2), the residuals' coordinates along the axes, from the middle. explained: the share of their
    variance that lies in the plane; 0 without variance. All in standard deviations of the prior.
    """

    middle: Tensor
    axes: Tensor
    places: Tensor
    explained: float

    def places_of(self, residuals: Tensor) -> Tensor:
        """Return the coordinates (N, 2) of other residuals (N, D), from the middle."""
        return (_finite(residuals) - self.middle) @ self.axes.T


def leading_plane(residuals: Tensor) -> Plane:
    """Return the plane of the first two principal components of residuals (N, D) from `HVAE.residuals`.

    What is not finite, of a model with NaN weights, counts as zero.
    """
    flat = _finite(residuals)
    found = leading_directions(flat, 2).vectors
    axes = torch.cat([found, found.new_zeros(2 - len(found), flat.shape[1])])
    middle = flat.mean(0)
    centred = flat - middle
    places = centred @ axes.T
    total = float(centred.double().square().sum())
    return Plane(middle, axes, places, float(places.double().square().sum()) / total if total else 0.0)


def _finite(residuals: Tensor) -> Tensor:
    return residuals.nan_to_num(0, posinf=0, neginf=0)


@torch.inference_mode()
def top_rates(model: HVAE, images: Tensor) -> list[float]:
    """Return the rate of each dimension of z_L, nats, top_dim values: means over images (N, C, H, W)."""
    return model.infer(images).kl[-1].double().mean(0).tolist()
