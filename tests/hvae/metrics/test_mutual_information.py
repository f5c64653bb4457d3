import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm
from torch.distributions import Normal

from hvae.config import HVAEConfig
from hvae.datasets import Images, load
from hvae.gaussian import Gaussian
from hvae.metrics import mutual_information as information
from hvae.metrics.mutual_information import (
    mixture_information,
    mutual_information,
    top_information_bound,
    variational_information,
)
from hvae.metrics.rates import layer_rates
from hvae.model import HVAE, Inference


def double_loop(latents, posteriors, labels):
    """The definition, one pair of images at a time, in float64."""
    total, n = 0.0, len(latents)
    z, mean, std = latents.double(), posteriors.mean.double(), posteriors.log_std.double().exp()
    for i in range(n):
        log_q = torch.stack([Normal(mean[j], std[j]).log_prob(z[i]).sum() for j in range(n)])
        same = log_q[labels == labels[i]]
        total += (same.logsumexp(0) - math.log(len(same)) - log_q.logsumexp(0) + math.log(n)).item()
    return total / n


def label_frequencies_entropy(labels):
    p = torch.bincount(labels).double() / len(labels)
    return -torch.xlogy(p, p).sum().item()


@pytest.mark.parametrize(
    ("dimensions", "std", "spread"),
    [
        (32, 1.0, 1.0),
        # As sharp as posteriors get (e^-5), at distances where many terms of the mixtures count, far from 0.
        (256, 0.0067, 0.002),
        (256, 0.01, 1.0),
        (4, 3.0, 0.1),
    ],
)
def test_mixture_information_equals_a_double_loop_of_torch_distributions(dimensions, std, spread):
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(5, (150,), generator=generator)
    centres = spread * torch.randn(5, dimensions, generator=generator)
    mean = 3 + centres[labels] + spread * torch.randn(150, dimensions, generator=generator)
    log_std = math.log(std) + 0.3 * torch.randn(150, dimensions, generator=generator)
    posteriors = Gaussian(mean, log_std)
    latents = posteriors.sample(torch.randn(150, dimensions, generator=generator))

    estimate = mixture_information(latents, posteriors, labels)

    assert estimate.value == pytest.approx(double_loop(latents, posteriors, labels), abs=1e-4)


