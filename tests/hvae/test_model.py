import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from hvae import HVAE, HVAEConfig
from hvae.training.objective import objective

FORMS = [(layers, inference) for layers in (1, 2, 3) for inference in ("generalized", "ladder")]


def lively_model(**config) -> HVAE:
    """An HVAE whose weights are far from their initial values, so that every term of a KL matters."""
    torch.manual_seed(0)
    model = HVAE(HVAEConfig(width=8, top_dim=6, channels=2, **config))
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return model.eval()


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(4, 1, 32, 32, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("layers", "inference"), FORMS)
def test_rates_equal_torch_distributions_kl(layers, inference, images):
    model = lively_model(layers=layers, inference=inference)
    inferred = model.infer(images, model.noise(4, seed=3))
    for layer, (q, p) in enumerate(zip(inferred.posteriors, inferred.priors, strict=True)):
        divergence = kl_divergence(
            Normal(q.mean.double(), q.std.double()), Normal(p.mean.double(), p.std.double())
        )
        expected = divergence.flatten(1).sum(1).float()
        torch.testing.assert_close(model.rates(images, seed=3)[:, layer], expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize(("layers", "inference"), FORMS)
def test_rates_agree_with_monte_carlo(layers, inference, images):
    model = lively_model(layers=layers, inference=inference)
    draws = 10_000
    with torch.inference_mode():
        inferred = model.infer(images[:1].expand(draws, -1, -1, -1), model.noise(draws, seed=5))
    for layer in range(layers):
        q, p, z = (part[layer] for part in (inferred.posteriors, inferred.priors, inferred.latents))
        log_ratio = Normal(q.mean, q.std).log_prob(z) - Normal(p.mean, p.std).log_prob(z)
        difference = log_ratio.flatten(1).sum(1).double() - inferred.rates[:, layer].double()
        error = difference.std() / math.sqrt(draws)
        assert abs(difference.mean()) < 4 * error


@pytest.mark.parametrize(("layers", "inference"), FORMS)
def test_objective_at_beta_one_is_the_negative_elbo(layers, inference, images):
    model = lively_model(layers=layers, inference=inference)
    neg_elbo = model.distortion(images, seed=2) + model.rates(images, seed=2).sum(1)
    elbo = model(images, model.noise(4, seed=2))
    loss = objective(elbo.distortion, elbo.rates, torch.ones(layers))
    torch.testing.assert_close(loss, neg_elbo.mean(), rtol=1e-5, atol=0)


def test_objective_weighs_each_layer_by_its_own_beta():
    distortion, rates = torch.tensor([1.0, 3.0]), torch.tensor([[10.0, 100.0], [20.0, 200.0]])
    assert objective(distortion, rates, torch.tensor([0.5, 0.1])).item() == pytest.approx(2 + 7.5 + 15)
    per_image = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert objective(distortion, rates, per_image).item() == pytest.approx(2 + (10 + 200) / 2)


def test_gaussian_distortion_is_the_normal_log_density_constants_included(images):
    model = lively_model(variance=0.3)
    mean = model.logits(model.infer(images, model.noise(4, seed=7)).latents[0]).sigmoid()
    expected = -Normal(mean, math.sqrt(0.3)).log_prob(images).flatten(1).sum(1)
    torch.testing.assert_close(model.distortion(images, seed=7), expected, rtol=1e-5, atol=0)


def test_bernoulli_distortion_is_the_bernoulli_log_mass_of_binary_images(images):
    model = lively_model(likelihood="bernoulli")
    binary = images.round()
    logits = model.logits(model.infer(binary, model.noise(4, seed=7)).latents[0])
    expected = -Bernoulli(logits=logits).log_prob(binary).flatten(1).sum(1)
    torch.testing.assert_close(model.distortion(binary, seed=7), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize(("layers", "inference"), FORMS)
def test_samples_are_pictures_and_a_function_of_the_seed(layers, inference):
    model = lively_model(layers=layers, inference=inference)
    samples = model.sample(5, seed=1)
    assert samples.shape == (5, 1, 32, 32)
    assert 0 <= samples.min() <= samples.max() <= 1
    torch.testing.assert_close(model.sample(5, seed=1), samples)
    assert not torch.allclose(model.sample(5, seed=2), samples)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_asking_for_more_samples_leaves_the_first_ones_as_they_were(layers):
    model = lively_model(layers=layers)
    torch.testing.assert_close(model.sample(9, seed=1)[:2], model.sample(2, seed=1), atol=1e-5, rtol=0)


def test_temperature_zero_is_the_mean_of_every_prior():
    model = lively_model()
    torch.testing.assert_close(model.sample(2, seed=1, temperature=0), model.decode({}, n=2))


def test_keeping_z2_and_drawing_z1_again_changes_the_picture_but_not_its_z2():
    model = lively_model()
    z2 = model.noise(3, seed=9)[1]
    first, second = (model.decode({2: z2}, fill="sample", seed=seed) for seed in (0, 1))
    assert not torch.allclose(first, second)
    torch.testing.assert_close(model.decode({2: z2}), model.decode({2: z2}, seed=4))


def test_decode_with_every_latent_given_leaves_nothing_to_the_prior(images):
    model = lively_model()
    latents = model.infer(images).latents
    decoded = model.decode({1: latents[0], 2: latents[1]}, fill="sample", seed=3)
    torch.testing.assert_close(decoded, model.reconstruct(images))


def test_the_picture_depends_on_z1_alone_once_z1_is_given(images):
    model = lively_model()
    z1, z2 = model.infer(images).latents
    torch.testing.assert_close(model.decode({1: z1, 2: z2}), model.decode({1: z1, 2: z2 + 1}))


def test_encode_gives_mean_and_std_of_each_layer(images):
    model = lively_model()
    bottom, top = model.encode(images)
    assert bottom.mean.shape == bottom.std.shape == (4, 2, 8, 8)
    assert top.mean.shape == top.std.shape == (4, 6)
    # z_2 does not depend on a draw, z_1's posterior does.
    torch.testing.assert_close(model.encode(images, seed=1)[1].mean, top.mean)
    assert not torch.allclose(model.encode(images, seed=1)[0].mean, bottom.mean)


def test_each_image_is_treated_alone(images):
    model = lively_model()
    torch.testing.assert_close(
        model.reconstruct(images)[:1], model.reconstruct(images[:1]), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("latents", [{3: torch.zeros(2, 6)}, {2: torch.zeros(2, 5)}, {}])
def test_decode_says_what_is_wrong_with_its_latents(latents):
    with pytest.raises(ValueError, match="layers 1 to 2|z_2 must have shape|needs n"):
        lively_model().decode(latents)


@pytest.mark.parametrize(
    "bad",
    [
        {"layers": 0},
        {"layers": True},
        {"image_shape": (1, 30, 32)},
        {"image_shape": (1, 32)},
        {"inference": "bottom-up"},
        {"likelihood": "laplace"},
        {"variance": 0},
        {"width": 10**9},
    ],
)
def test_a_config_out_of_range_is_refused(bad):
    with pytest.raises(ValueError):
        HVAEConfig(**bad)


def test_colour_and_other_sizes_work():
    model = lively_model(image_shape=(3, 20, 28), layers=3)
    x = torch.rand(2, 3, 20, 28)
    assert model.reconstruct(x).shape == x.shape
    assert model.rates(x).shape == (2, 3)
