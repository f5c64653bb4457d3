"""The field's words as they are shown on the page."""

from __future__ import annotations

import math
from pathlib import PurePath

DATASETS = {
    "mnist": "MNIST",
    "fashion-mnist": "Fashion-MNIST",
    "svhn": "SVHN",
    "cifar10": "CIFAR-10",
    "digits": "Digits",
    "street-digits": "Street digits",
}

_PROBES = {"logistic": "logistic", "linear_svm": "linear SVM", "rbf_svm": "RBF SVM", "knn": "kNN"}

METRICS: dict[str, str] = {
    "psnr": "PSNR",
    **{
        f"acc_{probe}_{latent}": f"Accuracy, {name} on {sign}"
        for latent, sign in (("z2", "z₂"), ("z1", "z₁"))
        for probe, name in _PROBES.items()
    },
    "mi_z2": "Mutual information with z₂",
    "mi_z1": "Mutual information with z₁",
    "inception_score": "Inception score",
    "diversity": "Diversity",
    "sharpness": "Sharpness",
    "distortion": "Distortion",
    "neg_elbo": "Negative ELBO",
}
"""Columns that measure a point, and their names; rates are where a dot sits, not how well it does."""

LOWER_IS_BETTER = {"distortion", "neg_elbo"}

UNITS = {"psnr": "dB", "distortion": "nats", "neg_elbo": "nats", "mi_z2": "nats", "mi_z1": "nats"}


def dataset_title(dataset: str) -> str:
    """A data set's name for people; of a user's own folder, its last part."""
    if dataset.startswith("folder:"):
        return PurePath(dataset.removeprefix("folder:")).name or "own pictures"
    return DATASETS.get(dataset, dataset)


def models_text(count: int) -> str:
    """How many models there are."""
    return f"{count} two-layer model{'s' * (count != 1)}"


def beta_text(beta: float) -> str:
    """β in at most three digits: 0.1, 0.316, 1, 10."""
    return f"{beta:.3g}"


def value_text(column: str, value: float) -> str:
    """A metric with its unit: `24.1 dB`, `0.953`, `12.3 nats`; a dash where it was not computed."""
    if not math.isfinite(value):
        return "–"
    if column.startswith("acc_"):
        return f"{100 * value:.1f} %"
    unit = "nats" if column.startswith("rate_") else UNITS.get(column, "")
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f} {unit}".rstrip()
