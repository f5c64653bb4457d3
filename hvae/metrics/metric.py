"""The records of metrics: one per column, one per measurement, and what explains them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

    from hvae.atlas.manifest import Manifest
    from hvae.metrics.registry import EvaluationData
    from hvae.model import HVAE

LATENTS = {"z2": "z₂", "z1": "z₁"}
"""The latents: their names in columns, and their signs; the top one first."""

Goal = Literal["reconstruction", "representation", "generation"]
Unit = Literal["nats per image", "nats", "dB", "share", ""]


@dataclass(frozen=True)
class Explanation:
    """What a metric or a bound is.

    name: of the record; metrics may share one. title: for people. equations: in TeX, each a line, of the
    part of TeX that app/page/explanations/mathml.py reads. sentences: two, in plain words. words: what
    texts of the page call it, in small letters unless it is a name.
    """

    name: str
    title: str
    equations: tuple[str, ...]
    sentences: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metric:
    """One column of metrics.parquet; the column `*_se` beside it holds its standard error, in the same unit.

    column: its name in the table. title: its name for people. documentation: a clause that describes it in
    the table of docs/atlas-format.md. unit: of the stored numbers; a `share`, in [0, 1], is shown in %.
    higher_is_better: which way is better. low, high: the allowed range; infinite for no bound.
    short_title: its name on axes, if the figure's title has the rest; if empty, `title`.
    goal: the one of the source's three goals that it measures; the generation view lists those of generation.
    preference: order among the metrics of a goal for sizing the dots of its landscape: 1 first; 0 never.
    sizes_dots: whether a visitor may choose it for the size and the colour of dots.
    menu_place: its place in menus, lowest first; equal places in the order of the table.
    smallest_effect: the smallest difference between two models that matters, in the column's unit; chosen
        before any was measured.
    explanation: its equation and two sentences, which the page unfolds beside it.
    """

    column: str
    title: str
    documentation: str
    unit: Unit = ""
    higher_is_better: bool = True
    low: float = -math.inf
    high: float = math.inf
    short_title: str = ""
    goal: Goal | None = None
    preference: int = 0
    sizes_dots: bool = True
    menu_place: int = 100
    smallest_effect: float = 0.0
    explanation: Explanation | None = None

    @property
    def error_column(self) -> str:
        """The column of its standard error."""
        return f"{self.column}_se"

    @property
    def in_nats(self) -> bool:
        """Whether a visitor may read it in bits."""
        return self.unit.startswith("nats")

    @property
    def per_image(self) -> bool:
        """Whether it is a sum over one image, not over one pixel or label."""
        return self.unit.endswith("per image")


def no_parameters(manifest: Manifest) -> Mapping[str, int | str]:
    """Return no parameters: the measurement depends only on the checkpoint, the data set and the seed."""
    return {}


@dataclass(frozen=True)
class Measurement:
    """Metrics that are computed together, because they share the costly part.

    name: its name in atlas.json and in progress lines.
    metrics: its columns, in the order of the table.
    measure: from a model and the evaluation data to all columns with their standard errors (`columns_of`).
        It imports torch and scikit-learn itself, so that a run with nothing to do is quick.
    version: raise it when the definition changes; stored values of another version are measured again.
    parameters: other things that the values depend on, from the atlas's manifest, such as the judge's
    checksum.
    when_trained: whether it is measured as soon as a point is trained; `precompute evaluate` adds the others.
    needs_labels: whether it needs labels, or a classifier that learned from labels.
    place: the place of its columns in the table, lowest first; equal places by name.
    per_image: what single test images contribute to columns by which models are compared, column → array,
        so that differences between models have paired errors (`hvae.metrics.estimate` says which arrays). It
        reads what `measure` has kept (`EvaluationData.kept`); None for columns that no test image is in.
    """

    name: str
    metrics: tuple[Metric, ...]
    measure: Callable[[HVAE, EvaluationData], dict[str, float]]
    version: int = 1
    parameters: Callable[[Manifest], Mapping[str, int | str]] = no_parameters
    when_trained: bool = False
    needs_labels: bool = False
    place: int = 100
    per_image: Callable[[HVAE, EvaluationData], dict[str, np.ndarray]] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of its metrics, without standard errors."""
        return tuple(metric.column for metric in self.metrics)

    @property
    def columns(self) -> tuple[str, ...]:
        """Each metric's column, followed by that of its standard error."""
        return tuple(name for metric in self.metrics for name in (metric.column, metric.error_column))

    def fingerprint(self, manifest: Manifest | None = None) -> str:
        """Return version and parameters, as atlas.json and the cache record them.

        manifest: the atlas's; a measurement without parameters does not need it.
        """
        parameters = self.parameters(manifest) if manifest else {}
        return json.dumps({"version": self.version, **parameters}, sort_keys=True)


@dataclass(frozen=True)
class Budget:
    """The numbers of samples, draws and steps that measuring takes, and the size of judges.

    samples: pictures from the prior, which judges score. draws: posterior draws from which an estimator of
    information learns. steps: the fewest that a judge learns for, however few images there are. width: a
    judge's channels at the finest scale; None for what the images need (`train_classifier`).
    """

    samples: int = 10_000
    draws: int = 30_000
    steps: int = 300
    width: int | None = None


USUAL = Budget()
"""What every atlas is measured with."""


def usual() -> Budget:
    """Return what measuring takes, unless `EvaluationData` says otherwise."""
    return USUAL
