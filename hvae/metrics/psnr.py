"""Peak signal-to-noise ratio of reconstructions."""

from __future__ import annotations

import math

import torch

from hvae.datasets import Images
from hvae.metrics.batches import batches
from hvae.model import HVAE


@torch.inference_mode()
def psnr(model: HVAE, images: Images, *, batch_size: int = 500) -> float:
    """PSNR = 10 log₁₀(1 / MSE) of `model.reconstruct` over all images, dB.

    MSE is one mean of squared errors over every pixel of every image, as in Fig. 3 of the source and in
    torchmetrics' PeakSignalNoiseRatio(data_range=1.0); the mean of each image's own PSNR is another number.
    Reconstructions are posterior means all the way, so there is no sampling noise. +inf for perfect
    reconstructions, NaN for a model with NaN weights. Raises ValueError for a set without images.
    """
    if len(images) == 0:
        raise ValueError("PSNR needs at least one image")
    squared_error = sum(
        (model.reconstruct(x) - x).square().flatten(1).sum(1).cpu().double().sum().item()
        for _, x in batches(images, batch_size, model.device)
    )
    mse = squared_error / images.images.numel()
    return math.inf if mse == 0 else 10 * math.log10(1 / mse)
