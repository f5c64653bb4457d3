"""Diagonal Gaussians: the only distribution over latents in this project."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

# Raw network outputs pass through a soft bound: for any input and any weights, a standard deviation lies in
# e^-5 … e^5.
LOG_STD_BOUND = 5.0


def at_least_float32(values: Tensor) -> Tensor:
    """Return the same values, in float32 if they had lower precision."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


class Gaussian(NamedTuple):
    """A batch of diagonal Gaussians. `mean` and `log_std` both have shape (N, *latent)."""

    mean: Tensor
    log_std: Tensor

    @classmethod
    def from_raw(cls, raw: Tensor) -> Gaussian:
        """Split (N, 2·C, …) network outputs along dim 1 into mean and (softly bounded) log_std.

        The results are float32 at least, because a KL is a difference of numbers that nearly cancel.
        """
        mean, log_std = at_least_float32(raw).chunk(2, dim=1)
        return cls(mean, LOG_STD_BOUND * torch.tanh(log_std / LOG_STD_BOUND))

    @classmethod
    def from_softplus(cls, raw: Tensor) -> Gaussian:
        """Split (N, 2·C, …) network outputs along dim 1 into mean and standard deviation before a softplus.

        std = e^−5 + log(1 + e^raw), at most e^5: the same bounds as in `from_raw`.
        """
        mean, raw_std = at_least_float32(raw).chunk(2, dim=1)
        std = F.softplus(raw_std) + math.exp(-LOG_STD_BOUND)
        return cls(mean, std.log().clamp(max=LOG_STD_BOUND))

    @property
    def std(self) -> Tensor:
        """Standard deviation, shape (N, *latent)."""
        return self.log_std.exp()

    def sample(self, noise: Tensor, temperature: float = 1.0) -> Tensor:
        """Return mean + temperature · std · noise, for standard normal `noise` of shape (N, *latent)."""
        return self.mean + temperature * self.std * noise

    def kl(self, other: Gaussian) -> Tensor:
        """Return KL(self ‖ other) for each latent dimension, nats, shape (N, *latent)."""
        variance_ratio = torch.exp(2 * (self.log_std - other.log_std))
        standardised = (self.mean - other.mean) * torch.exp(-other.log_std)
        return other.log_std - self.log_std + 0.5 * (variance_ratio + standardised.square() - 1)

    def merge(self, other: Gaussian) -> Gaussian:
        """Return the normalised product of two Gaussians: precisions add, means are precision-weighted.

        Sønderby et al., Ladder Variational Autoencoders (2016), Eq. 18–19.
        """
        # Weights from a softmax of log-precisions do not overflow, even for very sharp Gaussians.
        log_precisions = torch.stack([-2 * self.log_std, -2 * other.log_std])
        weights = torch.softmax(log_precisions, dim=0)
        mean = weights[0] * self.mean + weights[1] * other.mean
        return Gaussian(mean, -0.5 * torch.logsumexp(log_precisions, dim=0))
