"""A number measured on a finite sample, with its standard error; and errors of differences between models.

All models of an atlas see the same test images, and probes the same training images. What makes one image
hard makes it hard for all, so the error of a difference is far smaller than two separate errors suggest. It
follows from what each image contributes (`Measurement.per_image`):

    psnr: (N,), each image's mean squared error over its pixels;
    an accuracy: bool (F, N), whether fit f of the probe is right on image n.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Estimate(NamedTuple):
    """A value and its standard error, in the value's own unit. Both are NaN if they are unknown."""

    value: float
    standard_error: float

    @classmethod
    def mean_of(cls, terms: ArrayLike) -> Estimate:
        """Return the mean of N terms and s/√N, s their sample standard deviation (NaN for N < 2)."""
        terms = np.asarray(terms, dtype=np.float64)
        value = float(terms.mean()) if len(terms) else math.nan
        error = float(terms.std(ddof=1) / math.sqrt(len(terms))) if len(terms) > 1 else math.nan
        return cls(value, error)

    @classmethod
    def share_of(cls, hits: ArrayLike) -> Estimate:
        """Return the share p of hits, N booleans, in [0, 1], with its standard error √(p (1 − p) / N).

        Where p is 0 or 1, the error is that of `undecided_variance`: 16 of 16 are not 100 ± 0 %.
        """
        hits = np.asarray(hits, dtype=np.float64)
        if len(hits) == 0:
            return NOT_A_NUMBER
        share = float(hits.mean())
        variance = share * (1 - share) or undecided_variance(share, len(hits))
        return cls(share, math.sqrt(variance / len(hits)))

    @classmethod
    def share_over_fits(cls, hits: ArrayLike) -> Estimate:
        """Return the mean accuracy of F fits on the same N test images, in [0, 1], and its standard error.

        hits: (F, N) booleans, whether fit f is right on image n. The fits have disjoint training images. With
        h_n the share of fits that are right on image n, and a_f the accuracy of fit f, the squared error is
        s²[h]/N + s²[a]/F (s² divides by N − 1, and by F − 1): what other test images would change, and what
        other training images would. Where all h_n are equal, `undecided_variance` stands for s²[h]; of a
        single fit, s²[a] is unknown and left out.
        """
        hits = np.asarray(hits, dtype=np.float64)
        fits, images = hits.shape
        if hits.size == 0:
            return NOT_A_NUMBER
        share, of_images = float(hits.mean()), hits.mean(axis=0)
        # Sums of booleans are exact, so that equal shares are seen as equal.
        differ = np.ptp(hits.sum(axis=0)) > 0
        variance = (of_images.var(ddof=1) if differ else undecided_variance(share, images)) / images
        if fits > 1:
            variance += hits.mean(axis=1).var(ddof=1) / fits
        return cls(share, math.sqrt(variance))


def undecided_variance(share: float, n: int) -> float:
    """Return p (1 − p), p = (k + 1)/(n + 2), k = n · share: the variance of a hit where all n are alike.

    p is Laplace's rule of succession. It keeps a share of 0 or 1 from looking free of error.
    """
    likely = (n * share + 1) / (n + 2)
    return likely * (1 - likely)


def sample_size(share: Estimate) -> int | None:
    """Return the N of which `Estimate.share_of` gives this share and error; None if there is none."""
    value, error = share
    if not (0 <= value <= 1 and error > 0):
        return None
    near = value * (1 - value) / error**2 if 0 < value < 1 else 1 / error
    if not 0.5 < near < 1e9:
        return None
    for n in range(max(round(near) - 3, 1), round(near) + 2):
        hits = round(value * n)
        variance = value * (1 - value) or undecided_variance(value, n)
        if math.isclose(hits / n, value, rel_tol=1e-9) and math.isclose(variance / n, error**2, rel_tol=1e-9):
            return n
    return None


NOT_A_NUMBER = Estimate(math.nan, math.nan)


def columns_of(estimates: dict[str, Estimate]) -> dict[str, float]:
    """Return column → value, and column_se → standard error."""
    values = {}
    for column, estimate in estimates.items():
        values[column], values[f"{column}_se"] = estimate
    return values


def contributions(column: str, of_images: np.ndarray) -> np.ndarray:
    """Return terms (F, N) whose mean has the standard error of a model's number in a column.

    For an accuracy, its hits as numbers. For the PSNR, −10 log₁₀ of the mean e̅ of squared errors e_n, the
    first-order terms −(10 / ln 10) e_n / e̅, dB (the delta method).
    Raises ValueError for an array of another shape.
    """
    of_images = np.asarray(of_images)
    if column == "psnr":
        if of_images.ndim != 1:
            raise ValueError(f"squared errors must be (N,), not {of_images.shape}")
        with np.errstate(invalid="ignore", divide="ignore"):
            terms = -10 / math.log(10) * of_images.astype(np.float64) / of_images.mean(dtype=np.float64)
        return terms[None]
    if of_images.ndim != 2:
        raise ValueError(f"hits must be (fits, N), not {of_images.shape}")
    return of_images.astype(np.float32)


def covariance(terms: Iterable[np.ndarray]) -> np.ndarray:
    """Return the covariance (P, P) of the numbers of P models, from their `contributions` (F, N).

    With h_pn the mean over fits of model p's terms on image n, and a_pf the mean over images in fit f, it is
    cov[h_p, h_q]/N + cov[a_p, a_q]/F, as in `Estimate.share_over_fits`; of a single fit, without its second
    part. Images and training subsets are the same for all models, fit by fit.
    Raises ValueError where shapes differ.
    """
    means = [
        (part.mean(axis=0, dtype=np.float64), part.mean(axis=1, dtype=np.float64), part.shape)
        for part in terms
    ]
    if len({shape for *_, shape in means}) > 1:
        raise ValueError("the models were measured on different images or fits")
    of_images, of_fits = (np.stack(part) for part in list(zip(*means, strict=True))[:2])
    models, images, fits = *of_images.shape, of_fits.shape[1]
    if images < 2:
        return np.full((models, models), np.nan)
    found = np.atleast_2d(np.cov(of_images)) / images
    return found + np.atleast_2d(np.cov(of_fits)) / fits if fits > 1 else found


def error_of(weights: np.ndarray, of_models: np.ndarray) -> float:
    """Return the standard error √(wᵀ C w) of Σ_p w_p m_p, m_p the models' numbers; C from `covariance`."""
    weights = np.asarray(weights, dtype=np.float64)
    return math.sqrt(max(float(weights @ of_models @ weights), 0.0))
