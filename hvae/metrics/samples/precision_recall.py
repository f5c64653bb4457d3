"""Precision and recall of samples, by the nearest neighbours of features (Kynkäänniemi et al., 2019)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from hvae.metrics.estimate import NOT_A_NUMBER, Estimate
from hvae.metrics.samples.frechet import jackknife_error

NEAREST = 3
"""k: a feature stands for the ball that reaches its third nearest neighbour."""
# Parts of the samples that are left out, one at a time, for the standard error of the recall.
_PARTS = 20


class PrecisionRecall(NamedTuple):
    """The share of samples that are like real images, and of real images that are like samples."""

    precision: Estimate
    recall: Estimate


def precision_recall(samples: Tensor, images: Tensor, *, nearest: int = NEAREST) -> PrecisionRecall:
    """Return precision and recall, each in [0, 1], and their standard errors.

        f(φ, Φ) = 1 if |φ − φ'| ≤ |φ' − NN_k(φ', Φ)| for at least one φ' in Φ, else 0
        precision = mean of f(φ, images) over the samples,   recall = mean of f(φ, samples) over the images

    with NN_k(φ', Φ) the k-th nearest neighbour of φ' among the others of Φ: Kynkäänniemi et al., "Improved
    precision and recall metric for assessing generative models" (2019), Eqs. 1–3. Both depend on the sizes
    of the sets, which should be equal. Distances are Euclidean, in float32 from differences, so that equal
    features are at a distance of exactly 0.

    samples, images: features (N, D) and (M, D), N, M > k.
    Standard errors are of the samples alone; the images are given. Of the precision, √(p (1 − p) / N): given
    the images, samples count one by one. Of the recall, the jackknife's with 20 parts of the samples, each
    left out in turn. It errs upwards, by a third where it was compared with the scatter of repeated draws.
    NaN if a feature is not finite or there are too few; the recall's error alone is NaN if no part can be
    left out.
    """
    enough = min(len(samples), len(images)) > nearest
    if not enough or not (samples.isfinite().all() and images.isfinite().all()):
        return PrecisionRecall(NOT_A_NUMBER, NOT_A_NUMBER)
    x, y = samples.cpu().float(), images.cpu().float()
    between = distances(x, y)
    own = distances(y, y).kthvalue(nearest + 1, dim=1).values  # the nearest of all is the feature itself
    precision = Estimate.share_of((between <= own).any(1).numpy())

    parts = torch.arange(len(x)).tensor_split(min(_PARTS, len(x)))
    among = distances(x, x).fill_diagonal_(torch.inf)
    # With as many neighbours more as a part has samples, k are left when a part is left out.
    near, index = among.topk(min(nearest + len(parts[0]), len(x) - 1), largest=False)
    recall = (between <= near[:, nearest - 1, None]).any(0).double().mean().item()
    if len(x) - len(parts[0]) <= nearest:
        return PrecisionRecall(precision, Estimate(recall, NOT_A_NUMBER.standard_error))
    without = []
    for part in parts:
        first, last = part[0], part[-1]
        stays = (index < first) | (index > last)
        radii = near.gather(1, (stays.cumsum(1) == nearest).int().argmax(1, keepdim=True))
        radii[first : last + 1] = -1  # a ball that reaches nothing
        without.append((between <= radii).any(0).double().mean())
    return PrecisionRecall(precision, Estimate(recall, jackknife_error(torch.stack(without))))


def distances(a: Tensor, b: Tensor) -> Tensor:
    """Return the Euclidean distances (N, M) of float32 features (N, D) and (M, D), each from a difference."""
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
