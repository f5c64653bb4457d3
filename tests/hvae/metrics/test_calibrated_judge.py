"""The judge that learns from reconstructions is sure where it is right, and its calibration is measured."""

import numpy as np
import pytest
import torch

from hvae import HVAE, HVAEConfig
from hvae.datasets import Images, load
from hvae.metrics.classifier import accuracy, train_classifier
from hvae.metrics.samples.calibrated_judge import (
    REAL,
    RECONSTRUCTED,
    Guesses,
    calibration,
    guesses,
    images_to_learn,
    reconstructions,
    train_calibrated,
)


@pytest.fixture(scope="module")
def digits():
    return load("digits", "train"), load("digits", "test")


@pytest.fixture(scope="module")
def models():
    """Models whose pictures show nothing of the image: their weights are random."""
    made = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        made.append(HVAE(HVAEConfig(width=8, top_dim=4, channels=1)).eval())
    return made


def loop(sure, right, bins):
    total = 0.0
    for number in range(bins):
        inside = [i for i in range(len(sure)) if number / bins < sure[i] <= (number + 1) / bins]
        if inside:
            gap = np.mean([sure[i] for i in inside]) - np.mean([right[i] for i in inside])
            total += len(inside) / len(sure) * abs(gap)
    return total


@pytest.mark.parametrize("bins", [1, 4, 15])
def test_the_calibration_error_is_that_of_a_loop(bins):
    rng = np.random.default_rng(0)
    found = Guesses(rng.uniform(0.1, 1, 300), rng.random(300) < 0.5)
    measured = calibration(found, bins)
    assert measured.error == pytest.approx(loop(*found, bins))
    assert measured[:2] == pytest.approx((found.confidence.mean(), found.right.mean()))


def test_a_calibrated_guesser_has_next_to_no_calibration_error_and_a_boaster_much():
    rng = np.random.default_rng(1)
    sure = rng.uniform(0.1, 1, 100_000)
    right = rng.random(100_000) < sure
    assert calibration(Guesses(sure, right)).error < 0.01
    assert calibration(Guesses(np.ones(100_000), right)).error == pytest.approx(0.45, abs=0.01)


def test_it_learns_from_real_images_and_from_reconstructions_through_every_model(digits, models):
    train = digits[0]
    loads = [lambda model=model: model for model in models]
    found = images_to_learn(train, loads, seed=3)
    n = len(train) * RECONSTRUCTED // REAL
    assert len(found) == len(train) + n
    assert torch.equal(found.images[: len(train)], train.images)
    # The first reconstructions are through the first model, of every second image of the permutation.
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(4)).repeat(2)[:n][::2]
    chosen = Images(train.images[order], train.labels[order], train.classes)
    expected = torch.cat(list(reconstructions(models[0], chosen, seed=3)))
    first = slice(len(train), len(train) + len(order))
    assert torch.equal(found.labels[first], chosen.labels)
    assert (found.images[first] / 255 - expected).abs().max() <= 0.5 / 255 + 1e-6
    assert torch.equal(images_to_learn(train, loads, seed=3).images, found.images)


def test_reconstructions_are_those_of_one_posterior_draw(digits, models):
    few = Images(digits[1].images[:20], digits[1].labels[:20], digits[1].classes)
    x = few.batch(torch.arange(20))
    latents = models[0].infer(x, models[0].noise(20, 7)).latents
    expected = models[0].decode(dict(enumerate(latents, start=1)))
    found = torch.cat(list(reconstructions(models[0], few, seed=7, batch_size=6)))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_the_calibrated_judge_is_unsure_where_nothing_shows_and_knows_real_images(digits, models):
    train, test = (Images(part.images[:400], part.labels[:400], part.classes) for part in digits)
    source = train_classifier(train, epochs=5, width=8)
    before = {name: weight.clone() for name, weight in source.state_dict().items()}
    learned_from = images_to_learn(train, [lambda model=model: model for model in models], seed=0)
    calibrated = train_calibrated(source, learned_from)
    assert all(torch.equal(weight, before[name]) for name, weight in source.state_dict().items())
    of_source, of_calibrated = (
        calibration(one) for one in guesses([source, calibrated], models[0], test, seed=5)
    )
    assert of_calibrated.confidence < 0.2 < of_source.confidence
    assert of_calibrated.error < 0.1 < of_source.error
    assert accuracy(calibrated, test).value > accuracy(source, test).value - 0.03
