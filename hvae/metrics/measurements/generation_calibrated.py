"""Inception score and its two factors, by the calibrated judge, of the very same samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hvae.metrics.estimate import columns_of
from hvae.metrics.measurements import generation
from hvae.metrics.metric import Measurement, Metric, usual

if TYPE_CHECKING:
    from hvae.atlas.manifest import Manifest
    from hvae.metrics.registry import EvaluationData
    from hvae.model import HVAE

SUFFIX = "_calibrated"


def measure(model: HVAE, data: EvaluationData) -> dict[str, float]:
    """Return the inception score and its two factors, as the calibrated judge sees the samples."""
    answers = data.judged_samples(model)["calibrated"]
    scores = generation.generation_scores(answers.probabilities)
    return columns_of({f"{name}{SUFFIX}": score for name, score in scores.items()})


def parameters(manifest: Manifest) -> dict[str, int | str]:
    """Return the number of samples, and the checksum of the judge, empty where there is none yet."""
    from hvae.atlas.untrusted_files import CALIBRATED

    return {"samples": usual().samples, "calibrated": manifest.files.get(CALIBRATED, "")}


GENERATION_CALIBRATED = Measurement(
    "generation by the calibrated judge",
    tuple(
        Metric(
            f"{metric.column}{SUFFIX}",
            f"{metric.title}, calibrated judge",
            f"as `{metric.column}`, by the judge that learned from reconstructions, too",
            low=metric.low,
            high=metric.high,
            goal="generation",
            menu_place=42,
            explanation=metric.explanation,
        )
        for metric in generation.GENERATION.metrics
    ),
    measure,
    parameters=parameters,
    needs_labels=True,
    place=45,
)
MEASUREMENTS = (GENERATION_CALIBRATED,)
