"""All figures that a visitor can choose, recorded: the page without Python has nobody to draw them.

The functions that draw figures stay the only ones. What is recorded is small because figures have much in
common:

- A figure is drawn once for each choice of the fields that its view reads. Colour is not among them: it
  changes nothing but the colours of dots.
- Dots are stored in the order of the table. Figures differ in the order in which they draw them.
- Planes of landscapes are recorded without the marks and labels of the optima, and those apart: any three
  metrics can be chosen together. assets/page/figures/recorded/landscape.js puts them together as
  `landscape_figure` does.
- Parts that are alike are stored once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.claims.differences import paired
from app.export.layout import sort_properties
from app.export.pool import Pool
from app.page.figures.axes import PLOT, drawable
from app.page.figures.colours import LAST, UNKNOWN, corners_in_oklab, dot_colours, ramp_stops
from app.page.figures.look import AXES, UNITS, Look
from app.page.figures.marks import FRAME
from app.page.figures.planes import PLANE, landscape_figure, optimum_label, optimum_mark, plane_note
from app.page.landing_sentence import GERUNDS, that_share_a_model
from app.page.panels import landscapes
from app.page.points import point_titles, points_table
from app.page.predictions import chosen_predictions
from app.page.state import fields, first_screen, first_sizes, size_metrics, theories
from app.page.widgets import colour_key
from app.page.widgets.figure_row import CONFIG, Board, Draw
from app.page.words import metric_title
from hvae.atlas.atlas import Atlas

APART = ("colour", "sizes")
"""Fields whose choices are not recorded one by one."""
MARKER = "optimum of "
"""How the names of the marks of optima begin."""
COLOUR = "marker.color"
DIGITS = 7
"""Significant digits of numbers that only set sizes and colours."""


def recorded_figures(atlas: Atlas, boards: Mapping[str, Board]) -> dict[str, Any]:
    """Return all figures of an atlas, as assets/page/figures/recorded/recorded.js reads them. JSON-ready.

    boards: of the views that have figures.
    """
    pool, table = Pool(), points_table(atlas)
    points = table["point"].tolist()
    drawn_at_first = [view for view, board in boards.items() if board.is_drawn_at_first]
    boards = dict(boards)
    planes = None
    if first_sizes(atlas):
        boards.pop(landscapes.VIEW, None)
        planes = _landscapes(atlas, points, pool)
    colours = {colour: dot_colours(table, colour) for colour in fields(atlas)["colour"]["choices"]}
    return {
        "points": points,
        "titles": point_titles(table),
        "table": _columns(atlas, table),
        "code": {
            "corners": corners_in_oklab(),
            "ramp": {"stops": ramp_stops(), "last": LAST},
            "unknown": UNKNOWN,
        },
        "colours": {colour: pool.packed(its) for colour, its in colours.items()},
        "views": {view: _board(atlas, board.draw, points, pool) for view, board in boards.items()},
        "landscapes": planes,
        "graphConfig": CONFIG,
        "isDrawnAtFirst": drawn_at_first,
        "pool": pool.values,
    }


def _columns(atlas: Atlas, table: pd.DataFrame) -> dict[str, list[float | None]]:
    """What sizes and colours of dots follow from where two atlases share a scale; None for no number."""
    return {
        column: [float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None for value in table[column]]
        for column in ("beta_2", "beta_1", *size_metrics(atlas))
    }


def recorded_key(atlas: Atlas) -> dict[str, Any]:
    """Return the colour key, and what stands below it for each colour and unit. JSON-ready."""
    cells = _json(colour_key.layout(atlas))
    count, ramps = len(cells["props"]["children"]), {}
    for colour, units in product(fields(atlas)["colour"]["choices"], UNITS):
        key = _json(colour_key.layout(atlas, Look(units=units, colour=colour)))
        if ramp := key["props"]["children"][count:]:
            ramps[f"{colour} {units}"] = ramp
    return {"cells": cells, "ramps": ramps}


class Watched(Mapping[str, Any]):
    """A mapping that remembers which of its fields were read."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _board(atlas: Atlas, draw: Draw, points: list[str], pool: Pool) -> dict[str, Any]:
    """The figures of one view for each choice of the fields that it reads."""
    about = fields(atlas)
    first = first_screen("", atlas).to_dict()
    names: list[str] = []
    while True:
        drawn, read = {}, set(names)
        for choices in product(*(about[name]["choices"] for name in names)):
            look = Watched({**first, **dict(zip(names, choices, strict=True))})
            parts = draw(atlas, look)
            drawn[" ".join(choices)] = [
                {
                    "figure": _as_recorded(_json(part.figure), points),
                    "note": part.note,
                    "around": _json(dict(part.around)),
                }
                for part in parts
            ]
            read |= {name for name in look.read if about.get(name, {}).get("kind") == "choice"} - set(APART)
            if read != set(names):
                break
        if read == set(names):
            break
        names = sorted(read)  # it reads more than was known
    return {
        "fields": [{"name": name, "choices": list(about[name]["choices"])} for name in names],
        "drawn": {choice: pool.packed(parts) for choice, parts in drawn.items()},
    }


