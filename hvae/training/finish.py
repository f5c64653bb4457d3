"""What becomes of a model whose training has ended: rounded as it is stored, measured, and written."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hvae.atlas.manifest import Manifest, made_from_plan
from hvae.atlas.point import Point

# torch is imported where it is needed: the page imports this long before it trains anything.
if TYPE_CHECKING:
    from hvae.datasets import Images
    from hvae.model import HVAE


class Finished(NamedTuple):
    """A point whose training has ended: its model as it is stored, its row of metrics.parquet, and what its
    checkpoint says about itself."""

    model: HVAE
    row: dict[str, float | str]
    metadata: dict


def finished(point: Point, model: HVAE, test: Images, manifest: Manifest) -> Finished:
    """Round a trained model to the precision that the atlas stores, and measure that: rates, distortion and
    −ELBO (nats per image), and PSNR (dB), on the test images and their device."""
    import torch

    from hvae.atlas.checkpoint import rounded
    from hvae.metrics.measurements.reconstruction import reconstruction_columns
    from hvae.metrics.psnr import psnr
    from hvae.metrics.rates import layer_rates
    from hvae.numerics import one_thread

    # As it will be read back, layout of memory included: sums agree to the bit.
    model = rounded(model, getattr(torch, manifest.weights)).to(test.images.device)
    with one_thread():
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
    """JSON has no NaN."""
    return float(value) if math.isfinite(value) else None
