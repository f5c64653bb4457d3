"""The training objective: one β per layer (Eq. 5 of the source)."""

from __future__ import annotations

import torch
from torch import Tensor


def objective(distortion: Tensor, rates: Tensor, betas: Tensor) -> Tensor:
    """Return L_β = E_x[D(x) + Σ_ℓ β_ℓ R(z_ℓ|z_>ℓ)], nats per image, a scalar.

    distortion: (N,); rates: (N, L), layer 1 first; betas: (L,) or, one set per image, (N, L).
    With every β = 1 this is the negative ELBO. Xiao & Bamler (2023), Eq. 5.
    """
    return torch.mean(distortion + (betas * rates).sum(dim=1))


def training_loss(distortion: Tensor, rates: Tensor, betas: Tensor, warmth: Tensor | float = 1.0) -> Tensor:
    """Return `objective` with every image's term divided by max(1, β…).

    A large β is then no large learning rate.
    warmth: the share of β that counts so far, in (0, 1]; it does not change the divisor.
    """
    scale = betas.amax(dim=-1, keepdim=True).clamp(min=1)
    return objective(distortion / scale.squeeze(-1), rates, warmth * betas / scale)
