"""The accuracies of four classifiers, the probes, that read the label off a latent (Fig. 4 of the source)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hvae.metrics.estimate import columns_of
from hvae.metrics.metric import LATENTS, Measurement, Metric

if TYPE_CHECKING:
    from hvae.metrics.registry import EvaluationData
    from hvae.model import HVAE


class Probe(NamedTuple):
    """A classifier that reads the label off a latent.

    title: its name. menu_title: its name on its own line. documentation: its name in a sentence about its
    accuracy. preference: the order in which visitors see them, 1 first.
    """

    title: str
    menu_title: str
    documentation: str
    preference: int


PROBES = {
    "logistic": Probe("logistic", "logistic regression", "logistic regression", 3),
    "linear_svm": Probe("linear SVM", "linear SVM", "a linear SVM", 2),
    "rbf_svm": Probe("RBF SVM", "RBF SVM", "an SVM with RBF kernel", 1),
    "knn": Probe("kNN", "kNN", "the 5 nearest neighbours", 4),
}


def measure(model: HVAE, data: EvaluationData) -> dict[str, float]:
    """Return accuracies of scikit-learn's classifiers on the posterior means of both layers."""
    from hvae.metrics.probes import probe_accuracies

    layers = probe_accuracies(model, data.train, data.test, seed=data.seed)
    return columns_of(
        {
            f"acc_{probe}_z{number}": accuracy
            for number, layer in enumerate(layers, start=1)
            for probe, accuracy in layer.items()
        }
    )


ACCURACY = Measurement(
    "probes",
    tuple(
        Metric(
            f"acc_{name}_{latent}",
            f"Accuracy, {probe.title} on {sign}",
            f"accuracy of {probe.documentation} on the posterior means of {sign}",
            unit="share",
            low=0,
            high=1,
            short_title=f"{probe.title} on {sign}",
            goal="representation",
            preference=probe.preference if latent == "z2" else 0,
            menu_place=20,
        )
        for latent, sign in LATENTS.items()
        for name, probe in PROBES.items()
    ),
    measure,
    needs_labels=True,
    place=30,
)
MEASUREMENTS = (ACCURACY,)
