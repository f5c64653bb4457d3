"""Another atlas's points in the figures of this one."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from atlas_builder import build_atlas

from app.page.beside import Other, drawn_beside
from app.page.panels import generation, landscapes, reconstruction, representation
from app.page.state import fields, first_screen
from hvae import Atlas
from hvae.atlas.atlas import METRICS

MEASURED = {
    "inception_score": [1.5, 2.0, 2.4, 2.0],
    "diversity": [5.0, 4.0, 3.0, 2.5],
    "sharpness": [0.3, 0.5, 0.8, 0.8],
    "acc_rbf_svm_z2": [0.2, 0.1, 0.5, 0.9],
    "mi_z2": [0.4, 0.0005, 0.6, 1.8],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The other atlas: fewer points, and rates of its own."""
    metrics = MEASURED | {"rate_z2": [300.0, 0.001, 2.0, 50.0], "rate_z1": [1.0, 400.0, 30.0, 0.5]}
    metrics |= {"psnr": [10.0, 40.0, 20.0, 30.0]}
    return build_atlas(tmp_path_factory.mktemp("beside") / "other", (0.5, 5.0), metrics=metrics)


@pytest.fixture(scope="module")
def other(folder):
    return Other("other", "The other", Atlas.open(folder))


@pytest.fixture(scope="module")
def atlas(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    values = np.linspace(0.1, 0.9, len(atlas.metrics))
    return replace(atlas, metrics=atlas.metrics.assign(**dict.fromkeys(MEASURED, values)))


def hollow(figure):
    """The dots of the other atlas, None where there are none."""
    return next((trace for trace in figure.data if trace.name == "beside"), None)


def own(figure):
    return next(trace for trace in figure.data if trace.name == "points")


@pytest.mark.parametrize("units", ["nats", "bits"])
@pytest.mark.parametrize("axes", ["linear", "log"])
@pytest.mark.parametrize(
    ("panel", "index", "x", "y"),
    [
        *((landscapes, index, "rate_z2", "rate_z1") for index in range(3)),
        (reconstruction, 0, "rate_z2", "rate_z1"),
        (reconstruction, 1, "rate_total", "psnr"),
        (reconstruction, 2, "rate_total", "distortion"),
        (representation, 0, "rate_z2", "mi_z2"),
        (generation, 0, "rate_z2", "rate_z1"),
        (generation, 1, "rate_total", "inception_score"),
        (generation, 2, "diversity", "sharpness"),
    ],
)
def test_exactly_the_other_atlass_points_stand_at_its_numbers_inside_the_axes(
    atlas, other, folder, units, axes, panel, index, x, y
):
    parts = drawn_beside(panel._draw, atlas, {"units": units, "axes": axes, "posterior": "mean"}, other)
    dots, layout = hollow(parts[index].figure), parts[index].figure.layout
    table = pd.read_parquet(folder / METRICS).set_index("checkpoint")
    assert sorted(f"models/{point}.safetensors" for point in dots.meta["points"]) == sorted(table.index)
    for column, places, axis in ((x, dots.x, layout.xaxis), (y, dots.y, layout.yaxis)):
        is_rate = column.startswith("rate")
        nats = math.log(2) if units == "bits" and (is_rate or column in ("distortion", "mi_z2")) else 1
        for point, place in zip(dots.meta["points"], places, strict=True):
            number = table.loc[f"models/{point}.safetensors", column] / nats
            assert place == pytest.approx(max(number, 0.01) if is_rate and axes == "log" else number)
        for part in (places, own(parts[index].figure)["x" if column == x else "y"]):
            seen = np.log10(part) if axis.type == "log" else np.array(part)
            assert axis.range[0] < seen.min() and seen.max() < axis.range[1]
    # The other's dots lie below the page's own.
    names = [trace.name for trace in parts[index].figure.data]
    assert names.index("beside") < names.index("points")


def test_sizes_of_both_atlases_are_on_one_scale(atlas, other):
    figure = drawn_beside(landscapes._draw, atlas, {"sizes": ["psnr"]}, other)[0].figure
    psnr = {}
    for name, one in (("own", atlas), ("other", other.atlas)):
        for checkpoint, value in zip(one.metrics["checkpoint"], one.metrics["psnr"], strict=True):
            psnr[name, checkpoint.split("/")[1].removesuffix(".safetensors")] = value
    dots, mine = hollow(figure), own(figure)
    values = [psnr["own", point] for point in mine.ids] + [
        psnr["other", point] for point in dots.meta["points"]
    ]
    areas = np.square([*mine.marker.size, *dots.marker.size])
    line = np.polyfit(values, areas, 1)
    assert line[0] > 0 and np.polyval(line, values) == pytest.approx(areas, abs=0.3)


def test_equal_betas_have_the_colour_that_the_key_gives_them(atlas, other):
    betas = other.atlas.metrics.assign(beta_2=[0.1, 0.1, 10.0, 10.0], beta_1=[0.1, 10.0, 0.1, 10.0])
    same = Other("other", "The other", replace(other.atlas, metrics=betas.iloc[[1, 2, 3]]))
    figure = drawn_beside(landscapes._draw, atlas, {}, same)[0].figure
    mine = dict(zip(own(figure).ids, own(figure).marker.color, strict=True))
    theirs = dict(zip(hollow(figure).meta["titles"], hollow(figure).marker.color, strict=True))
    assert theirs == {
        "β₂ = 0.1, β₁ = 10": mine["b2-0.1_b1-10"],
        "β₂ = 10, β₁ = 0.1": mine["b2-10_b1-0.1"],
        "β₂ = 10, β₁ = 10": mine["b2-10_b1-10"],
    }


def test_a_metric_that_the_other_atlas_lacks_is_said_in_the_note_of_its_figure(atlas, other):
    lacking = other.atlas.metrics.assign(inception_score=np.nan)
    lacks = Other("other", "The other", replace(other.atlas, metrics=lacking))
    for panel, without in ((landscapes, [2]), (generation, [0, 1])):
        parts = drawn_beside(panel._draw, atlas, {}, lacks)
        for index, part in enumerate(parts):
            is_said = part.note.endswith("The other has no numbers for this figure.")
            assert is_said == (index in without) == (hollow(part.figure) is None)


def test_theory_and_the_other_atlas_have_signs_of_their_own(atlas, other):
    manifest = atlas.manifest.model_copy(update={"spectrum": [3.0, 1.0, 0.5]})
    predictable = replace(atlas, manifest=manifest)
    figure = drawn_beside(landscapes._draw, predictable, {"theory": "on"}, other)[0].figure
    symbols = {trace.name: trace.marker.symbol for trace in figure.data if trace.mode == "markers"}
    assert len({symbols["theory"], symbols["beside"], symbols["points"]}) == 3


def test_the_choice_is_among_the_other_atlases_and_none_is_the_first(atlas):
    choices = fields(atlas, others={"mnist": "MNIST", "none": "A folder of that name"})["beside"]["choices"]
    assert choices == {"none": "none", "mnist": "MNIST"}
    assert first_screen("own", atlas).beside == "none"
