"""What theory predicts, drawn beside what was measured."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from atlas_builder import build_atlas
from dash._utils import to_json

from app.page.figures.look import Look
from app.page.figures.planes import PLANE, landscape_figure
from app.page.figures.reconstruction import distortion_figure
from app.page.figures.theory import grid_lines
from app.page.panels import landscapes, reconstruction
from app.page.points import points_table
from app.page.predictions import predictions, why_no_theory
from app.page.shell import legend
from app.page.state import fields, first_screen
from hvae import Atlas, HVAEConfig, theory

SPECTRUM = [8.0 / (1 + index) ** 2 for index in range(40)]


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    """The atlas of random weights, with a spectrum."""
    atlas = Atlas.open(build_atlas(tmp_path_factory.mktemp("theory") / "tiny"))
    return replace(atlas, manifest=atlas.manifest.model_copy(update={"spectrum": SPECTRUM}))


def trace(figure, name):
    return next(part for part in figure.data if part.name == name)


def names(figure):
    return {part.name for part in figure.data}


@pytest.mark.parametrize("units", ["nats", "bits"])
@pytest.mark.parametrize("axes", ["linear", "log"])
def test_hollow_dots_stand_where_theory_puts_each_point(atlas, units, axes):
    table, look = points_table(atlas), Look(units, axes)
    figure = landscape_figure(table, ["psnr"], 0, look, predictions(atlas))
    dots = trace(figure, "theory")
    places = dict(zip(dots.ids, zip(dots.x, dots.y, strict=True), strict=True))
    nats = 1 if units == "nats" else math.log(2)
    for _, row in table.iterrows():
        expected = theory.rates(SPECTRUM, atlas.config, beta_2=row["beta_2"], beta_1=row["beta_1"])
        floor = 0.01 if axes == "log" else 0
        assert places[row["point"]] == pytest.approx([max(rate / nats, floor) for rate in expected])
    ends = [np.array(axis.range, float) for axis in (figure.layout.xaxis, figure.layout.yaxis)]
    for values, (low, high) in zip((dots.x, dots.y), ends, strict=True):
        seen = np.log10(values) if axes == "log" else np.array(values)
        assert (seen >= low).all() and (seen <= high).all()


def test_the_distortion_figure_has_the_predicted_distortions(atlas):
    figure = distortion_figure(points_table(atlas), Look(), predictions(atlas))
    dots = trace(figure, "theory")
    standard = dots.ids.index("b2-1_b1-1")
    at = theory.optimum(SPECTRUM, atlas.config, beta_2=1.0, beta_1=1.0)
    assert dots.x[standard] == pytest.approx(at.rate_z2 + at.rate_z1)
    assert dots.y[standard] == pytest.approx(at.distortion)
    low, high = figure.layout.yaxis.range
    assert low <= min(dots.y) and max(dots.y) <= high


def test_a_card_tells_measured_and_predicted_rates_below_one_another(atlas):
    figure = landscape_figure(points_table(atlas), ["psnr"], 0, Look(), predictions(atlas))
    expected = theory.rates(SPECTRUM, atlas.config, beta_2=1.0, beta_1=1.0)
    for name in ("points", "theory"):
        dots = trace(figure, name)
        lines = dots.customdata[dots.ids.index("b2-1_b1-1")]
        assert [title for title, _ in lines][:4] == ["R(z₂)", "R(z₂), theory", "R(z₁|z₂)", "R(z₁|z₂), theory"]
        assert [line[1] for line in lines][1:4:2] == [f"{rate:.2f} nats" for rate in expected]


def test_lines_of_the_grid_join_points_of_one_beta_in_order_on_each_side_of_equal_betas():
    betas = np.array([[1, 1], [1, 10], [10, 1], [10, 10], [20, 1], [3, 4]], float)
    table = pd.DataFrame(betas, columns=["beta_2", "beta_1"], index=[7, 5, 3, 1, 0, 9])
    x, y = np.arange(6.0), 10 * np.arange(6.0)
    across, up = grid_lines(table, x, y)
    # β₂ = 1; then β₁ = 1 where β₂ is dearer, and β₁ = 10 where it is not.
    assert across == [0, 1, None, 2, 4, None, 1, 3]
    assert up == [None if at is None else 10 * at for at in across]


def test_theory_is_drawn_only_when_it_is_chosen(atlas):
    for panel, place in ((landscapes, 0), (reconstruction, 2)):
        for chosen, expected in (({}, False), ({"theory": "off"}, False), ({"theory": "on"}, True)):
            drawn = panel._draw(atlas, chosen)
            assert ({"theory", "theory grid"} <= names(drawn[place].figure)) == expected
            said = drawn[place].note + to_json(dict(drawn[place].around))
            assert ("no model off" in said) == expected
    assert first_screen("tiny", atlas).theory == "off"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"spectrum": []}, "spectrum"),
        ({"model": HVAEConfig((1, 32, 32), top_dim=8, likelihood="bernoulli").to_dict()}, "Gaussian"),
    ],
)
def test_an_atlas_that_theory_says_nothing_about_says_why(atlas, change, why):
    without = replace(atlas, manifest=atlas.manifest.model_copy(update=change))
    assert why in why_no_theory(without) and predictions(without) is None
    assert list(fields(without)["theory"]["choices"]) == ["off"]
    page = to_json(legend.layout(without))
    assert why_no_theory(without) in json.loads(page).__str__() and "control-theory" not in page
    assert "control-theory" in to_json(legend.layout(atlas))
    assert not names(landscapes._draw(without, {"theory": "on"})[0].figure) & {"theory", "theory grid"}


def test_a_plane_has_its_place_for_every_point_that_was_measured(atlas):
    table = points_table(atlas)
    figure = landscape_figure(table, ["psnr"], 0, Look(), predictions(atlas))
    assert set(trace(figure, "points").ids) == set(trace(figure, "theory").ids) == set(table["point"])
    assert list(PLANE) == [figure.layout.meta["x"], figure.layout.meta["y"]]
