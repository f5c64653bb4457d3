"""Which models an export holds: all, the parent alone, or a few that matter most."""

from __future__ import annotations

import re

import numpy as np

from app.page.figures.bands import best
from app.page.lecture import lecture
from app.page.points import beta_vaes, points_table
from app.page.state import first_screen, size_metrics
from app.server.build import assets_folder
from hvae.atlas.atlas import PARENT, Atlas
from hvae.errors import UserError

ALL, ONLY_PARENT = "all", "parent"


def checked_models(text: str) -> str:
    """Return what `--models` says. Raises UserError where it is neither `all`, `parent` nor a number."""
    if text in (ALL, ONLY_PARENT) or re.fullmatch(r"[0-9]{1,6}", text):
        return text
    raise UserError(f"--models {text!r}: write {ALL}, {ONLY_PARENT} or a number of models.")


def has_parent(atlas: Atlas) -> bool:
    """Return whether an atlas lists a parent."""
    return PARENT in atlas.manifest.files


def runs_in_browsers(architecture: str) -> bool:
    """Return whether browsers run models of an architecture: those that the worker's own list names."""
    listed = (assets_folder() / "worker" / "network" / "architectures.js").read_text(encoding="utf-8")
    return architecture in re.findall(r'^  \["([a-z0-9-]+)", [A-Z_]+\],$', listed, re.MULTILINE)


def chosen_points(atlas: Atlas, models: str) -> list[str]:
    """Return the names of the points whose own models an export holds, in the order of the table.

    models: `all`; `parent`, for none of them; or how many: first those that `by_weight` lists first.
    Raises UserError for `parent` where the atlas has none.
    """
    table = points_table(atlas)
    there = [
        name
        for name, file in zip(table["point"], table["checkpoint"], strict=True)
        if file in atlas.manifest.files
    ]
    if models == ALL:
        return there
    if models == ONLY_PARENT:
        if not has_parent(atlas):
            raise UserError(f"{atlas.name} has no parent: say --models all, or how many models.")
        return []
    taken = set([name for name in by_weight(atlas) if name in there][: int(models)])
    return [name for name in there if name in taken]


def by_weight(atlas: Atlas) -> list[str]:
    """Return all points, those first that a visitor misses most.

    These are what is shown first, the optimum of each metric and what the lecture shows; then the β-VAEs;
    then always the point that is farthest in log β from all points before it.
    """
    table = points_table(atlas)
    names = table["point"].tolist()
    first = [first_screen("", atlas).point]
    for metric in size_metrics(atlas):
        at = best(table, metric)
        first += [] if at is None else [names[at]]
    first += [step.screen.get("point") for step in lecture(atlas)]
    listed = list(dict.fromkeys(name for name in (*first, *beta_vaes(table)["point"]) if name))
    betas = np.log(table[["beta_2", "beta_1"]].to_numpy(float))
    distance = np.full(len(names), np.inf)
    for name in listed:
        distance = np.minimum(distance, np.hypot(*(betas - betas[names.index(name)]).T))
    while len(listed) < len(names):
        at = int(distance.argmax())
        listed.append(names[at])
        distance = np.minimum(distance, np.hypot(*(betas - betas[at]).T))
    return listed
