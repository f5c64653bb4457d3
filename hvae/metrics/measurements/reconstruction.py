"""Rates, distortion, −ELBO and PSNR: measured as soon as a point is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hvae.metrics.estimate import Estimate, columns_of
from hvae.metrics.metric import Explanation, Measurement, Metric

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


RATE_Z2 = Explanation(
    "rate_z2",
    "R(z₂), the rate of the top latent",
    (r"R(z_2) = E_x \, \mathrm{KL}\big(q(z_2|x) \,\|\, p(z_2)\big)",),
    "How much z₂ knows about a picture, in nats, as a mean over the test images. It measures how far what "
    "the model infers from a picture lies from what it assumes of z₂ before.",
    ("R(z₂)",),
)
RATE_Z1 = Explanation(
    "rate_z1",
    "R(z₁|z₂), the rate of the bottom latent",
    (r"R(z_1|z_2) = E_x \, E_{q(z_2|x)} \, \mathrm{KL}\big(q(z_1|z_2, x) \,\|\, p(z_1|z_2)\big)",),
    "How much z₁ knows about a picture beyond what z₂ says already, in nats. At 0, z₂ says everything.",
    ("R(z₁|z₂)",),
)
RATE_TOTAL = Explanation(
    "rate_total",
    "Total rate",
    ("R(z_1, z_2) = R(z_2) + R(z_1|z_2)",),
    "How much both latents together know about a picture, in nats. Along a falling diagonal of the rate "
    "plane it is the same, and only its split between the layers differs.",
    ("total rate",),
)
DISTORTION = Explanation(
    "distortion",
    "Distortion",
    (r"D = E_x \, E_{q(z_1, z_2|x)} \big[-\log p(x|z_1, z_2)\big]",),
    "How badly the latents tell what the picture was, in nats: lower is better. Only differences matter, "
    "because constants of the likelihood are included.",
    ("distortion",),
)
NEG_ELBO = Explanation(
    "neg_elbo",
    "Negative ELBO",
    (r"-\mathrm{ELBO} = D + R(z_2) + R(z_1|z_2)",),
    "Distortion and total rate together, which a standard VAE is trained to make small. It is never below "
    "the entropy of the data, so it says how good a code the model is.",
    ("negative ELBO", "−ELBO", "ELBO"),
)
PSNR = Explanation(
    "psnr",
    "PSNR, the peak signal-to-noise ratio",
    (r"\mathrm{PSNR} = 10 \, \log_{10} \frac{1}{\mathrm{MSE}}", r"\mathrm{MSE} = E\big[(x - \hat{x})^2\big]"),
    "How near reconstructions x̂ are to test images x, in decibels: higher is better, and 10 dB more is a "
    "tenth of the mean squared error. Pixels are between 0 and 1, and latents at their posterior means.",
    ("PSNR",),
)


def rate(explanation: Explanation, title: str, documentation: str) -> Metric:
    """Return the record of a rate. Rates place the dots; they are no scores."""
    return Metric(
        explanation.name,
        title,
        documentation,
        unit="nats per image",
        higher_is_better=False,
        low=0,
        sizes_dots=False,
        explanation=explanation,
    )


RECONSTRUCTION = Measurement(
    "reconstruction",
    (
        rate(RATE_Z2, "R(z₂)", "$R(z_2)$"),
        rate(RATE_Z1, "R(z₁|z₂)", r"$R(z_1 \mid z_2)$"),
        rate(RATE_TOTAL, "Total rate", "the sum of both"),
        Metric(
            "distortion",
            "Distortion",
            r"$E[-\log p(x \mid z)]$, constants included",
            unit="nats per image",
            higher_is_better=False,
            goal="reconstruction",
            menu_place=50,
            explanation=DISTORTION,
        ),
        Metric(
            "neg_elbo",
            "Negative ELBO",
            "`distortion` + `rate_total`",
            unit="nats per image",
            higher_is_better=False,
            menu_place=50,
            explanation=NEG_ELBO,
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
            explanation=PSNR,
        ),
    ),
    measure,
    version=2,
    when_trained=True,
    place=10,
    per_image=per_image,
)
MEASUREMENTS = (RECONSTRUCTION,)
