"""Where the optimum of a linear two-layer HVAE lies: its rates and its distortion, from the data's spectrum.

Let the images' covariance have eigenvalues λ₁ ≥ λ₂ ≥ … and the likelihood be Gaussian with variance σ². A
linear HVAE at its optimum codes each eigen-direction for itself. To code a direction of variance λ down to
an error d costs ½ ln(λ / d) nats (the rate–distortion function of a Gaussian source, Cover & Thomas, ch.
10), and leaves d / 2σ² nats of distortion. A nat in layer ℓ is charged β_ℓ, so that

    min over d of   d / 2σ² + β_ℓ · ½ ln(λ / d)   is at   d = min(λ, β_ℓ σ²).

This is reverse water-filling with the water at β_ℓ σ²: directions below it are not coded at all. The layer
with the smaller β is cheaper for every direction, so it takes the largest ones, as many as it has
dimensions; the other layer takes the next. With K dimensions of z₂, M of z₁, and β₂ ≤ β₁:

    R(z₂)    = Σ_{i ≤ K}         ½ ln⁺(λ_i / β₂ σ²)
    R(z₁|z₂) = Σ_{K < i ≤ K + M} ½ ln⁺(λ_i / β₁ σ²)

Limits: as K grows to all that is above the water, R(z₁|z₂) goes to 0 and all points lie on the axis of
R(z₂). For β₂ > β₁ the layers change places: z₁ takes the M largest directions, and with M as large as in
practice z₂ is left without any; it is switched off. Rates depend on β_ℓ σ² alone: a smaller variance is the
same as smaller β.

At the optimum nothing beats the line β₂ = β₁: of all models with the same total rate, those on it have the
lowest distortion, since off it the water is not level. A gain off the line is noise, or training that has
not converged.

That linear VAEs have these optima: Lucas et al., *Don't Blame the ELBO!* (NeurIPS 2019); with two layers:
Dang et al., *Beyond Vanilla Variational Autoencoders* (arXiv 2306.05023). Trained networks are not linear,
but their rates follow these numbers closely.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hvae.config import HVAEConfig
from hvae.metrics.metric import Explanation

OPTIMUM = Explanation(
    "theory",
    "Predicted by theory",
    (
        r"R(z_2) = \sum_{i = 1}^{K} \tfrac12 \ln^+ \frac{\lambda_i}{\beta_2 \sigma^2}",
        r"R(z_1|z_2) = \sum_{i = K + 1}^{K + M} \tfrac12 \ln^+ \frac{\lambda_i}{\beta_1 \sigma^2}",
    ),
    "Where a linear HVAE has its optimum for β₂ ≤ β₁, from nothing but the variances λ of the training "
    "images: z₂, the cheaper layer, takes as many of the largest as it has dimensions, K, and z₁ the next M. "
    "Networks are not linear, but their rates follow these numbers closely.",
)

STORED = 1024
"""How many eigenvalues an atlas keeps: those beyond count as 0."""
LARGEST = 4096
"""Rows of the largest matrix whose eigenvalues are looked for."""
_BLOCK = 8192


class Optimum(NamedTuple):
    """What theory says of a point: rates and distortion in nats per image, PSNR of posterior means in dB."""

    rate_z2: float
    rate_z1: float
    distortion: float
    psnr: float


def spectrum(images: np.ndarray, most: int = STORED) -> np.ndarray:
    """Return the largest eigenvalues of the covariance of images, largest first, float64 (min(most, C·H·W),).

    images: uint8 (N, C, H, W), which stand for pixels in [0, 1]. One block of them becomes floats at a time.
    Where they have more values than there are images, or than LARGEST, the matrix of products between images
    is taken, which has the same eigenvalues but for zeros. It is of at most LARGEST images, taken at even
    distances: where there are more, eigenvalues are estimates.
    """
    import torch

    flat = torch.from_numpy(np.ascontiguousarray(images)).flatten(1)
    count, size = flat.shape
    if size > min(count, LARGEST):
        flat = flat[torch.linspace(0, count - 1, min(count, LARGEST), dtype=torch.float64).round().long()]
        count = len(flat)
        products = torch.zeros(count, count, dtype=torch.float64)
        for columns in flat.split(_BLOCK, dim=1):
            values = columns.float() / 255
            values -= values.mean(0)
            products += values @ values.T
        covariance = products / count
    else:
        total, products = torch.zeros(size, dtype=torch.float64), torch.zeros(size, size, dtype=torch.float64)
        for rows in flat.split(_BLOCK):
            values = rows.float() / 255 - 0.5  # near 0, so that float32 products lose no digits
            total += values.sum(0, dtype=torch.float64)
            products += values.T @ values
        mean = total / count
        covariance = products / count - torch.outer(mean, mean)
    eigenvalues = torch.linalg.eigvalsh(covariance).flip(0)[:most].clamp(min=0).numpy()
    return np.pad(eigenvalues, (0, min(most, size) - len(eigenvalues)))


def rates(
    spectrum: Sequence[float] | np.ndarray, config: HVAEConfig, *, beta_2: float, beta_1: float
) -> tuple[float, float]:
    """Return R(z₂) and R(z₁|z₂) of the optimal linear HVAE, nats per image.

    spectrum: eigenvalues of the training images' covariance, pixels in [0, 1], in any order.
    config: of the models; `top_dim`, the shape of z₁ and `variance` count.
    Raises ValueError if the theory does not hold: another likelihood than Gaussian, not two layers,
    or a β is not positive.
    """
    at = optimum(spectrum, config, beta_2=beta_2, beta_1=beta_1)
    return at.rate_z2, at.rate_z1


def optimum(
    spectrum: Sequence[float] | np.ndarray, config: HVAEConfig, *, beta_2: float, beta_1: float
) -> Optimum:
    """Return rates, distortion and PSNR of the optimal linear HVAE; arguments and errors as in `rates`.

    Distortion is −E log p(x|z) with z ~ q. PSNR is of reconstructions from posterior means: where a direction
    is coded down to d, its mean leaves d² / λ of λ.
    """
    if config.likelihood != "gaussian" or config.layers != 2:
        raise ValueError("theory is of models with two layers and a Gaussian likelihood")
    if not (beta_2 > 0 and beta_1 > 0):
        raise ValueError(f"β must be positive, not β₂ = {beta_2}, β₁ = {beta_1}")
    values = np.sort(np.asarray(spectrum, float))[::-1]
    z1, z2 = (math.prod(shape) for shape in config.latent_shapes)
    cheaper_first = [("z2", z2, beta_2), ("z1", z1, beta_1)]
    if beta_2 > beta_1:
        cheaper_first.reverse()
    nats, errors, begin = {}, values.copy(), 0
    for layer, dimensions, beta in cheaper_first:
        own = slice(begin, begin + dimensions)
        errors[own] = np.minimum(values[own], beta * config.variance)
        coded = errors[own] < values[own]
        nats[layer] = float(0.5 * np.log(values[own][coded] / errors[own][coded]).sum())
        begin += dimensions
    pixels = math.prod(config.image_shape)
    constant = 0.5 * pixels * math.log(2 * math.pi * config.variance)
    distortion = constant + float(errors.sum()) / (2 * config.variance)
    of_means = np.divide(errors**2, values, out=np.zeros_like(values), where=values > 0)
    mean_square = float(of_means.sum()) / pixels
    psnr = -10 * math.log10(mean_square) if mean_square > 0 else math.inf
    return Optimum(nats["z2"], nats["z1"], distortion, psnr)
