"""All metrics: the records of the modules in `hvae/metrics/measurements/`, found on import.

The table's columns, the work of `precompute evaluate`, and the page's menus, units and texts derive from
them. Importing this module imports neither torch nor scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from hvae.metrics import measurements as home
from hvae.metrics.metric import Measurement, Metric

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


_REGISTERED: dict[str, Measurement] = {}


def register(measurement: Measurement) -> None:
    """Add a measurement. Raises ValueError if its name or one of its columns is registered already."""
    if measurement.name in _REGISTERED:
        raise ValueError(f"a measurement {measurement.name!r} is registered already")
    taken = {*("beta_2", "beta_1", "checkpoint"), *(name for one in measurements() for name in one.columns)}
    if twice := sorted(taken & set(measurement.columns)):
        raise ValueError(f"the column {twice[0]} is registered already")
    _REGISTERED[measurement.name] = measurement


def unregister(name: str) -> None:
    """Remove a measurement. Raises KeyError if there is none of that name."""
    del _REGISTERED[name]


def discover() -> None:
    """Register the new `MEASUREMENTS` of the modules in `hvae/metrics/measurements/`."""
    for module in iter_modules(home.__path__, f"{home.__name__}."):
        for measurement in import_module(module.name).MEASUREMENTS:
            if _REGISTERED.get(measurement.name) != measurement:
                register(measurement)


def measurements() -> list[Measurement]:
    """Return all measurements, in the order of the table."""
    return sorted(_REGISTERED.values(), key=lambda measurement: (measurement.place, measurement.name))


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


discover()
