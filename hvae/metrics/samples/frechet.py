"""The Fréchet distance between the features of samples and of real images (Heusel et al., 2017)."""

from __future__ import annotations

import torch
from torch import Tensor

from hvae.metrics.estimate import NOT_A_NUMBER, Estimate

# Parts that are left out, one at a time, for the standard error.
_PARTS = 100


def frechet_distance(samples: Tensor, images: Tensor) -> Estimate:
    """Return the squared Fréchet distance between Gaussians fitted to two sets of features; it has no unit.

        d² = |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½),

    with the means μ and covariances Σ (divisor N − 1) of `samples` (1) and `images` (2): Heusel et al.,
    "GANs trained by a two time-scale update rule converge to a local Nash equilibrium" (2017). Features are
    those of the data set's classifier, not of Inception-v3, so the number compares models of one atlas with
    each other, and with nothing else. It is at least 0, and 0 for equal moments. Finite sets err upwards, by
    about tr Σ (1/N + 1/M) and more: two halves of real images do not have 0 either.

    samples, images: (N, D) and (M, D), N, M ≥ 2. Computed in float64. (Σ₁ Σ₂)^½ has the trace of the root of
    the symmetric Σ₂^½ Σ₁ Σ₂^½, whose eigenvalues are real.
    The standard error is of the samples alone; the images are given. It is the jackknife's: with g = 100
    parts of the samples, each left out in turn, √((g − 1)/g Σ (d²₍₋ⱼ₎ − mean)²). Where a distance is hardly
    larger than its upward error, the standard error is up to a third too large.
    NaN if a feature is not finite, or a set has fewer than two; the error alone is NaN for N = 2.
    """
    if min(len(samples), len(images)) < 2 or not (samples.isfinite().all() and images.isfinite().all()):
        return NOT_A_NUMBER
    y = images.cpu().double()
    mean, covariance = y.mean(0), torch.cov(y.T).reshape(y.shape[1], y.shape[1])
    values, vectors = torch.linalg.eigh(covariance)
    root = vectors * values.clamp_min(0).sqrt() @ vectors.T

    centre = samples.cpu().double().mean(0)
    x = samples.cpu().double() - centre
    parts = [part for part in x.tensor_split(min(_PARTS, len(x))) if len(part)]
    counts = torch.tensor([len(part) for part in parts], dtype=torch.float64)
    sums = torch.stack([part.sum(0) for part in parts])
    squares = torch.stack([part.T @ part for part in parts])

    def distances(n: Tensor, total: Tensor, square: Tensor) -> Tensor:
        """Return d² (B,) of B sets, from their sizes (B,), sums (B, D) and sums of squares (B, D, D)."""
        m = total / n[:, None]
        sigma = (square - n[:, None, None] * m[:, :, None] * m[:, None, :]) / (n - 1)[:, None, None]
        roots = torch.linalg.eigvalsh(root @ sigma @ root).clamp_min(0).sqrt().sum(-1)
        traces = sigma.diagonal(dim1=-2, dim2=-1).sum(-1) + covariance.trace()
        return ((m + centre - mean).square().sum(-1) + traces - 2 * roots).clamp_min(0)

    value = distances(counts.sum()[None], sums.sum(0)[None], squares.sum(0)[None]).item()
    if len(x) - int(counts.max()) < 2:
        return Estimate(value, NOT_A_NUMBER.standard_error)
    without = distances(counts.sum() - counts, sums.sum(0) - sums, squares.sum(0) - squares)
    return Estimate(value, jackknife_error(without))


def jackknife_error(without: Tensor) -> float:
    """Return the standard error from estimates that leave out one of g equal parts each, (g,), g ≥ 2."""
    g = len(without)
    return float(((g - 1) / g * (without - without.mean()).square().sum()).sqrt())
