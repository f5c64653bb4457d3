"""Rates, distortion, −ELBO and PSNR: measured as soon as a point is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hvae.metrics.estimate import Estimate, columns_of
from hvae.metrics.metric import Measurement, Metric

if TYPE_CHECKING:
    import numpy as np

    from hvae.metrics.rates import RatesAndDistortion
    from hvae.metrics.registry import EvaluationData
    from hvae.model import HVAE


def measure(model: HVAE, data: EvaluationData) -> dict[str, float]:
    """Return rates, distortion, −ELBO (nats per image) and PSNR (dB) on the whole test set."""
    from hvae.metrics.psnr import psnr_of
    from hvae.metrics.rates import layer_rates

    measured = layer_rates(model, data.test, seed=data.seed)
    return reconstruction_columns(measured, psnr_of(per_image(model, data)["psnr"]))


def per_image(model: HVAE, data: EvaluationData) -> dict[str, np.ndarray]:
    """Return each test image's mean squared error, float64 (N,), of which the PSNR is made."""
    from hvae.metrics.psnr import squared_errors

    return {"psnr": data.kept(model, "squared errors", lambda: squared_errors(model, data.test))}


def reconstruction_columns(measured: RatesAndDistortion, decibels: Estimate) -> dict[str, float]:
    """Return rates, distortion, −ELBO and PSNR of a two-layer HVAE and their standard errors, by column."""
    rate_1, rate_2, distortion = measured.of_images.T
    of_images = {
        "rate_z2": (float(measured.rates[1]), rate_2),
        "rate_z1": (float(measured.rates[0]), rate_1),
        "rate_total": (measured.rate_total, rate_1 + rate_2),
        "distortion": (measured.distortion, distortion),
        "neg_elbo": (measured.neg_elbo, rate_1 + rate_2 + distortion),
    }
    means = {
        column: Estimate(mean, Estimate.mean_of(terms).standard_error)
        for column, (mean, terms) in of_images.items()
    }
    return columns_of({**means, "psnr": decibels})


def rate(column: str, title: str, documentation: str) -> Metric:
    """Return the record of a rate. Rates place the dots; they are no scores."""
    return Metric(
        column,
        title,
        documentation,
        unit="nats per image",
        higher_is_better=False,
        low=0,
        sizes_dots=False,
    )


RECONSTRUCTION = Measurement(
    "reconstruction",
    (
        rate("rate_z2", "R(z₂)", "$R(z_2)$"),
        rate("rate_z1", "R(z₁|z₂)", r"$R(z_1 \mid z_2)$"),
        rate("rate_total", "Total rate", "the sum of both"),
        Metric(
            "distortion",
            "Distortion",
            r"$E[-\log p(x \mid z)]$, constants included",
            unit="nats per image",
            higher_is_better=False,
            goal="reconstruction",
            menu_place=50,
        ),
        Metric(
            "neg_elbo",
            "Negative ELBO",
            "`distortion` + `rate_total`",
            unit="nats per image",
            higher_is_better=False,
            menu_place=50,
        ),
        Metric(
            "psnr",
            "PSNR",
            "of reconstructions; one mean squared error over all pixels of all images",
            unit="dB",
            low=0,
            goal="reconstruction",
            preference=1,
            menu_place=10,
            smallest_effect=0.1,
        ),
    ),
    measure,
    version=2,
    when_trained=True,
    place=10,
    per_image=per_image,
)
MEASUREMENTS = (RECONSTRUCTION,)
