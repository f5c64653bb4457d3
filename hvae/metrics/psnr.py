"""Peak signal-to-noise ratio of reconstructions."""

from __future__ import annotations

import math

import numpy as np
import torch

from hvae.datasets import Images
from hvae.metrics.batches import batches
from hvae.metrics.estimate import Estimate
from hvae.model import HVAE


def psnr(model: HVAE, images: Images, *, batch_size: int = 500) -> Estimate:
    """Return PSNR = 10 log₁₀(1 / MSE) of `model.reconstruct` over all images, dB, and its standard error.

    MSE is one mean of squared errors over every pixel of every image, as in Fig. 3 of the source and in
    torchmetrics' PeakSignalNoiseRatio(data_range=1.0); the mean of each image's own PSNR is another number.
    Reconstructions use posterior means in all layers, so there is no sampling noise. +inf for perfect
    reconstructions, NaN for a model with NaN weights. The standard error is that of the mean over images of
    each one's own MSE, propagated through the logarithm: (10 / ln 10) SE(MSE) / MSE.
    Raises ValueError for a set without images.
    """
    return psnr_of(squared_errors(model, images, batch_size=batch_size))


@torch.inference_mode()
def squared_errors(model: HVAE, images: Images, *, batch_size: int = 500) -> np.ndarray:
    """Return each image's mean squared error of `model.reconstruct` over its pixels, float64 (N,).

    Raises ValueError for a set without images.
    """
    if len(images) == 0:
        raise ValueError("PSNR needs at least one image")
    sums = [
        (model.reconstruct(x) - x).square().flatten(1).sum(1).cpu().double()
        for _, x in batches(images, batch_size, model.device)
    ]
    return torch.cat(sums).numpy() / images.images[0].numel()


def psnr_of(errors: np.ndarray) -> Estimate:
    """Return the PSNR of a set of images, dB, from `squared_errors`, and its standard error; see `psnr`."""
    mse, error = Estimate.mean_of(errors)
    if mse == 0:
        return Estimate(math.inf, math.nan)
    return Estimate(10 * math.log10(1 / mse), 10 / math.log(10) * error / mse)
