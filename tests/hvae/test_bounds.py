import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import entropy

from hvae.bounds import best_accuracy, best_distortion, label_entropy

frequencies = st.lists(st.floats(1e-3, 1), min_size=2, max_size=12).map(lambda p: np.array(p) / np.sum(p))


def fano(error, classes):
    return entropy([error, 1 - error]) + error * math.log(classes - 1)


@given(frequencies)
def test_information_about_everything_allows_perfect_accuracy(p):
    assert best_accuracy(label_entropy(p), p) == 1
    assert best_accuracy(label_entropy(p) + 1, p) == 1


@given(st.integers(2, 100))
def test_without_information_uniform_labels_are_guessed_one_time_in_k(classes):
    assert best_accuracy(0, np.full(classes, 1 / classes)) == pytest.approx(1 / classes, abs=1e-6)


@given(frequencies, st.floats(-1, 5))
def test_no_bound_is_below_what_guessing_the_commonest_label_attains(p, information):
    assert p.max() - 1e-12 <= best_accuracy(information, p) <= 1


@given(frequencies, st.lists(st.floats(-0.5, 4), min_size=2, max_size=20))
def test_more_information_never_lowers_the_bound(p, information):
    assert (np.diff(best_accuracy(np.sort(information), p)) >= 0).all()


@given(frequencies, st.floats(0.01, 0.99))
def test_the_bound_solves_fanos_equation(p, share):
    information = share * label_entropy(p)
    expected = 1 - brentq(
        lambda error: fano(error, len(p)) - (label_entropy(p) - information), 0, 1 - 1 / len(p), xtol=1e-13
    )
    assert best_accuracy(information, p) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=200)
@given(st.data(), st.integers(2, 6), st.integers(1, 8))
def test_no_classifier_of_a_discrete_latent_beats_the_bound(data, classes, latents):
    """The best one, argmax p(y|z), knowing the joint distribution p(y, z)."""
    cells = st.lists(st.floats(0, 1), min_size=classes * latents, max_size=classes * latents)
    joint = np.array(data.draw(cells)).reshape(classes, latents) + 1e-9
    joint /= joint.sum()
    p_y, p_z = joint.sum(1), joint.sum(0)
    information = entropy(p_y) + entropy(p_z) - entropy(joint.ravel())

    assert joint.max(0).sum() <= best_accuracy(information, p_y) + 1e-6


@pytest.mark.parametrize("error", [0.0, 0.02, 0.3, 0.7])
def test_a_symmetric_channel_attains_the_bound(error):
    classes = 10
    information = math.log(classes) - fano(error, classes)
    assert best_accuracy(information, np.ones(classes)) == pytest.approx(1 - error, abs=1e-7)


def test_counts_are_as_good_as_frequencies_and_absent_labels_do_not_count():
    assert best_accuracy(0.3, [30, 10, 0, 60]) == pytest.approx(
        best_accuracy(0.3, [0.3, 0.1, 0.6]), abs=1e-12
    )
    assert label_entropy([30, 10, 0, 60]) == pytest.approx(entropy([3, 1, 6]))


def test_a_single_label_is_always_right():
    assert best_accuracy(0.0, [7]) == 1
    assert label_entropy([7]) == 0


def test_arrays_keep_their_shape_and_nan_stays_nan():
    bounds = best_accuracy(np.array([[0.0, math.nan], [1.0, math.inf]]), np.ones(10))
    assert bounds.shape == (2, 2)
    assert np.isnan(bounds[0, 1]) and bounds[1, 1] == 1
    assert isinstance(best_accuracy(1.0, np.ones(10)), float)
    assert math.isnan(best_accuracy(math.nan, np.ones(10)))


@pytest.mark.parametrize("bad", [[], [0, 0], [-1, 2], [math.nan, 1], [math.inf, 1]])
def test_frequencies_that_are_none_are_refused(bad):
    with pytest.raises(ValueError, match="label frequencies"):
        best_accuracy(1.0, bad)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(400, 900)), min_size=1, max_size=30))
def test_no_point_of_the_grid_beats_the_best_distortion_and_one_attains_it(points):
    rates, distortions = np.array(points).T
    gap = distortions - best_distortion(rates, rates + distortions)
    assert gap.min() == pytest.approx(0, abs=1e-9)


def test_diverged_points_do_not_spoil_the_best_distortion():
    assert best_distortion(10.0, [math.nan, 620, 615]) == 605
    np.testing.assert_array_equal(best_distortion(np.array([0, 15]), [620, 615]), [615, 600])
    assert math.isnan(best_distortion(10.0, [math.nan]))
