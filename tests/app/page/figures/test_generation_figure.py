"""The scores of samples."""

import numpy as np
import pandas as pd
import pytest

from app.page.figures.generation import product_figure, score_figure
from app.page.figures.look import Look

CEILING = {
    "inception_score": 9.69,
    "inception_score_se": 0.0125,
    "diversity": 9.98,
    "sharpness": 0.9708,
}


@pytest.fixture
def table():
    diversity, sharpness = np.array([1.27, 7.0, 9.35, 9.7]), np.array([0.842, 0.68, 0.678, 0.525])
    return pd.DataFrame(
        {
            "point": ["p0", "p1", "p2", "p3"],
            "beta_2": [10, 3, 1, 0.1],
            "beta_1": [10, 3, 1, 0.1],
            "rate_z2": [0.06, 3.5, 7.4, 9.2],
            "rate_z1": [0.002, 0.4, 5.4, 42.0],
            "rate_total": [0.062, 3.9, 12.8, 51.2],
            "inception_score": diversity * sharpness,
            "inception_score_se": [0.003, 0.03, 0.03, np.nan],
            "diversity": diversity,
            "sharpness": sharpness,
        }
    )


def trace(figure, name):
    return next(part for part in figure.data if part.name == name)


@pytest.mark.parametrize("axes", ["linear", "log"])
def test_the_ceiling_is_a_line_from_side_to_side_with_its_number(table, axes):
    figure = score_figure(table, "inception_score", "rate_total", CEILING, Look(axes=axes))
    line = trace(figure, "real images")
    (label,) = figure.layout.annotations
    assert list(line.y) == [9.69, 9.69] and label.text == "real test images: 9.69 ± 0.01"
    assert label.y == pytest.approx(9.69)
    ends = np.log10(line.x) if axes == "log" else line.x
    assert list(ends) == pytest.approx(list(figure.layout.xaxis.range))
    assert figure.layout.yaxis.range[1] > 9.69


def test_without_a_ceiling_there_is_no_line(table):
    names = [part.name for part in score_figure(table, "diversity", "rate_z2", {}, Look()).data]
    assert "real images" not in names and "points" in names
    assert "real images" not in [part.name for part in product_figure(table, {}, Look()).data]


@pytest.mark.parametrize("rate", ["rate_z2", "rate_z1", "rate_total"])
def test_scores_are_drawn_over_the_rate_asked_for_with_their_errors(table, rate):
    dots = trace(score_figure(table, "inception_score", rate, CEILING, Look()), "points")
    at = table.set_index("point")
    assert dict(zip(dots.ids, dots.x, strict=True)) == at[rate].to_dict()
    assert (
        dict(zip(dots.ids, dots.error_y.array, strict=True)) == at["inception_score_se"].fillna(0).to_dict()
    )


def test_the_score_is_constant_along_each_curve_and_is_the_product_of_the_axes(table):
    figure = product_figure(table, CEILING, Look())
    curves = [part for part in figure.data if part.name.startswith("score ")]
    assert [part.name for part in curves] == ["score 2", "score 4", "score 6", "score 8"]
    for part in curves:
        score = float(part.name.removeprefix("score "))
        assert np.allclose(np.multiply(part.x, part.y), score)
    numbers = [label for label in figure.layout.annotations if label.text != "real images"]
    assert {label.text for label in numbers} <= {"2", "4", "6", "8"} and len(numbers) > 1
    for label in numbers:
        assert label.x * label.y == pytest.approx(float(label.text), rel=0.02)
    real = trace(figure, "real images")
    assert (real.x[0], real.y[0]) == (9.98, 0.9708) and real.ids is None


def test_one_point_is_a_figure_and_no_score_is_words(table):
    for look in (Look(), Look("bits", "log")):
        assert len(trace(product_figure(table.head(1), {}, look), "points").ids) == 1
        assert len(trace(score_figure(table.head(1), "sharpness", "rate_z1", {}, look), "points").ids) == 1
    unknown = table.assign(diversity=np.nan, inception_score=np.nan)
    for figure in (
        product_figure(unknown, CEILING, Look()),
        score_figure(unknown, "inception_score", "rate_z2", {}, Look()),
    ):
        assert not figure.data and "classifier" in figure.layout.annotations[0].text
