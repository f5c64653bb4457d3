"""All metrics: the records of the modules in `hvae/metrics/measurements/`, found on import.

The table's columns, the work of `precompute evaluate`, and the page's menus, units and texts derive from
them. Importing this module imports neither torch nor scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from hvae.metrics import measurements as home
from hvae.metrics.metric import Budget, Goal, Measurement, Metric, usual
from hvae.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

    from hvae.datasets import Images
    from hvae.metrics.classifier import Classifier
    from hvae.metrics.samples.judged import Judged
    from hvae.model import HVAE

T = TypeVar("T")


@dataclass
class EvaluationData:
    """The data of measurements: both splits of the data set, and the judges of samples.

    classifier: the judge as in the source, which learned from real images alone. calibrated: the one that
    learned from reconstructions, too (`hvae.metrics.samples.calibrated_judge`). budget: the work that
    measuring takes.
    """

    train: Images
    test: Images
    seed: int
    classifier: Classifier | None = None
    calibrated: Classifier | None = None
    budget: Budget = field(default_factory=usual)
    _kept_for: HVAE | None = field(default=None, init=False, repr=False)
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def digests(self) -> dict[str, str]:
        """The checksum of each split."""
        return {"train": self.train.digest(), "test": self.test.digest()}

    def to(self, device: str) -> EvaluationData:
        """The same on `device`; the judges are moved there."""
        judges = (judge and judge.to(device) for judge in (self.classifier, self.calibrated))
        return EvaluationData(self.train.to(device), self.test.to(device), self.seed, *judges, self.budget)

    @property
    def judges(self) -> dict[str, Classifier]:
        """The judges that are there: `source`, `calibrated`."""
        named = {"source": self.classifier, "calibrated": self.calibrated}
        return {name: judge for name, judge in named.items() if judge is not None}

    def judged_samples(self, model: HVAE) -> dict[str, Judged]:
        """Return what each judge says of samples of the model, drawn by `seed`: judge → its answers."""
        from hvae.metrics.samples.judged import judged_samples

        def answers() -> dict[str, Judged]:
            judges = list(self.judges.values())
            found = judged_samples(model, judges, n=self.budget.samples, seed=self.seed)
            return dict(zip(self.judges, found, strict=True))

        return self.kept(model, "judged samples", answers)

    def kept(self, model: HVAE, name: str, make: Callable[[], T]) -> T:
        """Return what `make` returns for a model, made once: several measurements read it.

        Only the last model's results are kept.
        """
        if self._kept_for is not model:
            self._kept_for, self._kept = model, {}
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    @cached_property
    def test_features(self) -> Tensor:
        """The classifier's features of all test images, float32 (N, D), in an order by chance: by `seed`."""
        import torch

        from hvae.metrics.samples.judged import judged_images

        assert self.classifier is not None
        order = torch.randperm(len(self.test), generator=torch.Generator().manual_seed(self.seed))
        return judged_images(self.classifier, self.test).features[order]


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
    for measurement in REGISTRY.by_name.values():
        for metric in measurement.metrics:
            if metric.column == column:
                return metric
    raise KeyError(column)


def preferred_metrics(goal: Goal) -> list[Metric]:
    """Return the metrics that can stand for a goal, the first choice first."""
    of_goal = [metric for metric in metrics().values() if metric.goal == goal and metric.preference]
    return sorted(of_goal, key=lambda metric: metric.preference)


def metric_columns() -> tuple[str, ...]:
    """Return the columns of all metrics, in the order of the table, without standard errors."""
    return tuple(metrics())


def columns_table() -> Iterator[str]:
    """The rows of the table of columns in docs/atlas-format.md, one for each metric."""
    for column, about in metrics().items():
        documentation = about.documentation.replace("|", r"\|")
        yield f"| `{column}` | {about.unit} | {documentation} |"


REGISTRY.discover()
