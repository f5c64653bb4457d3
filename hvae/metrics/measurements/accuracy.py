"""The accuracies of four classifiers, the probes, that read the label off a latent (Fig. 4 of the source)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hvae.metrics.estimate import columns_of
from hvae.metrics.metric import LATENTS, Explanation, Measurement, Metric

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

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


VERSION = 2
"""Of both measurements. Version 1 fitted each probe once, so its errors were those of a share of the test
images, and left out other training images."""

PROBES = {
    "logistic": Probe("logistic", "logistic regression", "logistic regression", 3),
    "linear_svm": Probe("linear SVM", "linear SVM", "a linear SVM", 2),
    "rbf_svm": Probe("RBF SVM", "RBF SVM", "an SVM with RBF kernel", 1),
    "knn": Probe("kNN", "kNN", "the 5 nearest neighbours", 4),
}

OF_A_CLASSIFIER = Explanation(
    "accuracy",
    "Accuracy",
    (r"\text{accuracy} = P\big(\hat{y}(z) = y\big)",),
    "The share of test images whose label y a simple classifier ŷ reads off the latent z correctly. It has "
    "learned from the latents of training images, and sees either the posterior’s mean or a draw from it.",
    ("accuracy", "accuracies"),
)


def measure(model: HVAE, data: EvaluationData) -> dict[str, float]:
    """Return accuracies of scikit-learn's classifiers on the posterior means of both layers."""
    return _accuracies(model, data, from_draws=False)


def measure_on_draws(model: HVAE, data: EvaluationData) -> dict[str, float]:
    """Return accuracies of the same classifiers on one posterior draw of both latents for each image."""
    return _accuracies(model, data, from_draws=True)


def per_image(model: HVAE, data: EvaluationData) -> dict[str, np.ndarray]:
    """Return whether each fit of a probe on z₂ is right on each test image: column → bool (fits, N)."""
    return _hits_on_z2(model, data, from_draws=False)


def per_image_on_draws(model: HVAE, data: EvaluationData) -> dict[str, np.ndarray]:
    """As `per_image`, for probes of draws."""
    return _hits_on_z2(model, data, from_draws=True)


def _accuracies(model: HVAE, data: EvaluationData, *, from_draws: bool) -> dict[str, float]:
    from hvae.metrics.probes import accuracy_of

    return columns_of(
        {column: accuracy_of(hits) for column, hits in _hits(model, data, from_draws=from_draws).items()}
    )


def _hits_on_z2(model: HVAE, data: EvaluationData, *, from_draws: bool) -> dict[str, np.ndarray]:
    """Those of the columns that a model has a number for. Claims and optima are of z₂."""
    columns = {accuracy_column(probe, "z2", from_draws=from_draws) for probe in PROBES}
    found = _hits(model, data, from_draws=from_draws)
    return {column: hits for column, hits in found.items() if column in columns and hits is not None}


def _hits(model: HVAE, data: EvaluationData, *, from_draws: bool) -> dict[str, np.ndarray | None]:
    from hvae.metrics.probes import probe_hits_by_layer

    layers = data.kept(
        model,
        "hits on draws" if from_draws else "hits",
        lambda: probe_hits_by_layer(model, data.train, data.test, from_draws=from_draws, seed=data.seed),
    )
    return {
        accuracy_column(probe, f"z{number}", from_draws=from_draws): hits
        for number, layer in enumerate(layers, start=1)
        for probe, hits in layer.items()
    }


def accuracy_column(probe: str, latent: str, *, from_draws: bool = False) -> str:
    """Return the column of a probe's accuracy. latent: `z2` or `z1`."""
    return f"acc_{probe}_{latent}{'_draw' if from_draws else ''}"


def _record(
    name: str, measure: Callable[[HVAE, EvaluationData], dict[str, float]], place: int, *, from_draws: bool
) -> Measurement:
    """Return the record of all accuracies of what the probes read: posterior means, or draws.

    Only those on z₂ size the dots of a landscape by themselves, and those on draws first, which f⁻¹ bounds:
    exact means tell a classifier more than z₂ has nats for.
    """
    read, described = (
        ("draws of {}", "one posterior draw of {} for each image")
        if from_draws
        else ("{}", "the posterior means of {}")
    )
    metrics = tuple(
        Metric(
            accuracy_column(probe_name, latent, from_draws=from_draws),
            f"Accuracy, {probe.title} on {read.format(sign)}",
            f"accuracy of {probe.documentation} on {described.format(sign)}",
            unit="share",
            low=0,
            high=1,
            short_title=f"{probe.title} on {read.format(sign)}",
            goal="representation",
            preference=0 if latent != "z2" else probe.preference + (0 if from_draws else len(PROBES)),
            menu_place=25 if from_draws else 20,
            smallest_effect=0.005,
            explanation=OF_A_CLASSIFIER,
        )
        for latent, sign in LATENTS.items()
        for probe_name, probe in PROBES.items()
    )
    return Measurement(
        name,
        metrics,
        measure,
        version=VERSION,
        needs_labels=True,
        place=place,
        per_image=per_image_on_draws if from_draws else per_image,
    )


ACCURACY = _record("probes", measure, 30, from_draws=False)
ACCURACY_ON_DRAWS = _record("probes on draws", measure_on_draws, 35, from_draws=True)
MEASUREMENTS = (ACCURACY, ACCURACY_ON_DRAWS)
