"""Rates, distortion and negative ELBO over a whole data set: the axes of the rate plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from hvae.datasets import Images
from hvae.metrics.batches import batches, rows_of
from hvae.model import HVAE, Elbo


@dataclass(frozen=True, eq=False)
class RatesAndDistortion:
    """Means over a data set, nats per image, float64.

    rates: (L,), R(z_ℓ|z_>ℓ) of every layer, layer 1 first.
    distortion: E[−log p(x|z)], constants included.
    top_rates: (top_dim,), the part of each dimension of z_L in `rates[-1]`.
    of_images: (N, L + 1), each image's rates, layer 1 first, and its distortion.
    """

    rates: np.ndarray
    distortion: float
    top_rates: np.ndarray
    of_images: np.ndarray

    @property
    def rate_total(self) -> float:
        """R(z_1, …, z_L) = Σ_ℓ R(z_ℓ|z_>ℓ), nats per image."""
        return float(self.rates.sum())

    @property
    def neg_elbo(self) -> float:
        """distortion + Σ rates, nats per image: an upper bound on E[−log p(x)] (up to sampling noise)."""
        return self.distortion + self.rate_total


@torch.inference_mode()
def layer_rates(model: HVAE, images: Images, *, batch_size: int = 500, seed: int = 0) -> RatesAndDistortion:
    """Return the rate of each layer and the distortion, means over all images (Xiao & Bamler, 2023, Eq. 3–5).

    R(z_ℓ|z_>ℓ) = E_x E_q(z_>ℓ|x) KL(q(z_ℓ|z_>ℓ, x) ‖ p(z_ℓ|z_>ℓ)), with the KL in closed form and one draw
    per image of the latents above; D = E_x E_q(z|x)[−log p(x|z)] from the same draw. The noise of image i
    is a function of (seed, i) alone, for any batch size. A model with NaN weights gives NaN.

    Raises ValueError for a set without images.
    """
    if len(images) == 0:
        raise ValueError("rates need at least one image")
    noise = model.noise(len(images), seed)
    kl_sums: list[torch.Tensor] = []
    of_images: list[torch.Tensor] = []
    for rows, x in batches(images, batch_size, model.device):
        inference = model.infer(x, rows_of(noise, rows))
        logits = model.logits(*inference.latents)
        distortion = model.negative_log_likelihood(x, logits).cpu().double()
        kls = [kl.flatten(1).cpu().double() for kl in inference.kl]
        of_images.append(torch.stack([*(kl.sum(1) for kl in kls), distortion], dim=1))
        sums = [kl.sum(0) for kl in kls]
        kl_sums = [total + part for total, part in zip(kl_sums, sums, strict=True)] if kl_sums else sums
    means = [total / len(images) for total in kl_sums]
    return RatesAndDistortion(
        rates=np.array([mean.sum().item() for mean in means]),
        distortion=sum(rows[:, -1].sum().item() for rows in of_images) / len(images),
        top_rates=means[-1].numpy(),
        of_images=torch.cat(of_images).numpy(),
    )


@torch.inference_mode()
def image_rates(model: HVAE, x: torch.Tensor, draws: int, seed: int = 0) -> Elbo:
    """Return rates (N, L) and distortion (N,) of each image of x (N, C, H, W), nats.

    As `layer_rates`, but for single images: each expectation over q(z|x) is a mean of `draws` terms. Draw i
    of every image uses noise i of the seed.
    """
    noise = [part.repeat(len(x), *[1] * (part.ndim - 1)) for part in model.noise(draws, seed)]
    distortion, rates = model(x.repeat_interleave(draws, dim=0), noise)
    return Elbo(distortion.unflatten(0, (-1, draws)).mean(1), rates.unflatten(0, (-1, draws)).mean(1))
