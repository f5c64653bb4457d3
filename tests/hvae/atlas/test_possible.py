"""The limits of possible numbers hold for numbers that were measured."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hvae import Atlas, HVAEConfig
from hvae.atlas.atlas import shipped_names
from hvae.atlas.checks.possible import Setting, broken
from hvae.metrics.estimate import Estimate, columns_of, sample_size
from hvae.metrics.measurements.generation import generation_scores

CONFIG = HVAEConfig(image_shape=(1, 4, 4), variance=0.3)
SETTING = Setting(3, math.log(3), CONFIG)


def of_row(estimates):
    return {name: np.array([value]) for name, value in columns_of(estimates).items()}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(*[st.floats(0, 1e6)] * 3), min_size=2, max_size=12))
def test_means_of_any_rates_and_distortions_are_possible(images):
    """Every set of images, however few and however unlike, has means and errors that break no rule."""
    rate_2, rate_1, error = np.array(images).T
    constant = 8 * math.log(2 * math.pi * 0.3)
    distortion = constant + np.minimum(error, 1) * 16 / 0.6
    row = of_row(
        {
            "rate_z2": Estimate.mean_of(rate_2),
            "rate_z1": Estimate.mean_of(rate_1),
            "rate_total": Estimate.mean_of(rate_1 + rate_2),
            "distortion": Estimate.mean_of(distortion),
            "neg_elbo": Estimate.mean_of(distortion + rate_1 + rate_2),
        }
    )
    assert list(broken(row, SETTING)) == []
    assert list(broken({name: value.astype(np.float32) for name, value in row.items()}, SETTING)) == []


@settings(max_examples=200, deadline=None)
@given(
    st.integers(2, 5).flatmap(
        lambda classes: st.lists(
            st.lists(st.floats(1e-6, 1), min_size=classes, max_size=classes), min_size=2, max_size=9
        )
    )
)
def test_scores_of_any_classifier_are_possible(weights):
    probabilities = torch.tensor(weights, dtype=torch.float64)
    probabilities /= probabilities.sum(1, keepdim=True)
    classes = probabilities.shape[1]
    scores = generation_scores(probabilities)
    row = of_row({**scores, **{f"{name}_calibrated": score for name, score in scores.items()}})
    assert list(broken(row, Setting(classes, math.log(classes)))) == []


def test_scores_by_the_calibrated_judge_have_the_limits_of_the_others():
    possible = {"inception_score_calibrated": 2.0, "diversity_calibrated": 2.5, "sharpness_calibrated": 0.8}
    for change in (
        {"diversity_calibrated": 3.5},
        {"sharpness_calibrated": 0.2},
        {"diversity_calibrated": 2.4},
    ):
        row = {name: np.array([value]) for name, value in {**possible, **change}.items()}
        assert list(broken(row, SETTING)), change
    assert list(broken({name: np.array([value]) for name, value in possible.items()}, SETTING)) == []


@given(
    st.integers(1, 50).flatmap(lambda n: st.lists(st.integers(0, n), min_size=1).map(lambda hits: (n, hits)))
)
def test_shares_of_one_test_set_are_possible(shares):
    n, hits = shares
    values = np.array(hits) / n
    errors = np.sqrt(values * (1 - values) / n)
    for column in ("acc_knn_z2", "acc_knn_z2_draw"):
        row = {column: values, f"{column}_se": errors}
        assert list(broken(row, SETTING._replace(fitted_once=frozenset([column])))) == []
        assert list(broken(row, SETTING._replace(images=n))) == []


def test_an_accuracy_on_draws_with_the_error_of_other_images_was_not_measured():
    row = of_row({"acc_rbf_svm_z2_draw": Estimate(0.5, 0.05)})
    wrong = {name: np.append(np.repeat(values, 4), values) for name, values in row.items()}
    wrong["acc_rbf_svm_z2_draw_se"][-1] = 0.01
    (found,) = broken(wrong, SETTING._replace(fitted_once=frozenset(["acc_rbf_svm_z2_draw"])))
    assert found.row == 4 and "no share" in found.text
    # Of three fits on 100 images it could have been: at p = ½ an image's share is ⅓ or ⅔ at least.
    assert list(broken(wrong, SETTING)) == []
    (found,) = broken(wrong, SETTING._replace(images=100))
    assert found.row == 4 and "0.0167 at least" in found.text


@st.composite
def hits_of_fits(draw):
    """Whether each of three fits, or of one, is right on each image: points with the same images."""
    images, fits = draw(st.integers(1, 9)), draw(st.sampled_from([1, 3]))
    return [draw(arrays(bool, (fits, images))) for _ in range(draw(st.integers(1, 4)))]


@settings(max_examples=300, deadline=None)
@given(hits_of_fits())
def test_means_over_fits_are_possible_whatever_the_fits_get_right(points):
    values, errors = np.array([Estimate.share_over_fits(hits) for hits in points]).T
    n = points[0].shape[1]
    assert (errors > 0).all()
    for kind in (np.float64, np.float32):
        row = {"acc_knn_z2": values.astype(kind), "acc_knn_z2_se": errors.astype(kind)}
        for images in (None, n):
            assert list(broken(row, SETTING._replace(images=images))) == []


def test_an_accuracy_of_half_an_image_was_not_measured():
    row = of_row({"acc_knn_z2": Estimate(0.5, 0.1)})
    assert list(broken(row, SETTING._replace(images=10))) == []
    (found,) = broken(row, SETTING._replace(images=11))
    assert "no mean of 3 shares of 11 images" in found.text


@given(st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_and_its_error_say_of_how_many_it_is(share):
    hits, n = share
    estimate = Estimate.share_of(np.arange(n) < hits)
    assert estimate.standard_error > 0
    assert sample_size(estimate) == n
    row = of_row({"classifier_accuracy": estimate, "precision": estimate})
    assert list(broken(row, SETTING)) == []


def test_shares_of_another_release_or_of_nothing_say_no_number():
    for share in (Estimate(1.0, 0.0), Estimate(0.5, 0.123), Estimate(math.nan, math.nan), Estimate(2, 1)):
        assert sample_size(share) is None


@pytest.mark.parametrize("name", shipped_names())
def test_what_ships_was_measured(name):
    atlas = Atlas.shipped(name)
    numbers = {column: atlas.metrics[column].to_numpy() for column in atlas.metrics if column != "checkpoint"}
    assert list(broken(numbers, atlas.manifest.setting)) == []
    halved = {column: values.astype(np.float32) for column, values in numbers.items()}
    assert list(broken(halved, atlas.manifest.setting)) == []


def test_what_is_not_finite_is_passed_over_and_rows_are_told_apart():
    psnr = np.array([math.nan, math.inf, -math.inf, 20.0, -3.0])
    (found,) = broken({"psnr": psnr}, SETTING)
    assert found.row == 4 and "psnr is -3" in found.text
