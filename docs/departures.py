"""What this project's evaluation changes, compared with the source's: `python docs/departures.py`.

    python docs/departures.py [ATLAS] [--data-dir DIR]

Takes some minutes. The models are the three optima of the atlas. Each row changes one thing back to what the
source does (Xiao & Bamler, 2023, Section 5), and leaves the rest. The table stands in docs/mathematics.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from app.claims.words import markdown
from app.page.goals import goal_optima
from app.page.points import points_table
from app.page.words import beta_text
from hvae import HVAE, datasets
from hvae.atlas.atlas import Atlas, shipped_names
from hvae.datasets import Images
from hvae.metrics.estimate import Estimate
from hvae.metrics.inception import inception_score, sample_probabilities
from hvae.metrics.limits import MOST_PROBE_IMAGES
from hvae.metrics.probes import make_probe, representations, shuffled_subset

SPLITS, PER_SPLIT = 5, 2_000
"""The source's samples: five times 2,000, whose scores are averaged."""


class Features(NamedTuple):
    """Posterior means of z₂ and labels: of training images, (n, D) and (n,), and of test images."""

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray


def features(model: HVAE, train: Images, test: Images) -> Features:
    """Return the means of z₂ of as many training images as one fit of a probe has, and of all test images."""
    chosen = shuffled_subset(train, MOST_PROBE_IMAGES)
    of_train, of_test = (representations(model, images)[-1].astype(float) for images in (chosen, test))
    return Features(of_train, chosen.labels.numpy(), of_test, test.labels.numpy())


def halves(of: Features) -> Features:
    """Return the test images alone: their first half to fit on, the second to score."""
    middle = len(of.test) // 2
    return Features(of.test[:middle], of.test_labels[:middle], of.test[middle:], of.test_labels[middle:])


def accuracy(of: Features, probe: Pipeline | ClassifierMixin) -> Estimate:
    """Return the test accuracy of one fit, in [0, 1]."""
    return Estimate.share_of(probe.fit(of.train, of.train_labels).predict(of.test) == of.test_labels)


class Departure(NamedTuple):
    """What the source does otherwise. probe: by its name here. classifier: in its place there.

    part: of the images, which the source's classifier is fitted and scored on.
    """

    probe: str
    classifier: Pipeline | ClassifierMixin
    part: Callable[[Features], Features] = lambda of: of


ACCURACIES = {
    "RBF SVM: features not scaled": Departure("rbf_svm", SVC(C=10.0)),
    "logistic regression: features not scaled": Departure("logistic", make_probe("logistic")[-1]),
    "RBF SVM: C = 1": Departure("rbf_svm", make_probe("rbf_svm").set_params(svc__C=1.0)),
    "linear SVM: libsvm's, one class against one": Departure(
        "linear_svm", make_pipeline(StandardScaler(), SVC(kernel="linear", C=1.0))
    ),
    "RBF SVM: fitted on half of the test images": Departure("rbf_svm", make_probe("rbf_svm"), halves),
}


def percent(of: Estimate) -> str:
    """Return an accuracy in %, with its standard error."""
    return f"{100 * of.value:.1f} ± {100 * of.standard_error:.1f} %"


def table(atlas: Atlas, data_dir: str) -> str:
    """Return the table: a row for each departure, a column for each optimum; here → as in the source."""
    name, side = atlas.manifest.dataset, atlas.manifest.side
    train, test = (datasets.load(name, split, data_dir, size=side) for split in ("train", "test"))
    judge, rows = atlas.load_judge(), points_table(atlas).set_index("point")
    points = list(dict.fromkeys(optimum.point for optimum in goal_optima(points_table(atlas)).values()))
    heads, columns = [], []
    for point in points:
        row = rows.loc[point]
        heads.append(f"β₂ = {beta_text(row['beta_2'])}, β₁ = {beta_text(row['beta_1'])}")
        model = atlas.load_checkpoint(row["checkpoint"])
        of = features(model, train, test)
        cells = [
            f"{percent(accuracy(of, make_probe(probe)))} → {percent(accuracy(part(of), classifier))}"
            for probe, classifier, part in ACCURACIES.values()
        ]
        columns.append([*cells, scores(model, judge)])
    departures = [*ACCURACIES, f"inception score: mean of {SPLITS} × {PER_SPLIT:,} samples"]
    return markdown(
        ["as in the source", *heads], [list(row) for row in zip(departures, *columns, strict=True)]
    )


def scores(model: HVAE, judge: object) -> str:
    """Return the inception score of all samples at once, and the mean of those of splits."""
    probabilities = sample_probabilities(model, judge, n=SPLITS * PER_SPLIT)  # type: ignore[arg-type]
    one = inception_score(probabilities)
    of_splits = Estimate.mean_of([inception_score(part).value for part in probabilities.split(PER_SPLIT)])
    return " → ".join(f"{score.value:.3f} ± {score.standard_error:.3f}" for score in (one, of_splits))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("atlas", nargs="?", default="street-digits", help="a folder, or an atlas that ships")
    parser.add_argument("--data-dir", default="data")
    asked = parser.parse_args()
    atlas = Atlas.shipped(asked.atlas) if asked.atlas in shipped_names() else Atlas.open(asked.atlas)
    print(table(atlas, asked.data_dir))


if __name__ == "__main__":
    main()
