"""Inception score and its two factors, by the data set's own classifier (Eqs. 8–9 of the source)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hvae.metrics.estimate import Estimate, columns_of
from hvae.metrics.metric import Budget, Measurement, Metric, usual

if TYPE_CHECKING:
    from torch import Tensor

    from hvae.atlas.manifest import Manifest
    from hvae.metrics.registry import EvaluationData
    from hvae.model import HVAE

SAMPLES = Budget.samples


def measure(model: HVAE, data: EvaluationData) -> dict[str, float]:
    """Return the inception score and its two factors, of 10,000 pictures from the prior."""
    return columns_of(generation_scores(data.judged_samples(model)["source"].probabilities))


def generation_scores(probabilities: Tensor) -> dict[str, Estimate]:
    """Return the three scores of Eqs. 8–9 from class probabilities (N, K)."""
    from hvae.metrics.inception import diversity, inception_score, sharpness

    return {
        "inception_score": inception_score(probabilities),
        "diversity": diversity(probabilities),
        "sharpness": sharpness(probabilities),
    }


def parameters(manifest: Manifest) -> dict[str, int | str]:
    """Return the number of samples, and the checksum of the classifier that judges them."""
    from hvae.atlas.untrusted_files import CLASSIFIER

    return {"samples": usual().samples, "classifier": manifest.files[CLASSIFIER]}


GENERATION = Measurement(
    "generation",
    (
        Metric(
            "inception_score",
            "Inception score",
            f"of {SAMPLES:,} samples; `diversity` × `sharpness`",
            low=1,
            goal="generation",
            preference=1,
            menu_place=40,
            smallest_effect=0.1,
        ),
        Metric(
            "diversity",
            "Diversity",
            "effective number of classes among them",
            low=1,
            goal="generation",
            preference=3,
            menu_place=40,
        ),
        Metric(
            "sharpness",
            "Sharpness",
            "how surely each belongs to one class, at most 1",
            low=0,
            high=1,
            goal="generation",
            preference=2,
            menu_place=40,
        ),
    ),
    measure,
    parameters=parameters,
    needs_labels=True,
    place=40,
)
MEASUREMENTS = (GENERATION,)
