"""Fréchet distance, precision and recall against torchmetrics, a loop, and the scatter of repeated draws."""

import math

import numpy as np
import pytest
import torch
from torchmetrics.image.fid import _compute_fid

from hvae.metrics.samples.frechet import frechet_distance
from hvae.metrics.samples.precision_recall import precision_recall


def features(n, seed, dimensions=12, scale=0.8, shift=0.3):
    """Correlated features, of which some never differ from 0, as behind a ReLU."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(dimensions, dimensions, generator=torch.Generator().manual_seed(99))
    x = shift + scale * torch.randn(n, dimensions, generator=generator) @ mixing
    return torch.cat([x.relu(), torch.zeros(n, 2)], dim=1)


def moments(x):
    return x.double().mean(0), torch.cov(x.double().T)


@pytest.mark.parametrize("n", [5, 300, 1003])
def test_the_frechet_distance_is_that_of_torchmetrics(n):
    samples, images = features(n, 1), features(700, 2, scale=1.0, shift=0.0)
    expected = _compute_fid(*moments(samples), *moments(images)).item()
    assert frechet_distance(samples, images).value == pytest.approx(expected, rel=1e-4)


def test_the_frechet_distance_of_shifted_features_is_the_squared_shift():
    images = features(400, 3)
    assert frechet_distance(images + 2, images).value == pytest.approx(14 * 4, rel=1e-4)
    assert frechet_distance(images, images).value == pytest.approx(0, abs=1e-6)


def loop(one, other, k):
    """The share of `one` that lies in a ball around one of `other`, pair by pair."""
    inside = 0
    for a in one:
        for number, b in enumerate(other):
            ball = sorted(math.dist(b, c) for place, c in enumerate(other) if place != number)[k - 1]
            if math.dist(a, b) <= ball:
                inside += 1
                break
    return inside / len(one)


@pytest.mark.parametrize(("n", "m", "k"), [(40, 40, 3), (25, 50, 1), (50, 9, 5)])
def test_precision_and_recall_are_those_of_a_loop(n, m, k):
    # Some samples are equal, and some are real images.
    samples, images = features(n, 4, scale=0.6), features(m, 5)
    samples[3:6], samples[6] = samples[2], images[0]
    found = precision_recall(samples, images, nearest=k)
    assert found.precision.value == loop(samples.tolist(), images.tolist(), k)
    assert found.recall.value == pytest.approx(loop(images.tolist(), samples.tolist(), k), abs=1e-12)


def test_the_jackknife_of_the_recall_leaves_out_one_part_after_the_other():
    samples, images = features(60, 6), features(60, 7)
    parts = np.array_split(np.arange(60), 20)
    without = [
        precision_recall(samples[np.setdiff1d(np.arange(60), part)], images).recall.value for part in parts
    ]
    expected = math.sqrt(19 * np.var(without))
    assert precision_recall(samples, images).recall.standard_error == pytest.approx(expected)


def test_standard_errors_are_the_scatter_of_repeated_samples():
    images = features(200, 8, 6)
    distances, shares = [], []
    for seed in range(100, 180):
        samples = features(200, seed, 6, scale=0.7)
        shares.append(precision_recall(samples, images))
        distances.append(frechet_distance(features(400, seed, 6, scale=0.7, shift=1.5), images))
    for estimates, low, high in (
        (distances, 0.8, 1.25),
        ([precision for precision, _ in shares], 0.8, 1.25),
        ([recall for _, recall in shares], 0.9, 1.7),  # the jackknife errs upwards there, as its text says
    ):
        scatter = np.std([value for value, _ in estimates], ddof=1)
        assert low < np.mean([error for _, error in estimates]) / scatter < high


def test_too_few_features_and_those_that_are_not_finite_give_nan():
    images, broken = features(30, 9), features(30, 10)
    broken[3, 2] = math.nan
    for samples in (broken, images[:1]):
        assert all(map(math.isnan, frechet_distance(samples, images)))
        assert all(math.isnan(number) for one in precision_recall(samples, images) for number in one)
    assert math.isnan(precision_recall(images[:4], images).recall.standard_error)
    assert np.isfinite(precision_recall(images[:5], images)).all()
    assert math.isnan(frechet_distance(images[:2], images).standard_error)


def test_samples_that_are_all_alike_are_measured():
    images = features(50, 11)
    alike = images[:1].expand(50, -1)
    precision, recall = precision_recall(alike, images)
    assert precision.value == 1
    assert recall.value == pytest.approx(1 / 50)
    assert np.isfinite(frechet_distance(alike, images)).all()
