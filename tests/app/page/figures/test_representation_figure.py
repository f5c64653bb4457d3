"""What layers know of the label, and its bounds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from app.page.figures.look import Look
from app.page.figures.representation import (
    accuracy_figure,
    accuracy_of_information_figure,
    information_figure,
)
from app.page.panels import representation
from app.page.state import first_screen, posteriors
from hvae.atlas.atlas import Atlas

FREQUENCIES = [0.1] * 10


@pytest.fixture
def table():
    rate = np.array([0.0005, 0.5, 4.0, 30.0])
    return pd.DataFrame(
        {
            "point": ["p0", "p1", "p2", "p3"],
            "beta_2": [10, 3, 1, 0.1],
            "beta_1": [1.0, 1, 1, 1],
            "rate_z2": rate,
            "rate_z1": [5.0, 4, 3, 2],
            "rate_total": rate + [5.0, 4, 3, 2],
            "mi_z2": [0.0003, 0.4, 1.3, 2.2],
            "mi_z2_se": [0.001, 0.01, 0.01, np.nan],
            "mi_z1": [1.0, 1.2, 1.4, 1.6],
            "acc_knn_z2": [0.45, 0.8, 0.93, 0.97],
            "acc_knn_z2_se": [0.004, 0.003, 0.002, 0.001],
            "acc_knn_z1": [0.7, 0.8, 0.9, 0.95],
        }
    )


def trace(figure, name):
    return next(part for part in figure.data if part.name == name)


def fano(accuracy):
    """H[y] − I where f⁻¹(I) = accuracy, for ten labels alike, in nats."""
    error = 1 - accuracy
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.nan_to_num(error * np.log(error)) - accuracy * np.log(accuracy)
    return entropy + error * np.log(9)


@pytest.mark.parametrize(("units", "factor"), [("nats", 1), ("bits", 1 / np.log(2))])
@pytest.mark.parametrize("axes", ["linear", "log"])
def test_information_is_bounded_by_the_rate_and_by_the_labels_entropy(table, units, factor, axes):
    figure = information_figure(table, "z2", FREQUENCIES, Look(units, axes))
    bound = trace(figure, "bound")
    entropy = np.log(10) * factor
    assert np.allclose(bound.y, np.minimum(bound.x, entropy))
    assert np.isclose(bound.x, entropy).any(), "the bend is drawn"
    (label,) = figure.layout.annotations
    assert label.text == ("H[y] = 2.30 nats" if units == "nats" else "H[y] = 3.32 bits")
    assert label.y == pytest.approx(entropy)


@pytest.mark.parametrize(("units", "factor"), [("nats", 1), ("bits", 1 / np.log(2))])
def test_lines_lead_from_estimates_which_err_upwards_down_to_lower_bounds(table, units, factor):
    table["mi_z2_bound"] = [-0.01, 0.1, np.nan, 1.8]
    figure = information_figure(table, "z2", FREQUENCIES, Look(units))
    lines = trace(figure, "lower bounds")
    ends = np.array(lines.y, float).reshape(-1, 3)
    assert np.allclose(ends[:, 0], table["mi_z2"] * factor)
    assert np.allclose(ends[:, 1], np.array([0, 0.1, 1.3, 1.8]) * factor), "no line where nothing is known"
    assert np.isnan(ends[:, 2]).all(), "each line is one of its own"
    assert np.allclose(np.array(lines.x).reshape(-1, 3)[:, :2].T, trace(figure, "points").x)
    assert "lower bound" in str(trace(figure, "points").customdata)


def test_without_a_lower_bound_of_the_information_there_are_no_lines(table):
    for layer in ("z2", "z1"):
        figure = information_figure(table, layer, FREQUENCIES, Look())
        assert "lower bounds" not in [part.name for part in figure.data]


def test_the_top_layer_is_drawn_over_its_own_rate_and_the_bottom_layer_over_the_total(table):
    for layer, column in (("z2", "rate_z2"), ("z1", "rate_total")):
        for figure in (
            information_figure(table, layer, FREQUENCIES, Look()),
            accuracy_figure(table, layer, "knn", FREQUENCIES, Look()),
        ):
            dots = trace(figure, "points")
            expected = table.set_index("point")[column]
            assert dict(zip(dots.ids, dots.x, strict=True)) == expected.to_dict()


@pytest.mark.parametrize("units", ["nats", "bits"])
def test_the_curve_over_the_rate_is_fanos_bound(table, units):
    curve = trace(accuracy_figure(table, "z2", "knn", FREQUENCIES, Look(units)), "bound of the rate")
    nats = np.array(curve.x) * (np.log(2) if units == "bits" else 1)
    inside = nats < np.log(10)
    assert inside.sum() > 20
    assert np.allclose(np.log(10) - fano(np.array(curve.y)[inside]), nats[inside], atol=1e-6)
    assert np.allclose(np.array(curve.y)[~inside], 1)


def test_every_dot_has_a_dash_at_the_bound_of_its_own_information(table):
    dashes = trace(accuracy_figure(table, "z2", "knn", FREQUENCIES, Look()), "bounds of the information")
    assert list(dashes.x) == list(table["rate_z2"])
    assert np.allclose(np.log(10) - fano(np.array(dashes.y)), table["mi_z2"], atol=1e-4)


def test_a_lower_bound_of_the_information_in_z1_bounds_no_accuracy(table):
    over_rate = accuracy_figure(table, "z1", "knn", FREQUENCIES, Look())
    assert "bounds of the information" not in [part.name for part in over_rate.data]
    curve = trace(over_rate, "bound of the rate")
    assert max(curve.x) == pytest.approx(table["rate_total"].max())
    over_information = accuracy_of_information_figure(table, "z1", "knn", FREQUENCIES, Look())
    assert "bound" not in [part.name for part in over_information.data]


def test_the_curve_over_information_is_the_same_bound(table):
    figure = accuracy_of_information_figure(table, "z2", "knn", FREQUENCIES, Look())
    curve, dots = trace(figure, "bound"), trace(figure, "points")
    assert np.allclose(np.log(10) - fano(np.array(curve.y)), curve.x, atol=1e-4)
    assert dict(zip(dots.ids, dots.x, strict=True)) == table.set_index("point")["mi_z2"].to_dict()


def test_error_bars_are_the_standard_errors(table):
    dots = trace(information_figure(table, "z2", FREQUENCIES, Look("bits")), "points")
    bars = dict(zip(dots.ids, dots.error_y.array, strict=True))
    assert bars["p1"] == pytest.approx(0.01 / np.log(2)) and bars["p3"] == 0
    assert trace(accuracy_figure(table, "z1", "knn", FREQUENCIES, Look()), "points").error_y.array is None


def test_accuracies_are_those_of_what_the_classifier_reads(table):
    table["acc_knn_z2_draw"] = [0.1, 0.3, 0.5, 0.7]
    for draw in (accuracy_figure, accuracy_of_information_figure):
        heights = {}
        for posterior in ("mean", "draw"):
            dots = trace(draw(table, "z2", "knn", FREQUENCIES, Look(), posterior), "points")
            heights[posterior] = dict(zip(dots.ids, dots.y, strict=True))
        assert heights["mean"] == table.set_index("point")["acc_knn_z2"].to_dict()
        assert heights["draw"] == table.set_index("point")["acc_knn_z2_draw"].to_dict()


@pytest.mark.parametrize(("measured", "choices"), [(np.nan, ["mean"]), (0.4, ["draw", "mean"])])
def test_draws_are_read_first_where_they_were_measured(tiny_atlas, measured, choices):
    atlas = Atlas.open(tiny_atlas)
    atlas = replace(atlas, metrics=atlas.metrics.assign(acc_knn_z2_draw=measured))
    assert list(posteriors(atlas)) == choices
    assert first_screen("tiny", atlas).posterior == choices[0]
    assert ("control-posterior" in str(representation.layout(atlas))) == (len(choices) > 1)


def test_without_label_frequencies_there_is_no_bound(table):
    figure = accuracy_figure(table, "z2", "knn", [], Look())
    assert [part.name for part in figure.data] == ["diagonal", "points", "standard"]


def test_an_atlas_without_labels_says_what_is_missing(table):
    for draw in (accuracy_figure, accuracy_of_information_figure):
        figure = draw(table.drop(columns="acc_knn_z2"), "z2", "knn", [], Look())
        assert "kNN" in figure.layout.annotations[0].text


def test_one_point_is_a_figure(table):
    for look in (Look(), Look("bits", "log")):
        figure = accuracy_figure(table.head(1), "z2", "knn", FREQUENCIES, look)
        assert len(trace(figure, "points").ids) == 1 and figure.to_json()
