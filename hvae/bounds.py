"""The bounds of information theory: the best accuracy (Eq. 7) and the best distortion (Eq. 6) of the source.

Xiao & Bamler, Trading Information between Latents in Hierarchical Variational Autoencoders (ICLR 2023).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from hvae.metrics.metric import Explanation

# Halvings of [0, 1 − 1/K]: past the last bit of a float64.
_HALVINGS = 60

DISTORTION_BOUND = Explanation(
    "distortion_bound",
    "Bound of the distortion (Eq. 6)",
    (r"D \ge H - R(z_1, z_2)", r"H \approx \min_{\text{models}} (D + R)"),
    "No model beats the entropy H of the data: what the latents do not say, the distortion has to. H is "
    "unknown: the dotted line has the lowest −ELBO of the models here in its place, so a better model could "
    "cross it.",
    ("Eq. 6",),
)
ACCURACY_BOUND = Explanation(
    "accuracy_bound",
    "Bounds of the accuracy (Eq. 7)",
    (
        r"\text{accuracy} \le f^{-1}\big(I_q(y; z)\big) \le f^{-1}(R)",
        r"f(a) = H[y] + a \log a + (1 - a) \log \frac{1 - a}{K - 1}",
    ),
    "No classifier can read more off a draw of a latent than the latent knows: f(a) nats are needed for an "
    "accuracy of a among K classes, and f⁻¹ turns nats into the best accuracy. R is R(z₂) for z₂, and the "
    "total rate for z₁.",
    ("Eq. 7", "f⁻¹"),
)


def label_entropy(label_frequencies: ArrayLike) -> float:
    """Return H[y] = −Σ p log p, nats, of labels with the given frequencies or counts (K,).

    Raises ValueError if they are negative, not finite, or all zero.
    """
    frequencies = _normalised(label_frequencies)
    return float(-(frequencies * np.log(frequencies)).sum())


def best_accuracy(mutual_information: ArrayLike, label_frequencies: ArrayLike) -> float | np.ndarray:
    """Return f⁻¹ of Eq. 7: the largest accuracy that any classifier of z can have, given I(y; z).

    Let e be its error rate, E the event of an error, K the number of labels. Given z, the label costs at most
    H(E) for "right or wrong" and log(K − 1) for "which other one" in the share e of cases (Fano, 1961):
        H[y] − I(y; z) = H(y|z) ≤ H_b(e) + e log(K − 1),    H_b(e) = −e log e − (1 − e) log(1 − e).
    The right side rises from 0 at e = 0 to log K at e = 1 − 1/K: its inverse there is the smallest e.

    1 for I ≥ H[y]. For I ≤ 0, 1/K where labels are uniform; otherwise a number above the largest label
    frequency, which guessing attains: Fano is not tight there. It never decreases with I.

    It bounds classifiers that see a draw z ~ q(z|x). A posterior mean is a noiseless function of x and
    carries more information than z: even if q(z|x) is almost the prior, the fourth decimal of means shows the
    digit.

    Args:
        mutual_information: I(y; z) in nats, a number or an array of them; NaN yields NaN.
        label_frequencies: (K,), frequencies or counts; labels that never occur do not count towards K.

    Returns:
        Accuracy in [1/K, 1], a float for a number, else an array of the same shape, float64. It is exact up
        to rounding; near I = 0 and uniform labels the curve is so flat that this means ±1e-7.
    Raises ValueError as `label_entropy` does.
    """
    frequencies = _normalised(label_frequencies)
    information = np.asarray(mutual_information, dtype=np.float64)
    classes = len(frequencies)
    missing = label_entropy(frequencies) - np.clip(information, 0, None)
    low = np.zeros_like(missing)
    high = np.full_like(missing, 1 - 1 / classes)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = _fano(middle, classes) >= missing
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    accuracy = np.where(np.isnan(information), np.nan, np.maximum(1 - high, frequencies.max()))
    return float(accuracy) if accuracy.ndim == 0 else accuracy


def best_distortion(total_rate: ArrayLike, neg_elbo: ArrayLike) -> float | np.ndarray:
    """Return the lowest possible distortion at a given total rate, nats per image, by Eq. 6.

    For any model D + R ≥ H, H the entropy of the data: a code of R + D nats cannot beat it. H is unknown, but
    every model of the grid has −ELBO = D + R ≥ H, so the smallest one is the best estimate (from above):
        D(R) ≥ H − R ≈ min over the grid of (D_p + R_p) − R.
    No point of that grid lies below this line, and the best one lies on it.

    Args:
        total_rate: R(z_1, …, z_L), nats per image, a number or an array of them.
        neg_elbo: D_p + R_p of every point of the grid (`metrics["neg_elbo"]`); NaN points are passed over.

    Returns:
        A float for a number, else an array of the same shape, float64. NaN without any usable point.
    """
    rate = np.asarray(total_rate, dtype=np.float64)
    values = np.asarray(neg_elbo, dtype=np.float64).ravel()
    values = values[~np.isnan(values)]
    distortion = (values.min() if len(values) else math.nan) - rate
    return float(distortion) if rate.ndim == 0 else distortion


def _normalised(label_frequencies: ArrayLike) -> np.ndarray:
    """Return the frequencies above zero, scaled so that they add up to 1."""
    frequencies = np.asarray(label_frequencies, dtype=np.float64).ravel()
    usable = len(frequencies) > 0 and np.isfinite(frequencies).all() and (frequencies >= 0).all()
    if not usable or frequencies.sum() <= 0:
        raise ValueError("label frequencies must be non-negative numbers, at least one of them above zero")
    # The largest first, so that neither overflow nor underflow of the sum can spoil the quotient.
    frequencies = frequencies / frequencies.max()
    frequencies = frequencies / frequencies.sum()
    return frequencies[frequencies > 0]


def _fano(error: np.ndarray, classes: int) -> np.ndarray:
    """Return H_b(e) + e log(K − 1), nats."""
    with np.errstate(divide="ignore", invalid="ignore"):
        binary = -np.where(error > 0, error * np.log(error), 0) - (1 - error) * np.log1p(-error)
    return binary + error * math.log(max(classes - 1, 1))
