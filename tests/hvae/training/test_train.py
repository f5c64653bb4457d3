import math

import pytest
import torch

from hvae import HVAEConfig
from hvae.datasets import Images, load
from hvae.training.recipe import Recipe
from hvae.training.train import initial_model, is_finite, train

CONFIG = HVAEConfig(width=8, top_dim=4, channels=2)


@pytest.fixture(scope="module")
def digits() -> Images:
    return load("digits", "train")


def weights(model):
    return torch.cat([value.flatten() for value in model.state_dict().values()])


def test_the_same_seed_gives_the_same_weights(digits):
    first, second = (train(CONFIG, digits, [1, 1], Recipe(epochs=1), seed=3) for _ in range(2))
    assert torch.equal(weights(first), weights(second))
    assert not torch.equal(weights(first), weights(train(CONFIG, digits, [1, 1], Recipe(epochs=1), seed=4)))


def test_training_lowers_the_objective_and_a_larger_beta_lowers_its_rate(digits):
    x = digits.batch(torch.arange(200))
    before = initial_model(CONFIG, digits, seed=0)
    models = {
        betas: train(CONFIG, digits, betas, Recipe(epochs=4))
        for betas in ((0.1, 0.1), (10.0, 0.1), (0.1, 10.0))
    }
    assert models[0.1, 0.1].distortion(x).mean() < before.distortion(x).mean()
    rates = {betas: model.rates(x).mean(0) for betas, model in models.items()}
    assert rates[10.0, 0.1][0] < rates[0.1, 0.1][0]
    assert rates[0.1, 10.0][1] < rates[0.1, 0.1][1]


def test_an_untrained_model_draws_the_mean_brightness_of_the_data(digits):
    model = initial_model(CONFIG, digits, seed=0)
    mean = digits.images.double().mean().item() / 255
    assert model.sample(64).mean().item() == pytest.approx(mean, abs=0.05)


def test_the_callers_random_state_is_left_alone(digits):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    initial_model(CONFIG, digits, seed=0)
    assert torch.equal(torch.rand(1), expected)


def test_one_beta_per_layer_is_asked_for(digits):
    with pytest.raises(ValueError, match="2 layers need 2"):
        train(CONFIG, digits, [1.0], Recipe(epochs=1))


def test_images_of_another_shape_are_refused(digits):
    with pytest.raises(ValueError, match="images are"):
        train(HVAEConfig(image_shape=(3, 32, 32)), digits, [1.0, 1.0], Recipe(epochs=1))


def test_the_learning_rate_rises_then_falls_to_nothing():
    factors = [Recipe(learning_rate=1.0).learning_rate_at(step, 1000) for step in range(1000)]
    assert factors[0] < 0.1
    assert max(factors) == pytest.approx(1, abs=0.01)
    assert factors[-1] < 1e-4
    assert all(math.isfinite(factor) and factor >= 0 for factor in factors)


def test_weights_that_are_not_numbers_are_noticed(digits):
    model = initial_model(CONFIG, digits, seed=0)
    assert is_finite(model)
    with torch.no_grad():
        model.picture_head.out.weight[0, 0, 0, 0] = math.nan
    assert not is_finite(model)
