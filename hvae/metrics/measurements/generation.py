"""Inception score and its two factors, by the data set's own classifier (Eqs. 8–9 of the source)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hvae.metrics.estimate import Estimate, columns_of
from hvae.metrics.metric import Budget, Explanation, Measurement, Metric, usual

if TYPE_CHECKING:
    from torch import Tensor

    from hvae.atlas.manifest import Manifest
    from hvae.metrics.registry import EvaluationData
    from hvae.model import HVAE

SAMPLES = Budget.samples

INCEPTION_SCORE = Explanation(
    "inception_score",
    "Inception score",
    (
        r"\mathrm{IS} = \exp E\big[\mathrm{KL}\big(p(y|x) \,\|\, p(y)\big)\big]",
        r"\phantom{IS} = e^{H[p(y)]} \cdot e^{-E \, H[p(y|x)]}, \quad x \sim p(x)",
    ),
    "How good samples x are in the eyes of a classifier p(y|x), the judge: diversity times sharpness. It is "
    "at least 1 and at most the number of classes, and compares models of one data set only.",
    ("inception score", "inception scores"),
)
DIVERSITY = Explanation(
    "diversity",
    "Diversity",
    (r"\text{diversity} = e^{H[p(y)]}, \quad p(y) = E\big[p(y|x)\big], \quad x \sim p(x)",),
    "How many classes samples are of: 1 if all are of the same class, the number of classes if all are as "
    "frequent. The judge’s answers p(y|x) for all samples x are averaged first.",
    ("diversity",),
)
SHARPNESS = Explanation(
    "sharpness",
    "Sharpness",
    (r"\text{sharpness} = e^{-E \, H[p(y|x)]}, \quad x \sim p(x)",),
    "How surely the judge says of which class a sample x is. It is 1 where it is always certain, and 1 / "
    "the number of classes where it cannot tell.",
    ("sharpness",),
)


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
            explanation=INCEPTION_SCORE,
        ),
        Metric(
            "diversity",
            "Diversity",
            "effective number of classes among them",
            low=1,
            goal="generation",
            preference=3,
            menu_place=40,
            explanation=DIVERSITY,
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
            explanation=SHARPNESS,
        ),
    ),
    measure,
    parameters=parameters,
    needs_labels=True,
    place=40,
)
MEASUREMENTS = (GENERATION,)