def _landscapes(atlas: Atlas, points: list[str], pool: Pool) -> dict[str, Any]:
    table = points_table(atlas)
    its_theories = {theory: chosen_predictions(atlas, {"theory": theory}) for theory in theories(atlas)}
    planes: dict[str, dict[str, Any]] = {}
    for metric in size_metrics(atlas):
        its = planes[metric] = {}
        for units, axes, theory in product(UNITS, AXES, its_theories):
            look, predicted = Look(units, axes), its_theories[theory]
            figure = _json(landscape_figure(table, [metric], 0, look, predicted))
            figure["data"] = [trace for trace in figure["data"] if not trace["name"].startswith(MARKER)]
            if meta := figure["layout"].get("meta"):
                meta.pop("optima", None)
            words = _json(landscapes.theory_words(predicted))
            mark = _json(go.Figure(optimum_mark(table, metric, look)))["data"][0]
            part = {
                "figure": _as_recorded(figure, points),
                "note": plane_note(table, metric, look),
                "mark": mark,
                "label": optimum_label(table, metric),
                "headings": [
                    words | _json(landscapes.heading(place, metric)) for place in range(landscapes.MOST)
                ],
            }
            its[f"{units} {axes} {theory}"] = pool.packed(part)
    return {
        "view": landscapes.VIEW,
        "first": list(first_sizes(atlas)),
        "fields": [
            {"name": name, "choices": list(choices)}
            for name, choices in (("units", UNITS), ("axes", AXES), ("theory", its_theories))
        ],
        "planes": planes,
        "sentence": {
            "id": landscapes.SENTENCE,
            "models": len(table),
            "hasDots": len(drawable(table, PLANE)) > 0,
            "gerunds": GERUNDS,
            "titles": {metric: metric_title(metric) for metric in planes},
            "shared": that_share_a_model(table, planes, paired(atlas)),
        },
        "plot": PLOT,
        "frame": FRAME,
    }


def _json(part: Any) -> Any:
    """A figure or a component as a browser gets it."""
    from dash._utils import to_json

    return sort_properties(json.loads(to_json(part)))


def _as_recorded(figure: dict[str, Any], points: list[str]) -> dict[str, Any]:
    """The figure with its dots in the order of the table, and without their colours."""
    places = {point: place for place, point in enumerate(points)}
    for index, trace in enumerate(figure["data"]):
        if trace.get("ids"):
            figure["data"][index] = _dots(trace, places)
    return figure


def _dots(trace: dict[str, Any], places: Mapping[str, int]) -> dict[str, Any]:
    """A trace of dots as assets/page/figures/recorded/recorded.js takes it."""
    at = [places[point] for point in trace.pop("ids")]
    rows = sorted(at)
    order = [rows.index(place) for place in at]
    back = sorted(range(len(at)), key=at.__getitem__)
    card = trace.pop("customdata")
    titles = [title for title, _ in card[0]]
    texts = [[card[index][column][1] for index in back] for column in range(len(titles))]
    arrays: dict[str, list[Any]] = {}
    kept = _without_arrays(trace, "", len(at), back, arrays)
    arrays.pop(COLOUR, None)
    return {
        **kept,
        "dots": {
            "rows": rows,
            "order": order,
            "arrays": arrays,
            "card": [{"title": title, "texts": its} for title, its in zip(titles, texts, strict=True)],
            "path": {"colour": COLOUR},
        },
    }


def _without_arrays(
    part: dict[str, Any], path: str, count: int, back: list[int], arrays: dict[str, list[Any]]
) -> dict[str, Any]:
    """A part of a trace without its arrays of `count`, which go to `arrays` by their dotted names."""
    kept: dict[str, Any] = {}
    for name, value in part.items():
        if isinstance(value, list) and len(value) == count:
            arrays[path + name] = [value[index] for index in back]
        elif isinstance(value, dict):
            kept[name] = _without_arrays(value, f"{path}{name}.", count, back, arrays)
        else:
            kept[name] = value
    return kept
