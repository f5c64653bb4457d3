"""The end of a model's training: round the weights as they are stored, measure the model, and write it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hvae.atlas.manifest import Manifest, made_from_plan
from hvae.atlas.point import Point

# torch is imported in the functions that need it: the page imports this long before it trains anything.
if TYPE_CHECKING:
    from hvae.datasets import Images
    from hvae.model import HVAE


class Finished(NamedTuple):
    """A trained point.

    Its model as it is stored, its row of metrics.parquet, and its checkpoint's metadata.
    """

    model: HVAE
    row: dict[str, float | str]
    metadata: dict


def finished(point: Point, model: HVAE, test: Images, manifest: Manifest) -> Finished:
    """Round a trained model to the precision that the atlas stores, measure it, and return the point.

    Measured are rates, distortion and −ELBO (nats per image), and PSNR (dB), on the test images' device.
    """
    import torch

    from hvae.atlas.checkpoint import rounded
    from hvae.metrics.measurements.reconstruction import reconstruction_columns
    from hvae.metrics.psnr import psnr
    from hvae.metrics.rates import layer_rates
    from hvae.numerics import full_float32, one_thread

    # As it will be read back, with the same layout of memory: sums agree to the bit.
    model = rounded(model, getattr(torch, manifest.weights)).to(test.images.device)
    with one_thread(), full_float32():
        rates, decibels = layer_rates(model, test, seed=manifest.seed), psnr(model, test)
    betas = {"beta_2": point.beta_2, "beta_1": point.beta_1}
    return Finished(
        model,
        {**betas, **reconstruction_columns(rates, decibels), "checkpoint": point.checkpoint},
        {
            "betas": betas,
            "dimension_rates_z2": [finite_or_none(rate) for rate in rates.top_rates],
            "made_from": made_from_plan(manifest, point.name),
            "weights": manifest.weights,
        },
    )


def save_finished(folder: Path, point: Point, finished: Finished) -> None:
    """Write a point's checkpoint into the atlas at `folder`, whole or not at all."""
    import torch

    from hvae.atlas.checkpoint import save_model

    dtype = getattr(torch, finished.metadata["weights"])
    save_model(finished.model, folder / point.checkpoint, finished.metadata, dtype)


def finite_or_none(value: float) -> float | None:
    """Return a number for JSON, which has no NaN; None in its place."""
    return float(value) if math.isfinite(value) else None
