"""The rate plane as a function of the metrics."""

import itertools

import numpy as np
import pandas as pd
import pytest

from app.figures.colours import CORNERS, colour_code
from app.figures.plane import diameters, left_out, plane_figure

BETAS = [0.1, 1.0, 10.0]


@pytest.fixture
def metrics():
    table = pd.DataFrame(list(itertools.product(BETAS, BETAS)), columns=["beta_2", "beta_1"])
    table["point"] = [f"p{index}" for index in range(9)]
    table["rate_z2"] = np.linspace(1, 30, 9)
    table["rate_z1"] = np.linspace(50, 2, 9)
    table["psnr"] = np.linspace(12, 24, 9)
    table["distortion"] = np.linspace(800, 900, 9)
    return table


def trace(figure, name):
    return next(part for part in figure.data if part.name == name)


def test_every_point_is_at_its_rates(metrics):
    dots = trace(plane_figure(metrics, "psnr"), "points")
    assert list(dots.x) == list(metrics["rate_z2"]) and list(dots.y) == list(metrics["rate_z1"])
    assert list(dots.ids) == list(metrics["point"])


def test_better_points_are_larger(metrics):
    by_psnr = trace(plane_figure(metrics, "psnr"), "points").marker.size
    assert all(np.diff(by_psnr) > 0)
    by_distortion = trace(plane_figure(metrics, "distortion"), "points").marker.size
    assert all(np.diff(by_distortion) < 0)


def test_area_grows_linearly_with_the_metric():
    area = diameters(np.array([0.0, 1.0, 2.0])) ** 2
    assert area[1] - area[0] == pytest.approx(area[2] - area[1])


def test_dots_of_one_size_where_the_metric_tells_nothing(metrics):
    assert len(set(diameters(np.array([3.0, 3.0])))) == 1
    assert len(set(trace(plane_figure(metrics, None), "points").marker.size)) == 1


def test_many_dots_are_smaller_but_can_be_seen():
    assert 6 < diameters(np.linspace(0, 1, 441)).max() < diameters(np.linspace(0, 1, 25)).max()


def test_the_diagonal_joins_equal_betas_in_order(metrics):
    line = trace(plane_figure(metrics.sample(frac=1, random_state=0), "psnr"), "diagonal")
    assert list(line.x) == [metrics["rate_z2"][index] for index in (0, 4, 8)]


def test_the_standard_vae_is_marked(metrics):
    mark = trace(plane_figure(metrics, "psnr"), "standard")
    assert (mark.x[0], mark.y[0]) == (metrics["rate_z2"][4], metrics["rate_z1"][4])


def test_rows_without_a_number_are_left_out_and_told(metrics):
    metrics.loc[2, "psnr"] = np.nan
    metrics.loc[3, "rate_z1"] = np.inf
    assert list(trace(plane_figure(metrics, "psnr"), "points").ids) == [
        f"p{i}" for i in (0, 1, 4, 5, 6, 7, 8)
    ]
    assert left_out(metrics, "psnr") == "2 of 9 models left out: no rates or PSNR."
    assert left_out(metrics, None) == "1 of 9 models left out: no rates."
    assert left_out(metrics.drop(index=[2, 3]), "psnr") == ""


@pytest.mark.parametrize("rows", [0, 1])
def test_an_atlas_of_no_or_one_point_has_a_figure(metrics, rows):
    figure = plane_figure(metrics.head(rows), "psnr")
    assert len(trace(figure, "points").x) == rows
    assert figure.to_json()


def test_a_dots_colour_does_not_depend_on_who_else_is_drawn(metrics):
    whole = dict(
        zip(metrics["point"], trace(plane_figure(metrics, None), "points").marker.color, strict=True)
    )
    metrics.loc[[0, 1, 2], "psnr"] = np.nan
    part = trace(plane_figure(metrics, "psnr"), "points")
    assert all(whole[point] == colour for point, colour in zip(part.ids, part.marker.color, strict=True))


def test_corners_have_the_corner_colours():
    for (i, beta_2), (j, beta_1) in itertools.product(enumerate((0.1, 10.0)), repeat=2):
        [colour] = colour_code(np.array([beta_2]), np.array([beta_1]), (0.1, 10.0), (0.1, 10.0))
        assert colour == "#" + "".join(f"{int(value):02x}" for value in CORNERS[i, j])


def test_each_beta_has_a_colour_of_its_own():
    beta = np.geomspace(0.1, 10, 9)
    colours = colour_code(beta, np.full(9, 0.1), (0.1, 10.0), (0.1, 10.0))
    assert len(set(colours)) == 9
    assert colour_code(np.array([1.0]), np.array([1.0]), (1.0, 1.0), (1.0, 1.0))  # one β only
