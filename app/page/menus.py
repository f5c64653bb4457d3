"""The choices of metrics, layers and classifiers, from the metrics' records."""

from __future__ import annotations

from hvae.metrics.measurements.accuracy import PROBES as ALL_PROBES
from hvae.metrics.measurements.generation_calibrated import SUFFIX
from hvae.metrics.metric import LATENTS, Goal
from hvae.metrics.registry import metric_of, metrics, preferred_metrics

GOALS: dict[Goal, str] = {
    "reconstruction": "Reconstruct",
    "representation": "Represent",
    "generation": "Generate",
}
"""The three goals of the source, and what a model is to do to meet each."""

LAYERS = LATENTS
PROBES = {
    name: probe.menu_title
    for name, probe in sorted(ALL_PROBES.items(), key=lambda entry: entry[1].preference)
}
POSTERIORS = {"draw": "draws", "mean": "means"}
"""What classifiers read of a posterior: a draw, whose accuracy f⁻¹ bounds, or its mean."""
THEORY = {"off": "off", "on": "on"}
"""Whether figures show what theory predicts."""
NO_ATLAS = "none"
"""The choice of no atlas beside the page's own."""
OVER = {
    "rate_total": "Over the total rate",
    **{column: f"Over {metric_of(column).title}" for column in ("rate_z2", "rate_z1")},
}
"""With `scores`, the menus of the representation and generation views. The first choice is the default."""


def goal_title(metric: str) -> str:
    """What a model is to do that is good by this metric; of one without a goal, its own name."""
    goal = metric_of(metric).goal
    return GOALS[goal] if goal else metric_of(metric).title


def dot_metrics() -> dict[str, str]:
    """Return the columns that can size and colour dots, in the order of menus, with their titles."""
    chosen = [metric for metric in metrics().values() if metric.sizes_dots]
    return {metric.column: metric.title for metric in sorted(chosen, key=lambda metric: metric.menu_place)}


def scores() -> dict[str, str]:
    """Return the scores of samples with their titles; those by the calibrated judge are other columns of
    the same scores."""
    return {
        column: title
        for column, title in dot_metrics().items()
        if metric_of(column).goal == "generation" and not column.endswith(SUFFIX)
    }


def preferred_sizes() -> tuple[tuple[str, ...], ...]:
    """Return, for each goal, the columns that can set the dots' size in its landscape, best first."""
    return tuple(tuple(metric.column for metric in preferred_metrics(goal)) for goal in GOALS)
