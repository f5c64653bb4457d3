"""What an exported page puts together is what Python draws, whatever a visitor chooses."""

import json
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from dash._utils import to_json
from script_in_a_page import linked_window

from app.export.figures import recorded_figures, recorded_key
from app.page.beside import Other, drawn_beside
from app.page.figures.look import Look
from app.page.state import fields, first_screen
from app.page.widgets import colour_key
from app.page.widgets.figure_row import BOARDS
from app.server.build import create_app
from hvae.atlas.atlas import Atlas

ENTRY = """\
import { drawnBeside } from "./page/figures/recorded/beside.js";
import { keyOf } from "./page/figures/recorded/colour-key.js";
import { Recorded } from "./page/figures/recorded/recorded.js";

globalThis.begin = (text) => {
  const [figures, key, other] = JSON.parse(text);
  const recorded = new Recorded(figures), beside = other && new Recorded(other);
  globalThis.drawn = (view, look) => recorded.drawn(view, look);
  globalThis.drawnWith = (title, view, look) =>
    drawnBeside(recorded, { name: "other", title, figures: beside }, view, look);
  globalThis.keyFor = (look) => keyOf(key, recorded, look);
};
"""
MEASURED = (
    *("acc_rbf_svm_z2", "acc_knn_z1", "mi_z2", "mi_z1", "inception_score", "diversity", "sharpness"),
    *("diversity_calibrated", "sharpness_calibrated", "frechet"),
)


def begin(window, figures, key=None, other=None):
    """Hand over what was recorded as one text, as a page gets it: Playwright would hand it value by value."""
    window.evaluate("(text) => begin(text)", json.dumps([figures, key, other]))


def measured(count, seed, missing):
    """Made-up metrics of `count` points, a share of them missing."""
    generator = np.random.default_rng(seed)
    columns = {}
    for column in MEASURED:
        values = generator.uniform(0.1, 0.9, count)
        columns[column] = np.where(generator.uniform(size=count) < missing, np.nan, values)
        columns[f"{column}_se"] = generator.uniform(0.001, 0.01, count)
    return columns


METRICS = {
    "some missing": lambda count: measured(count, 1, missing=0.3),
    # The standard VAE is best at everything: each mark frames another.
    "marks on marks": lambda count: dict.fromkeys(("psnr", *MEASURED), np.arange(count) == count // 2),
    "no points": None,
    "nothing": lambda count: dict.fromkeys(
        ("rate_z2", "rate_z1", "rate_total", "distortion", "psnr"), np.nan
    ),
}


@pytest.fixture(scope="module")
def window(browser, tmp_path_factory):
    with linked_window(browser, tmp_path_factory.mktemp("linked"), ENTRY) as page:
        yield page


@pytest.fixture(scope="module")
def boards(tiny_atlas):
    return create_app({"tiny": Atlas.open(tiny_atlas)}).server.extensions[BOARDS]


@pytest.mark.parametrize("kind", METRICS)
def test_figures_for_any_choice_are_those_that_python_draws(window, tiny_atlas, boards, kind):
    atlas = Atlas.open(tiny_atlas)
    made = METRICS[kind]
    metrics = atlas.metrics.assign(**made(len(atlas.metrics))) if made else atlas.metrics.head(0)
    manifest = atlas.manifest.model_copy(update={"spectrum": [3.0, 1.0, 0.5]})
    atlas = replace(atlas, metrics=metrics, manifest=manifest)
    recorded, key = recorded_figures(atlas, boards), recorded_key(atlas)
    begin(window, recorded, key)
    about, first = fields(atlas), first_screen("atlas", atlas).to_dict()
    random = Random(3)
    for theory in ("on", "off", "on"):
        look = first | {
            name: random.choice(list(field["choices"]))
            for name, field in about.items()
            if field["kind"] == "choice"
        }
        look["theory"] = theory if theory in about["theory"]["choices"] else "off"
        look["sizes"] = [random.choice(list(about["sizes"]["choices"])) for _ in first["sizes"]]
        for view, board in boards.items():
            parts = window.evaluate("([view, look]) => drawn(view, look)", [view, look])
            expected = board.draw(atlas, look)
            assert [part["note"] for part in parts] == [part.note for part in expected], view
            for part, other in zip(parts, expected, strict=True):
                assert different(part["figure"], json.loads(to_json(other.figure))) == {}, (view, look)
                assert part["around"] == json.loads(to_json(dict(other.around))), (view, look)
        expected = colour_key.layout(atlas, Look(look["units"], colour=look["colour"]))
        assert window.evaluate("(look) => keyFor(look)", look) == json.loads(to_json(expected))


def test_dots_of_another_atlas_are_those_that_python_draws(window, tiny_atlas, colour_atlas, boards):
    atlas, other = Atlas.open(tiny_atlas), Atlas.open(colour_atlas)
    atlas = replace(atlas, metrics=atlas.metrics.assign(**measured(len(atlas.metrics), 1, missing=0.2)))
    columns = measured(len(other.metrics), 2, missing=0.2)
    columns["inception_score"] = columns["mi_z1"] = np.nan  # some figures cannot be shared
    rates = {"rate_z2": 3 * other.metrics["rate_z2"], "rate_z1": 40 * other.metrics["rate_z1"]}
    other = replace(other, metrics=other.metrics.assign(**rates, psnr=[10.0, 20.0, 30.0, 40.0], **columns))
    recorded = [recorded_figures(one, boards) for one in (atlas, other)]
    begin(window, recorded[0], other=recorded[1])
    about, first = fields(atlas), first_screen("atlas", atlas).to_dict()
    beside = Other("other", "The other", other)
    choices = {name: list(field["choices"]) for name, field in about.items() if field["kind"] == "choice"}
    random, notes, joined = Random(5), [], 0
    for colour in ("betas", "psnr", "inception_score"):
        look = first | {name: random.choice(its) for name, its in choices.items()} | {"colour": colour}
        look["sizes"] = [random.choice(list(about["sizes"]["choices"])) for _ in first["sizes"]]
        for view, board in boards.items():
            asked = [beside.title, view, look]
            parts = window.evaluate("([title, view, look]) => drawnWith(title, view, look)", asked)
            expected = drawn_beside(board.draw, atlas, look, beside)
            assert [part["note"] for part in parts] == [part.note for part in expected], view
            notes += [part.note for part in expected]
            for part, python in zip(parts, expected, strict=True):
                theirs = json.loads(to_json(python.figure))
                joined += any(trace["name"] == "beside" for trace in theirs["data"])
                assert different(part["figure"], theirs) == {}, (view, look)
    assert joined > 10
    assert any("The other has no numbers" in note for note in notes)


def different(one, other):
    """What of two JSON values differs, by where it stands."""
    if one == other:
        return {}
    ours, theirs = dict(leaves(one)), dict(leaves(other))
    places = [place for place in ours | theirs if ours.get(place, "none") != theirs.get(place, "none")]
    return {place: (ours.get(place), theirs.get(place)) for place in places}


def leaves(value, path=""):
    """What a JSON value consists of; numbers to ten digits: logarithms may differ in the last."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from leaves(part, f"{path}.{name}")
    if not parts:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        yield path, float(f"{value:.10g}") if is_number else value
