"""Errors of differences between models of one atlas, against a bootstrap and against loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hvae.metrics.estimate import Estimate, contributions, covariance, error_of

WEIGHTS = np.array([1.0, -0.3, -0.7])
"""Of a gain over the β-VAE of equal total rate, interpolated between two."""


def correlated_errors(images=2000, seed=0):
    """Squared errors of three models, float64 (3, N): images that are hard are hard for all."""
    rng = np.random.default_rng(seed)
    return rng.lognormal(-4, 0.6, images) * rng.lognormal(0, 0.1, (3, images)) * [[1.0], [1.1], [0.95]]


def psnr(errors):
    return -10 * np.log10(errors.mean(axis=-1))


def test_the_error_of_a_gain_in_psnr_is_that_of_a_bootstrap_over_test_images():
    errors = correlated_errors()
    found = error_of(WEIGHTS, covariance(contributions("psnr", one) for one in errors))
    rng = np.random.default_rng(1)
    again = [WEIGHTS @ psnr(errors[:, rng.integers(0, 2000, 2000)]) for _ in range(2000)]
    assert found == pytest.approx(np.std(again), rel=0.1)
    separate = [Estimate.mean_of(one).standard_error / one.mean() * 10 / np.log(10) for one in errors]
    assert found < 0.25 * np.sqrt(np.square(WEIGHTS * separate).sum())


def test_the_error_of_a_gain_in_accuracy_is_that_of_a_bootstrap_over_test_images():
    rng = np.random.default_rng(2)
    easy = rng.normal(0.8, 1, 1500)
    hits = np.stack([(easy + rng.normal(0, 0.4, 1500) > 0)[None] for _ in range(3)])
    found = error_of(WEIGHTS, covariance(contributions("acc_rbf_svm_z2", one) for one in hits))
    again = [WEIGHTS @ hits[:, 0, rng.integers(0, 1500, 1500)].mean(axis=1) for _ in range(2000)]
    assert found == pytest.approx(np.std(again), rel=0.1)


@settings(max_examples=50, deadline=None)
@given(arrays(bool, st.tuples(st.just(2), st.integers(1, 4), st.integers(2, 40))))
def test_an_accuracy_alone_has_the_error_that_stands_in_the_table(hits):
    one = hits[0]
    if np.ptp(one.sum(axis=0)) == 0:
        return  # all images alike: the table's error is that of Laplace's rule instead
    found = covariance(contributions("acc_knn_z2", part) for part in hits)
    assert np.sqrt(found[0, 0]) == pytest.approx(Estimate.share_over_fits(one).standard_error, rel=1e-5)


@settings(max_examples=50, deadline=None)
@given(arrays(bool, st.tuples(st.just(2), st.integers(1, 4), st.integers(2, 40))))
def test_the_error_of_a_difference_is_that_of_the_differences_of_each_image_and_each_fit(hits):
    difference = hits[0].astype(float) - hits[1]
    fits, images = difference.shape
    square = np.var([difference[:, n].mean() for n in range(images)], ddof=1) / images
    if fits > 1:
        square += np.var([difference[f].mean() for f in range(fits)], ddof=1) / fits
    found = error_of(np.array([1, -1]), covariance(contributions("acc_knn_z2", one) for one in hits))
    assert found == pytest.approx(np.sqrt(square), abs=1e-6)


def test_a_model_differs_from_itself_by_exactly_nothing():
    errors = correlated_errors(100)[0]
    of_two = covariance(contributions("psnr", one) for one in (errors, errors))
    assert error_of(np.array([1, -1]), of_two) == 0


def test_a_single_image_supports_no_error_and_other_images_no_comparison():
    assert np.isnan(covariance([contributions("psnr", np.array([0.1]))])).all()
    with pytest.raises(ValueError, match="different images"):
        covariance([np.ones((1, 3)), np.ones((1, 4))])
    with pytest.raises(ValueError, match="must be"):
        contributions("psnr", np.ones((2, 3)))