def two_gaussians(n, seed, offset=1.0):
    """Labels 0 and 1 and z ~ N(±offset, 1), one dimension: I(y; z) is a one-dimensional integral."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (n,), generator=generator)
    posteriors = Gaussian((2.0 * labels[:, None] - 1) * offset, torch.zeros(n, 1))
    return posteriors.sample(torch.randn(n, 1, generator=generator)), posteriors, labels


def information_of_two_gaussians(offset=1.0):
    def mixture(z):
        return 0.5 * norm.pdf(z, offset) + 0.5 * norm.pdf(z, -offset)

    marginal_entropy = quad(lambda z: -mixture(z) * np.log(mixture(z)), -12, 12)[0]
    return marginal_entropy - norm.entropy()


def test_mixture_information_agrees_with_an_integral_within_its_error():
    estimate = mixture_information(*two_gaussians(4000, seed=0))

    assert abs(estimate.value - information_of_two_gaussians()) < 3 * estimate.standard_error
    assert 0.002 < estimate.standard_error < 0.02


def test_the_standard_error_of_mixture_information_is_the_scatter_between_repetitions():
    estimates = [mixture_information(*two_gaussians(500, seed)) for seed in range(60)]

    scatter = np.std([estimate.value for estimate in estimates], ddof=1)
    claimed = np.mean([estimate.standard_error for estimate in estimates])
    assert claimed == pytest.approx(scatter, rel=0.3)


def test_latents_that_ignore_the_image_carry_no_information():
    latents = torch.randn(300, 8, generator=torch.Generator().manual_seed(0))
    posteriors = Gaussian(torch.zeros(300, 8), torch.zeros(300, 8))

    assert mixture_information(latents, posteriors, torch.arange(300) % 7).value == pytest.approx(
        0, abs=1e-12
    )


def test_latents_that_name_the_image_carry_the_entropy_of_its_label():
    labels = torch.tensor([0, 0, 0, 1, 1, 5])
    posteriors = Gaussian(100.0 * torch.arange(6)[:, None], torch.zeros(6, 1))

    estimate = mixture_information(posteriors.mean, posteriors, labels)

    assert estimate.value == pytest.approx(label_frequencies_entropy(labels), abs=1e-12)


def test_mixture_information_does_not_depend_on_units_or_origin():
    latents, posteriors, labels = two_gaussians(400, seed=3)
    moved = Gaussian(50 - 1e-3 * posteriors.mean, posteriors.log_std + math.log(1e-3))

    there = mixture_information(50 - 1e-3 * latents.double(), Gaussian(*(p.double() for p in moved)), labels)

    assert there.value == pytest.approx(mixture_information(latents, posteriors, labels).value, abs=1e-4)


def test_numbers_that_are_not_finite_give_nan_instead_of_an_error():
    latents, posteriors, labels = two_gaussians(50, seed=0)
    latents[3] = math.nan
    assert all(map(math.isnan, mixture_information(latents, posteriors, labels)))
    assert all(map(math.isnan, variational_information(latents, labels, latents, labels, classes=2)))


# ------------------------------------------------------------------------------------------ variational bound


@pytest.mark.parametrize("offset", [0.3, 1.0, 3.0])
def test_the_variational_bound_is_tight_where_labels_are_easy_to_model(offset):
    latents, _, labels = two_gaussians(4000, seed=0, offset=offset)
    train_latents, _, train_labels = two_gaussians(8000, seed=1, offset=offset)

    estimate = variational_information(latents, labels, train_latents, train_labels, classes=2)

    truth = information_of_two_gaussians(offset)
    assert truth - 0.02 - 3 * estimate.standard_error < estimate.value < truth + 3 * estimate.standard_error


def test_the_variational_bound_is_zero_where_latents_are_noise():
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(5000, 64, generator=generator)
    labels = torch.randint(10, (5000,), generator=generator)

    estimate = variational_information(noise[:1000], labels[:1000], noise[1000:], labels[1000:], classes=10)

    assert abs(estimate.value) < 0.005


def test_the_variational_bound_allows_for_labels_that_are_rarer_in_training():
    latents, _, labels = two_gaussians(4000, seed=0)
    train_latents, _, train_labels = two_gaussians(16000, seed=1)
    kept = (train_labels == 0) | (torch.arange(16000) % 5 == 0)

    estimate = variational_information(latents, labels, train_latents[kept], train_labels[kept], classes=2)

    assert estimate.value == pytest.approx(information_of_two_gaussians(), abs=0.03)


def test_the_variational_bound_is_the_same_each_time():
    latents, _, labels = two_gaussians(500, seed=0)
    estimates = [variational_information(latents, labels, latents, labels, classes=2, seed=4) for _ in "ab"]
    assert estimates[0] == estimates[1]


# ----------------------------------------------------------------------------------------------- whole models

CONFIG = HVAEConfig(width=8, top_dim=8, channels=2)


def untrained(config=CONFIG):
    torch.manual_seed(0)
    return HVAE(config).eval()


@pytest.fixture(scope="module")
def digits():
    return load("digits", "train"), load("digits", "test")


def test_every_layer_of_a_model_stays_below_its_rate_and_the_entropy_of_labels(digits):
    train, test = digits
    model = untrained()

    estimates = mutual_information(model, test, train)

    rates = layer_rates(model, test)
    upper = [rates.rate_total, rates.rates[1]]
    for estimate, rate in zip(estimates, upper, strict=True):
        ceiling = min(rate, label_frequencies_entropy(test.labels))
        assert -3 * estimate.standard_error <= estimate.value <= ceiling + 3 * estimate.standard_error


def test_the_top_layer_of_a_model_is_measured_on_its_own_posteriors(digits):
    train, test = digits
    few = Images(test.images[:60], test.labels[:60], test.classes)
    model = untrained()
    with torch.inference_mode():
        inference = model.infer(few.batch(torch.arange(60)), model.noise(60, seed=5))

    estimate = mutual_information(model, few, train, draws=500, seed=5, batch_size=17)[-1]

    expected = double_loop(inference.latents[-1], inference.posteriors[-1], few.labels)
    assert estimate.value == pytest.approx(expected, abs=1e-4)


def test_one_layer_needs_no_training_images(digits):
    _, test = digits
    nothing = Images(test.images[:0], test.labels[:0], test.classes)
    assert len(mutual_information(untrained(HVAEConfig(layers=1, width=8, top_dim=4)), test, nothing)) == 1


def test_a_model_with_nan_weights_has_nan_information(digits):
    train, test = digits
    model = untrained()
    with torch.no_grad():
        model.layers[-1].posterior_head.bias[0] = math.nan
    assert all(
        math.isnan(number) for estimate in mutual_information(model, test, train) for number in estimate
    )


def test_draws_of_one_image_are_draws_of_its_own_posterior(digits):
    images, index = digits[1], torch.tensor([3, 3, 3, 8, 1, 1])
    torch.manual_seed(0)
    model = HVAE(HVAEConfig(width=8, top_dim=4, channels=2)).eval()

    # One batch of two images' draws, and one of a single image's.
    posteriors, latents = information._draws(model, images, index, batch_size=4, seed=5)

    with torch.inference_mode():
        expected = [
            model.infer(images.batch(i[None]), [e[n : n + 1] for e in model.noise(6, 5)])
            for n, i in enumerate(index)
        ]
    for layer in range(2):
        torch.testing.assert_close(latents[layer], torch.cat([one.latents[layer] for one in expected]))
    torch.testing.assert_close(posteriors.mean, torch.cat([one.posteriors[-1].mean for one in expected]))
    assert not torch.equal(latents[0][0], latents[0][1])


class ForgetfulModel:
    """z_2 is noise whatever the image, z_1 a sharp copy of z_2: no latent knows anything, all rates are 0.

    Yet the z_2 of each image can be told from its z_1: an estimate that is given the former is wrong.
    """

    config = SimpleNamespace(layers=2, latent_shapes=[(4, 2, 2), (16,)])
    device = torch.device("cpu")
    noise = HVAE.noise

    def bottom_up(self, x):
        return [x, x]

    def top_down(self, features, noise):
        z_2 = noise[1]
        mean_1 = 10 * z_2.reshape(-1, 4, 2, 2)
        posteriors = [
            Gaussian(mean_1, torch.full_like(mean_1, -3)),
            Gaussian(torch.zeros_like(z_2), torch.zeros_like(z_2)),
        ]
        z_1 = posteriors[0].sample(noise[0])
        return Inference(posteriors, posteriors, [z_1, z_2], [torch.zeros_like(z_1), torch.zeros_like(z_2)])


def test_a_lower_layer_is_not_credited_with_knowing_the_noise_of_the_layer_above(digits):
    train, test = digits

    lower, top = mutual_information(ForgetfulModel(), test, train)

    assert abs(lower.value) <= max(3 * lower.standard_error, 1e-3)
    assert top.value == pytest.approx(0, abs=1e-9)


def test_the_bound_for_the_top_latent_is_that_of_its_draws_and_below_its_information():
    """A model whose z₂ is the class and noise: I(y; z₂) is known by integrating over z₂."""
    separation, n = 1.2, 6000

    class TwoClasses:
        config = SimpleNamespace(layers=2, latent_shapes=((1,), (1,)))
        device = torch.device("cpu")

        def noise(self, n, seed):
            return list(torch.randn(2, n, 1, generator=torch.Generator().manual_seed(seed)))

        def bottom_up(self, x):
            return [separation * (2 * x[:, 0, 0, :1] - 1)]

        def top_down(self, features, noise):
            top = Gaussian(features[0], torch.zeros_like(features[0]))
            return SimpleNamespace(posteriors=[top, top], latents=[noise[0], top.sample(noise[1])])

    labels = torch.arange(n) % 2
    images = Images((255 * labels).to(torch.uint8)[:, None, None, None], labels, ("black", "white"))
    z = torch.linspace(-9, 9, 20_001, dtype=torch.float64)
    densities = torch.stack(
        [torch.distributions.Normal(m, 1.0).log_prob(z) for m in (-separation, separation)]
    )
    mixture = densities.exp().mean(0)
    known = (densities.exp() * (densities - mixture.log())).mean(0).sum().item() * 18 / 20_000
    bound = top_information_bound(TwoClasses(), images, images, seed=1)
    assert known - 0.05 < bound.value < known + 3 * bound.standard_error
