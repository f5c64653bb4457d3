"""The sentence above the planes: how many models there are, and whether one of them is best at everything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import pandas as pd

from app.claims.differences import UNPAIRED, Paired
from app.claims.numbers import as_good
from app.page.figures.axes import drawable
from app.page.figures.planes import PLANE, best_points
from app.page.words import metric_title
from hvae.metrics.registry import metric_of

GERUNDS = {
    "reconstruction": "reconstructing",
    "representation": "representing",
    "generation": "generating",
}
COUNTS = {2: "two", 3: "three"}
SHARED = ", though within the errors one model is best at {which}"


def landing_sentence(table: pd.DataFrame, metrics: Sequence[str | None], errors: Paired = UNPAIRED) -> str:
    """Return what the planes of these metrics show; empty where there is no model.

    table: columns of metrics.parquet and `point`. metrics: of the planes, at most three; those without a
    number are passed over. errors: the models' covariances.
    """
    if not len(table):
        return ""
    there = [metric for metric in metrics if metric]
    optima = best_points(table, there)
    question = f"{len(table)} model{'s' * (len(table) != 1)}, one question: what should z₂ know?"
    is_shared = bool(that_share_a_model(table, optima, errors))
    answer = _comparison(optima, is_shared) if len(table) > 1 else ""
    call = "Click any dot." if len(drawable(table, PLANE)) else ""
    return " ".join(filter(None, [question, answer, call]))


def that_share_a_model(
    table: pd.DataFrame, metrics: Iterable[str], errors: Paired = UNPAIRED
) -> list[tuple[str, str]]:
    """Return the pairs of metrics by which one model in the planes is best at both, within the errors."""
    good = {}
    for metric in metrics:
        rows = drawable(table, [*PLANE, metric])
        good[metric] = set(as_good(rows, metric, errors)["point"]) if len(rows) else set()
    return [(one, other) for one, other in combinations(good, 2) if good[one] & good[other]]


def _comparison(optima: dict[str, str], is_shared: bool) -> str:
    """Which of the optima, metric → point, are the same model.

    is_shared: whether a model is, within the errors, best by two of the metrics.
    """
    columns = list(optima)
    different = len(set(optima.values()))
    if not columns:
        return "Which is best at what was not measured."
    if len(columns) == 1:
        return f"The best {_names(columns)} is marked."
    if different == len(columns):
        though = SHARED.format(which="both" if different == 2 else "two of them") if is_shared else ""
        return f"The best {_names(columns)} are {COUNTS[different]} different ones{though}."
    if different == 1:
        return f"The best {_names(columns)} are {'all ' * (len(columns) > 2)}the same model."
    points = list(optima.values())
    same = [column for column in columns if points.count(optima[column]) > 1]
    other = [column for column in columns if column not in same]
    return (
        f"The best {_names(same, columns)} are the same model; the best {_names(other, columns)} is another."
    )


def _names(columns: Sequence[str], among: Sequence[str] = ()) -> str:
    """`at reconstructing and generating`; where a goal does not tell a metric apart from the others `among`
    which it is, the metric is named: `by PSNR and by Distortion`."""
    goals = [metric_of(column).goal for column in among or columns]
    names = []
    for column in columns:
        goal = metric_of(column).goal
        names.append(
            f"at {GERUNDS[goal]}" if goal and goals.count(goal) == 1 else f"by {metric_title(column)}"
        )
    if all(name.startswith("at ") for name in names):
        return f"at {_joined([name.removeprefix('at ') for name in names])}"
    return _joined(names)


def _joined(parts: Sequence[str]) -> str:
    *rest, last = parts
    return f"{', '.join(rest)} and {last}" if rest else last
