"""How near samples are to real images, in the features of the data set's own classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hvae.metrics.estimate import columns_of
from hvae.metrics.measurements import generation
from hvae.metrics.metric import Explanation, Measurement, Metric

if TYPE_CHECKING:
    from hvae.atlas.manifest import Manifest
    from hvae.metrics.registry import EvaluationData
    from hvae.model import HVAE

MOST_NEIGHBOURS_AMONG = 2_500
"""Samples, and test images, among which neighbours are looked for: their distances take 2 s."""

FRECHET = Explanation(
    "frechet",
    "Fréchet distance",
    (r"d^2 = |\mu_1 - \mu_2|^2 + \mathrm{tr}\big(\Sigma_1 + \Sigma_2 - 2 (\Sigma_1 \Sigma_2)^{1/2}\big)",),
    "How far samples as a whole lie from test images: means μ and covariances Σ of both are compared, in the "
    "features of the data set’s classifier. Lower is better; numbers compare models of one data set only.",
    ("Fréchet distance",),
)
PRECISION, RECALL = (
    Explanation(
        name,
        title,
        (rf"\text{{{name}}} = P\big(|\varphi - \varphi'| \le r(\varphi') \;\text{{for a}}\; \varphi'\big)",),
        f"The share of {of} whose features φ lie among those of {others}, φ′. Among them means: at least as "
        f"near to one of them as its third nearest neighbour, at the distance r.",
        (name,),
    )
    for name, title, of, others in (
        ("precision", "Precision", "samples", "test images"),
        ("recall", "Recall", "test images", "samples"),
    )
)


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
            explanation=FRECHET,
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
            explanation=PRECISION,
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
            explanation=RECALL,
        ),
    ),
    measure,
    version=2,  # version 1 gave a precision of 0 or 1 no error
    parameters=parameters,
    needs_labels=True,
    place=50,
)
MEASUREMENTS = (REALISM,)
