"""The three goals of the source, and the model of an atlas that meets each of them best."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from app.page.figures.planes import best_points
from app.page.menus import GOALS, preferred_sizes
from hvae.metrics.metric import Goal


class GoalOptimum(NamedTuple):
    """The column that stands for a goal in an atlas, and the point where it is best."""

    column: str
    point: str


def goal_optima(table: pd.DataFrame) -> dict[Goal, GoalOptimum]:
    """Return the optimum of each goal that was measured, in the order of GOALS.

    table: columns of metrics.parquet and `point`. A goal's column is the first of its preferred ones that a
    point with rates has a number for.
    """
    found: dict[Goal, GoalOptimum] = {}
    for goal, columns in zip(GOALS, preferred_sizes(), strict=True):
        for column in columns:
            point = best_points(table, [column]).get(column)
            if point is not None:
                found[goal] = GoalOptimum(column, point)
                break
    return found
