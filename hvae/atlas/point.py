"""One point of an atlas: what it is called, what it is made from, and what is measured when it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hvae.atlas.manifest import Manifest
from hvae.metrics.measurements.reconstruction import reconstruction_columns

if TYPE_CHECKING:
    from hvae.datasets import Images
    from hvae.model import HVAE


class Point(NamedTuple):
    """One point of the (β₂, β₁) plane."""

    beta_2: float
    beta_1: float

    @property
    def name(self) -> str:
        """The stem of its checkpoint, safe in file names and addresses."""
        return f"beta2-{self.beta_2:.6g}_beta1-{self.beta_1:.6g}"

    @property
    def checkpoint(self) -> str:
        """Its checkpoint's name inside an atlas."""
        return f"models/{self.name}.safetensors"


class Finished(NamedTuple):
    """A point whose training has ended: its model as it is stored, its row of metrics.parquet, and what its
    checkpoint says about itself."""

    model: HVAE
    row: dict[str, float | str]
    metadata: dict


def made_from_plan(manifest: Manifest, *names: str) -> dict:
    """All that determines the weights of the named models; a file carries it, for a resumed run to know."""
    return {
        "dataset": manifest.dataset,
        "data": manifest.data,
        "model": manifest.model,
        "names": list(names),
        "beta_range": [min(manifest.betas.beta_2), max(manifest.betas.beta_2)],
        "recipe": manifest.recipe,
        "parent_recipe": manifest.parent_recipe,
        "seed": manifest.seed,
    }


def finished(point: Point, model: HVAE, test: Images, manifest: Manifest) -> Finished:
    """Round a trained model to the precision that the atlas stores, and measure that: rates, distortion and
    −ELBO (nats per image), and PSNR (dB), on the test images and their device."""
    import torch

    from hvae.atlas.checkpoint import rounded
    from hvae.metrics.label_network import one_thread
    from hvae.metrics.psnr import psnr
    from hvae.metrics.rates import layer_rates

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
    return float(value) if np.isfinite(value) else None
