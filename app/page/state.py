"""The state of the page: everything that decides what is on screen, with defaults and valid values.

`fields` describes the state to the browser. assets/page/core/screen.js reads and writes addresses with this
description, and it alone changes the state. What an address leaves out has its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from app.page.figures.look import AXES, BETAS, UNITS
from app.page.judges import judges, scores
from app.page.menus import LAYERS, NO_ATLAS, OVER, POSTERIORS, PROBES, THEORY, dot_metrics, preferred_sizes
from app.page.points import points_table
from app.page.predictions import why_no_theory
from app.page.views import FIRST_VIEW, view_titles
from app.page.widgets.pieces import MOST_EXAMPLES, example_count
from app.page.words import metric_title
from app.pictures.your_image import MAX_CHARACTERS
from hvae.atlas.atlas import Atlas
from hvae.metrics.measurements.accuracy import accuracy_column

PARTS = {"samples": "Samples", "walks": "Traversals", "map": "Map of z₂", "mix": "Mixing"}
"""Parts of the model view by name."""

MOST_PINS = 3
SAMPLES = 32
"""How many samples the page shows of a model."""
SHIFT = r"z[12]\.[0-9]{1,4}:-?[0-9](\.[0-9]{1,2})?"
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Screen:
    """Everything that decides what is on screen. point is None if the atlas has no points.

    sizes: for each landscape, the column that sets the dots' size. colour: BETAS or a column. layer, probe,
    posterior: of the representation view. theory: whether figures show what theory predicts. beside: the
    atlas whose points figures show, too, or NO_ATLAS. score, rate, judge: of the generation view. pins: the
    points to compare. part: of the model view. shifts: the latents' sliders that are not at 0, in standard
    deviations, as "z2.3:1.5,z1.0:-2". temperature: of the model view's samples. images: the test images that
    the model view mixes, as "0,1,2,3". own: the visitor's own image, a PNG as base64url. lecture: the step
    of the lecture, or 0.
    """

    atlas: str
    point: str | None
    view: str = FIRST_VIEW
    seed: int = 0
    sizes: tuple[str, ...] = ()
    colour: str = BETAS
    units: str = UNITS[0]
    axes: str = AXES[0]
    layer: str = "z2"
    probe: str = "rbf_svm"
    posterior: str = "draw"
    theory: str = "off"
    beside: str = NO_ATLAS
    score: str = "inception_score"
    rate: str = "rate_total"
    judge: str = "source"
    pins: tuple[str, ...] = ()
    part: str = "samples"
    shifts: str = ""
    temperature: str = "1"
    images: str = "0,1,2,3"
    own: str = ""
    lecture: int = 0

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        values = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


LOOK = (
    *("view", "sizes", "colour", "units", "axes", "layer", "probe", "posterior", "theory", "score", "rate"),
    *("judge", "beside", "lecture"),
)
"""The fields that figures depend on; the page also keeps them in the store `look`."""


def fields(
    atlas: Atlas, lecture_steps: int = 0, others: Mapping[str, str] = MappingProxyType({})
) -> dict[str, dict[str, Any]]:
    """Return the title and the valid values of each field. JSON-ready. others: titles of the other atlases.

    kind: `choice` (one of `choices`, titles by name), `choices` (exactly `length` of them), `integer` (0 to
    `most`), `point`, `points` (at most `most`), `images` (`length`, from and to, of the first `count` test
    images), or `text` (at most `most` characters, all of it matching `pattern`).
    """
    metrics = {column: metric_title(column) for column in size_metrics(atlas)}
    count = example_count(atlas, if_damaged=MOST_EXAMPLES)
    return {
        "view": _choice("view", view_titles()),
        "point": {"title": "model", "kind": "point"},
        "seed": {"title": "seed", "kind": "integer", "most": LARGEST_SEED},
        "sizes": _choice("dot sizes", metrics) | {"kind": "choices", "length": len(first_sizes(atlas))},
        "colour": _choice("colour", {BETAS: "β₂ and β₁", **metrics}),
        "units": _choice("units", dict(zip(UNITS, UNITS, strict=True))),
        "axes": _choice("axes", dict(zip(AXES, AXES, strict=True))),
        "layer": _choice("layer", LAYERS),
        "probe": _choice("classifier", PROBES),
        "posterior": _choice("what classifiers read", posteriors(atlas)),
        "theory": _choice("theory", theories(atlas)),
        "beside": _choice("atlas beside this one", beside_choices(others)),
        "score": _choice("score", scores(atlas)),
        "rate": _choice("rate", OVER),
        "judge": _choice("judge", judges(atlas)),
        "pins": {"title": "pinned models", "kind": "points", "most": MOST_PINS},
        "part": _choice("part", PARTS),
        "shifts": _text("sliders", 400, f"({SHIFT}(,{SHIFT})*)?"),
        "temperature": _text("temperature", 4, r"[0-2](\.[0-9]{1,2})?"),
        "images": {"title": "test images", "kind": "images", "length": [2, 4], "count": count},
        "own": _text("image", MAX_CHARACTERS, r"[A-Za-z0-9_\-]*"),
        "lecture": {"title": "lecture step", "kind": "integer", "most": lecture_steps},
    }


def _choice(title: str, choices: Mapping[str, str]) -> dict[str, Any]:
    return {"title": title, "kind": "choice", "choices": dict(choices)}


def _text(title: str, most: int, pattern: str) -> dict[str, Any]:
    return {"title": title, "kind": "text", "most": most, "pattern": pattern}


def first_screen(name: str, atlas: Atlas) -> Screen:
    """Return what a visitor sees first: the standard VAE, or the nearest point that has rates."""
    table = points_table(atlas)
    if table.empty:
        return Screen(name, None)
    betas = table[["beta_2", "beta_1"]].to_numpy(float)
    distance = (np.log(betas) ** 2).sum(axis=1)
    off_plane = ~np.isfinite(table[["rate_z2", "rate_z1"]].to_numpy(float)).all(axis=1)
    point = table["point"].iloc[int(np.lexsort((distance, off_plane))[0])]
    return Screen(
        name,
        point,
        sizes=first_sizes(atlas),
        posterior=next(iter(posteriors(atlas))),
        score=next(iter(scores(atlas))),
        judge=next(iter(judges(atlas))),
    )


def posteriors(atlas: Atlas) -> dict[str, str]:
    """Return what classifiers have read in an atlas, the first choice first; means alone if nothing else."""
    columns = [accuracy_column(probe, layer, from_draws=True) for probe in PROBES for layer in LAYERS]
    measured = np.isfinite(atlas.metrics[columns].to_numpy(float)).any()
    return POSTERIORS if measured else {"mean": POSTERIORS["mean"]}


def theories(atlas: Atlas) -> dict[str, str]:
    """Return whether figures can show what theory predicts: off, and on where it can be predicted."""
    return THEORY if not why_no_theory(atlas) else {"off": THEORY["off"]}


def beside_choices(others: Mapping[str, str]) -> dict[str, str]:
    """Return the atlases that can be shown beside one, by name, with their titles; first, none."""
    return {NO_ATLAS: "none"} | {name: title for name, title in others.items() if name != NO_ATLAS}


def look(screen: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a screen that figures depend on."""
    return {name: screen[name] for name in LOOK}


def first_sizes(atlas: Atlas) -> tuple[str, ...]:
    """Return the columns that set the dots' size in the landscapes: three, or fewer if some are missing."""
    available = size_metrics(atlas)
    found = [
        next((column for column in preferred if column in available), None) for preferred in preferred_sizes()
    ]
    return tuple(column for column in found if column) or tuple(available[:1])


def size_metrics(atlas: Atlas) -> list[str]:
    """Return the columns that can set a dot's size: those with at least one finite value."""
    return [column for column in dot_metrics() if np.isfinite(atlas.metrics[column].to_numpy(float)).any()]
