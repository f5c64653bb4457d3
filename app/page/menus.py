"""What a visitor may choose of metrics, layers and classifiers: from the metrics' records."""

from __future__ import annotations

from hvae.metrics.measurements.accuracy import PROBES as ALL_PROBES
from hvae.metrics.metric import LATENTS, Goal, Metric
from hvae.metrics.registry import metric_of, metrics

GOALS: tuple[Goal, ...] = ("reconstruction", "representation", "generation")

LAYERS = LATENTS
PROBES = {
    name: probe.menu_title
    for name, probe in sorted(ALL_PROBES.items(), key=lambda entry: entry[1].preference)
}
OVER = {
    "rate_total": "Over the total rate",
    **{column: f"Over {metric_of(column).title}" for column in ("rate_z2", "rate_z1")},
}
"""What the representation and generation views show, and of each the first to begin with; so are `scores`."""


def dot_metrics() -> dict[str, str]:
    """The columns that may size and colour dots, in the order of menus, and their names."""
    chosen = [metric for metric in metrics().values() if metric.sizes_dots]
    return {metric.column: metric.title for metric in sorted(chosen, key=lambda metric: metric.menu_place)}


def scores() -> dict[str, str]:
    """The columns that the generation view shows, and their names."""
    return {
        column: title for column, title in dot_metrics().items() if metric_of(column).goal == "generation"
    }


def preferred_sizes() -> tuple[tuple[str, ...], ...]:
    """What sets the dots' size in the three landscapes, one a goal: of each, the first that the atlas has."""
    return tuple(_preferred(goal, list(metrics().values())) for goal in GOALS)


def _preferred(goal: Goal, among: list[Metric]) -> tuple[str, ...]:
    of_goal = [metric for metric in among if metric.goal == goal and metric.preference]
    return tuple(metric.column for metric in sorted(of_goal, key=lambda metric: metric.preference))
