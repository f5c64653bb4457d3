"""Distortion and PSNR over the total rate."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import ConvexHull

from app.page.figures.look import Look
from app.page.figures.reconstruction import distortion_figure, lower_hull, psnr_figure


@pytest.fixture
def table():
    generator = np.random.default_rng(0)
    total = np.sort(generator.uniform(0.5, 60, 25))
    distortion = 640 - 50 * (1 - np.exp(-total / 15)) + generator.uniform(0, 6, 25)
    betas = np.geomspace(0.1, 10, 5)
    beta_2, beta_1 = (part.ravel() for part in np.meshgrid(betas, betas))
    return pd.DataFrame(
        {
            "point": [f"p{index}" for index in range(25)],
            "beta_2": beta_2,
            "beta_1": beta_1,
            "rate_z2": 0.4 * total,
            "rate_z1": 0.6 * total,
            "rate_total": total,
            "distortion": distortion,
            "neg_elbo": distortion + total,
            "psnr": 13 + 3 * np.log1p(total),
        }
    )


def trace(figure, name):
    return next(part for part in figure.data if part.name == name)


@pytest.mark.parametrize(("units", "factor"), [("nats", 1), ("bits", 1 / np.log(2))])
@pytest.mark.parametrize("axes", ["linear", "log"])
def test_no_dot_lies_below_the_bound_and_the_best_elbo_lies_on_it(table, units, factor, axes):
    figure = distortion_figure(table, Look(units, axes))
    bound, dots = trace(figure, "bound"), trace(figure, "points")
    lowest = (table["distortion"] + table["rate_total"]).min() * factor
    assert np.allclose(np.add(bound.x, bound.y), lowest)
    above = np.add(dots.x, dots.y) - lowest
    assert above.min() == pytest.approx(0, abs=1e-9)
    assert units in figure.layout.yaxis.title.text


def test_the_lower_hull_is_that_of_scipy(table):
    x, y = table["rate_total"].to_numpy(), table["distortion"].to_numpy()
    found = lower_hull(x, y)
    vertices = ConvexHull(np.column_stack([x, y])).vertices
    slopes = np.diff(y[found]) / np.diff(x[found])
    assert (np.diff(slopes) > 0).all()
    assert set(found) <= set(vertices) and {int(x.argmin()), int(x.argmax())} <= set(found)
    assert (y >= np.interp(x, x[found], y[found]) - 1e-9).all()


def test_the_lower_hull_of_points_above_each_other_and_of_one():
    assert list(lower_hull(np.array([1.0, 1.0, 0.0]), np.array([5.0, 2.0, 9.0]))) == [2, 1]
    assert list(lower_hull(np.array([1.0]), np.array([5.0]))) == [0]


def test_equal_betas_are_joined_from_low_to_high_beta(table):
    line = trace(psnr_figure(table.sample(frac=1, random_state=1), Look()), "diagonal")
    at = table.iloc[[0, 6, 12, 18, 24]]
    assert list(line.x) == list(at["rate_total"]) and list(line.y) == list(at["psnr"])


def test_the_best_split_of_each_band_is_marked(table):
    marks = trace(psnr_figure(table, Look()), "best of each band")
    line = table.iloc[[0, 6, 12, 18, 24]]
    gain = table["psnr"] - np.interp(table["rate_total"], line["rate_total"], line["psnr"])
    expected = []
    for low in range(0, 60, 10):
        inside = table[(table["rate_total"] > low) & (table["rate_total"] <= low + 10)]
        if len(inside):
            expected.append(inside["psnr"][gain[inside.index].idxmax()])
    assert list(marks.y) == expected


@pytest.mark.parametrize("draw", [distortion_figure, psnr_figure])
def test_one_point_is_a_figure_and_none_are_words(table, draw):
    for look in (Look(), Look("bits", "log", "psnr")):
        assert len(trace(draw(table.head(1), look), "points").ids) == 1
        assert draw(table.head(0), look).layout.annotations[0].text


@pytest.mark.parametrize("axes", ["linear", "log"])
def test_no_dot_lies_below_the_drawn_hull(table, axes):
    figure = distortion_figure(table, Look(axes=axes))
    hull = trace(figure, "lower hull")
    drawn = np.interp(table["rate_total"], hull.x, hull.y)
    assert (table["distortion"] >= drawn - 1e-9).all()
    assert np.isclose(table["distortion"], drawn).sum() >= 3
