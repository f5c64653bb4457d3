"""How near samples are to real images, in the features of the data set's own classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hvae.metrics.estimate import columns_of
from hvae.metrics.measurements import generation
from hvae.metrics.metric import Measurement, Metric

if TYPE_CHECKING:
    from hvae.atlas.manifest import Manifest
    from hvae.metrics.registry import EvaluationData
    from hvae.model import HVAE

MOST_NEIGHBOURS_AMONG = 2_500
"""Samples, and test images, among which neighbours are looked for: their distances take 2 s."""


def measure(model: HVAE, data: EvaluationData) -> dict[str, float]:
    """Return Fréchet distance, precision and recall of the samples that the inception score is of."""
    from hvae.metrics.samples.frechet import frechet_distance
    from hvae.metrics.samples.precision_recall import precision_recall

    samples = data.judged_samples(model)["source"].features
    images = data.test_features
    n = min(len(samples), len(images), MOST_NEIGHBOURS_AMONG)
    precision, recall = precision_recall(samples[:n], images[:n])
    return columns_of(
        {"frechet": frechet_distance(samples, images), "precision": precision, "recall": recall}
    )


def parameters(manifest: Manifest) -> dict[str, int | str]:
    """Return the numbers of samples, and the checksum of the classifier whose features are compared."""
    return {**generation.parameters(manifest), "neighbours_among": MOST_NEIGHBOURS_AMONG}


REALISM = Measurement(
    "realism",
    (
        Metric(
            "frechet",
            "Fréchet distance",
            f"from {generation.SAMPLES:,} samples to the test images, in the classifier's features",
            higher_is_better=False,
            low=0,
            goal="generation",
            menu_place=45,
        ),
        Metric(
            "precision",
            "Precision",
            "share of samples whose features lie among those of test images",
            unit="share",
            low=0,
            high=1,
            goal="generation",
            menu_place=45,
        ),
        Metric(
            "recall",
            "Recall",
            "share of test images whose features lie among those of samples",
            unit="share",
            low=0,
            high=1,
            goal="generation",
            menu_place=45,
        ),
    ),
    measure,
    version=2,  # version 1 gave a precision of 0 or 1 no error
    parameters=parameters,
    needs_labels=True,
    place=50,
)
MEASUREMENTS = (REALISM,)
