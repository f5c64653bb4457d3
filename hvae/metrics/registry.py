"""All metrics: the records of the modules in `hvae/metrics/measurements/`, found on import.

The table's columns, the work of `precompute evaluate`, and the page's menus, units and texts derive from
them. Importing this module imports neither torch nor scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from hvae.metrics import measurements as home
from hvae.metrics.metric import Measurement, Metric
from hvae.registry import Registry

if TYPE_CHECKING:
    from hvae.datasets import Images
    from hvae.metrics.classifier import Classifier


@dataclass
class EvaluationData:
    """The data of measurements: both splits of the data set, and a classifier."""

    train: Images
    test: Images
    seed: int
    classifier: Classifier | None = None

    @cached_property
    def digests(self) -> dict[str, str]:
        """The checksum of each split."""
        return {"train": self.train.digest(), "test": self.test.digest()}

    def to(self, device: str) -> EvaluationData:
        """The same on `device`; the classifier is moved there."""
        classifier = self.classifier and self.classifier.to(device)
        return EvaluationData(self.train.to(device), self.test.to(device), self.seed, classifier)


def _refuse_taken_columns(measurement: Measurement) -> None:
    taken = {*("beta_2", "beta_1", "checkpoint"), *(name for one in measurements() for name in one.columns)}
    if twice := sorted(taken & set(measurement.columns)):
        raise ValueError(f"the column {twice[0]} is registered already")


REGISTRY: Registry[Measurement] = Registry(
    home,
    "MEASUREMENTS",
    "a measurement",
    order=lambda measurement: (measurement.place, measurement.name),
    check=_refuse_taken_columns,
)


def measurements() -> list[Measurement]:
    """Return all measurements, in the order of the table."""
    return REGISTRY.all()


def metrics() -> dict[str, Metric]:
    """Return column → its metric, in the order of the table."""
    return {metric.column: metric for measurement in measurements() for metric in measurement.metrics}


def metric_of(column: str) -> Metric:
    """Return the metric in a column. Raises KeyError if there is none."""
    return metrics()[column]


def metric_columns() -> tuple[str, ...]:
    """Return the columns of all metrics, in the order of the table, without standard errors."""
    return tuple(metrics())


def columns_table() -> Iterator[str]:
    """The rows of the table of columns in docs/atlas-format.md, one for each metric."""
    for column, about in metrics().items():
        documentation = about.documentation.replace("|", r"\|")
        yield f"| `{column}` | {about.unit} | {documentation} |"


REGISTRY.discover()
