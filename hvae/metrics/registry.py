"""Which columns come from which function, and when a stored number is stale.

Adding a metric is adding a Measurement here; `run` and `evaluate` do the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from hvae.atlas.atlas import METRIC_COLUMNS, PROBES, TRAINED_COLUMNS
from hvae.atlas.point import reconstruction_columns
from hvae.metrics.estimate import columns_of

# torch and scikit-learn are imported where something is measured, so that finding nothing to do is quick.
if TYPE_CHECKING:
    import torch

    from hvae.datasets import Images
    from hvae.metrics.classifier import Classifier
    from hvae.metrics.estimate import Estimate
    from hvae.model import HVAE

LATENTS = ("z1", "z2")
GENERATED = 10_000
PROBE_COLUMNS = [name for name in METRIC_COLUMNS if name.startswith("acc_")]


@dataclass
class EvaluationData:
    """What measurements look at besides the model: both splits of the data set, and a classifier."""

    train: Images
    test: Images
    seed: int
    classifier: Classifier | None = None

    @cached_property
    def digests(self) -> dict[str, str]:
        """The checksum of each split."""
        return {"train": self.train.digest(), "test": self.test.digest()}


@dataclass(frozen=True)
class Measurement:
    """Columns that are computed together.

    version: raise it when the definition changes; stored values with another one are stale.
    parameters: what else the values depend on, besides the checkpoint, the data set and the seed.
    """

    name: str
    columns: tuple[str, ...]
    measure: Callable[[HVAE, EvaluationData], dict[str, float]]
    version: int = 1
    parameters: dict[str, int | str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Version and parameters, as atlas.json and the cache record them."""
        return json.dumps({"version": self.version, **self.parameters}, sort_keys=True)


def with_errors(*columns: str) -> tuple[str, ...]:
    """Each column, followed by that of its standard error."""
    return tuple(name for column in columns for name in (column, f"{column}_se"))


def measure_reconstruction(model: HVAE, data: EvaluationData) -> dict[str, float]:
    """Rates, distortion, −ELBO (nats per image) and PSNR (dB) on the whole test set."""
    from hvae.metrics.psnr import psnr
    from hvae.metrics.rates import layer_rates

    measured = layer_rates(model, data.test, seed=data.seed)
    return reconstruction_columns(measured, psnr(model, data.test))


def measure_information(model: HVAE, data: EvaluationData) -> dict[str, float]:
    """I_q(y; z_ℓ) of both layers, nats, on the whole test set."""
    from hvae.metrics.mutual_information import mutual_information

    estimates = mutual_information(model, data.test, data.train, seed=data.seed)
    return columns_of({f"mi_{latent}": value for latent, value in zip(LATENTS, estimates, strict=True)})


def measure_probes(model: HVAE, data: EvaluationData) -> dict[str, float]:
    """Accuracies of scikit-learn's classifiers on the posterior means of both layers."""
    from hvae.metrics.probes import probe_accuracies

    layers = probe_accuracies(model, data.train, data.test, seed=data.seed)
    return columns_of(
        {
            f"acc_{probe}_{latent}": layer[probe]
            for latent, layer in zip(LATENTS, layers, strict=True)
            for probe in PROBES
        }
    )


def measure_generation(model: HVAE, data: EvaluationData) -> dict[str, float]:
    """Inception score and its two factors, of 10,000 pictures from the prior."""
    from hvae.metrics.inception import sample_probabilities

    assert data.classifier is not None
    probabilities = sample_probabilities(model, data.classifier, n=GENERATED, seed=data.seed)
    return columns_of(generation_scores(probabilities))


def generation_scores(probabilities: torch.Tensor) -> dict[str, Estimate]:
    """The three scores of Eq. 8–9 from class probabilities (N, K)."""
    from hvae.metrics.inception import diversity, inception_score, sharpness

    return {
        "inception_score": inception_score(probabilities),
        "diversity": diversity(probabilities),
        "sharpness": sharpness(probabilities),
    }


RECONSTRUCTION = Measurement(
    "reconstruction",
    with_errors(*TRAINED_COLUMNS),
    measure_reconstruction,
    version=2,
)


def measurements(classifier_digest: str) -> list[Measurement]:
    """Everything that is measured at a point; generation depends on the classifier that judges."""
    return [
        RECONSTRUCTION,
        Measurement("mutual information", with_errors("mi_z2", "mi_z1"), measure_information),
        Measurement("probes", with_errors(*PROBE_COLUMNS), measure_probes),
        Measurement(
            "generation",
            with_errors("inception_score", "diversity", "sharpness"),
            measure_generation,
            parameters={"samples": GENERATED, "classifier": classifier_digest},
        ),
    ]
