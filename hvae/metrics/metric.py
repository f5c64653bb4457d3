"""What is known of a metric before anything is measured: one record a column, one record a measurement."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hvae.atlas.manifest import Manifest
    from hvae.metrics.registry import EvaluationData
    from hvae.model import HVAE

LATENTS = {"z2": "z₂", "z1": "z₁"}
"""The latents by the names that columns give them, and their signs; the top one first."""

Goal = Literal["reconstruction", "representation", "generation"]
Unit = Literal["nats per image", "nats", "dB", "share", ""]


@dataclass(frozen=True)
class Metric:
    """One column of metrics.parquet; the column `*_se` beside it holds its standard error, in the same unit.

    column: its name in the table. title: its name for people. documentation: what it is, a clause for the
    table in docs/atlas-format.md. unit: of the numbers stored; a `share`, in [0, 1], is shown in %.
    higher_is_better: which way is better. low, high: the allowed range; infinite where there is no bound.
    short_title: its name on axes, where the figure's head says the rest; `title` where empty.
    goal: what it measures of the source's three goals; the generation view lists those of generation.
    preference: among those of its goal, which sizes the dots of the goal's landscape: 1 first; 0 never.
    sizes_dots: whether a visitor may choose it for the size and the colour of dots.
    menu_place: where it stands in menus, lowest first; equals in the order of the table.
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
    """Parameters of a measurement that depends on nothing but the checkpoint, the data set and the seed."""
    return {}


@dataclass(frozen=True)
class Measurement:
    """Metrics that are computed together, since they share the costly part.

    name: what atlas.json and progress call it.
    metrics: its columns, in the order of the table.
    measure: from a model and what it is measured on to every column, standard errors too (`columns_of`).
        torch and scikit-learn are imported within, so that finding nothing to do is quick.
    version: raise it when the definition changes; stored values with another one are stale.
    parameters: what else the values depend on, from the atlas's manifest: the judge's checksum, for one.
    when_trained: whether each point has it as soon as it is trained; `precompute evaluate` adds the others.
    needs_labels: whether it takes labels, or a classifier that learned from them.
    place: where its columns stand in the table, lowest first; equals by name.
    """

    name: str
    metrics: tuple[Metric, ...]
    measure: Callable[[HVAE, EvaluationData], dict[str, float]]
    version: int = 1
    parameters: Callable[[Manifest], Mapping[str, int | str]] = no_parameters
    when_trained: bool = False
    needs_labels: bool = False
    place: int = 100

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of its metrics, without those of their standard errors."""
        return tuple(metric.column for metric in self.metrics)

    @property
    def columns(self) -> tuple[str, ...]:
        """Each metric's column, followed by that of its standard error."""
        return tuple(name for metric in self.metrics for name in (metric.column, metric.error_column))

    def fingerprint(self, manifest: Manifest | None = None) -> str:
        """Version and parameters in an atlas, as its atlas.json and the cache record them.

        manifest: the atlas's; not needed by what has no parameters.
        """
        parameters = self.parameters(manifest) if manifest else {}
        return json.dumps({"version": self.version, **parameters}, sort_keys=True)
