import math

import numpy as np
import pytest
import torch
from documents import ROOT
from torch.distributions import Independent, Normal, kl_divergence
from torchmetrics.image import PeakSignalNoiseRatio

from hvae.config import HVAEConfig
from hvae.datasets import Images, load
from hvae.metrics.measurements.reconstruction import reconstruction_columns
from hvae.metrics.psnr import psnr
from hvae.metrics.rates import layer_rates
from hvae.model import HVAE


@pytest.fixture(scope="module")
def digits():
    return load("digits", "test")


@pytest.fixture
def model():
    torch.manual_seed(0)
    return HVAE(HVAEConfig(width=8, top_dim=6, channels=2)).eval()


def everything(images):
    return images.batch(torch.arange(len(images)))


@pytest.mark.parametrize("batch_size", [1000, 77])
def test_psnr_is_that_of_torchmetrics_over_the_whole_set(model, digits, batch_size):
    reference = PeakSignalNoiseRatio(data_range=1.0)
    for x in everything(digits).split(100):
        reference.update(model.reconstruct(x), x)

    assert psnr(model, digits, batch_size=batch_size).value == pytest.approx(
        reference.compute().item(), abs=1e-4
    )


def test_the_standard_error_of_psnr_is_that_of_a_jackknife_over_images(model, digits):
    x = everything(digits)
    mse = (model.reconstruct(x) - x).square().flatten(1).mean(1).double().detach().numpy()
    n = len(mse)
    without_each = -10 * np.log10((mse.sum() - mse) / (n - 1))
    jackknife = math.sqrt((n - 1) / n * ((without_each - without_each.mean()) ** 2).sum())
    assert psnr(model, digits).standard_error == pytest.approx(jackknife, rel=0.01)


def test_psnr_pools_errors_before_it_takes_the_logarithm(model, digits, monkeypatch):
    images = Images(torch.zeros(2, 1, 32, 32, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64), ("a",))
    monkeypatch.setattr(
        model, "reconstruct", lambda x: torch.tensor([0.1, 0.2]).reshape(2, 1, 1, 1).expand_as(x)
    )
    assert psnr(model, images).value == pytest.approx(10 * math.log10(2 / (0.1**2 + 0.2**2)), abs=1e-5)


def test_perfect_reconstructions_have_infinite_psnr(model, digits, monkeypatch):
    monkeypatch.setattr(model, "reconstruct", lambda x: x)
    assert psnr(model, digits).value == math.inf


@pytest.mark.parametrize("inference", ["generalized", "ladder"])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_rates_are_the_means_of_closed_form_divergences(digits, inference, layers):
    torch.manual_seed(1)
    model = HVAE(HVAEConfig(width=8, top_dim=6, channels=2, layers=layers, inference=inference)).eval()
    with torch.inference_mode():
        inferred = model.infer(everything(digits), model.noise(len(digits), seed=3))
        expected = [
            kl_divergence(
                Independent(Normal(q.mean.double(), q.log_std.double().exp()), q.mean.ndim - 1),
                Independent(Normal(p.mean.double(), p.log_std.double().exp()), p.mean.ndim - 1),
            ).mean()
            for q, p in zip(inferred.posteriors, inferred.priors, strict=True)
        ]

    measured = layer_rates(model, digits, seed=3, batch_size=100)

    np.testing.assert_allclose(measured.rates, expected, rtol=1e-5)
    assert measured.rate_total == pytest.approx(sum(expected).item(), rel=1e-5)


def test_standard_errors_of_rates_and_distortion_are_those_of_means_over_images(model, digits):
    x = everything(digits)
    with torch.inference_mode():
        distortion, rates = model(x, model.noise(len(x), seed=0))
    images = {
        "rate_z2": rates[:, 1],
        "rate_z1": rates[:, 0],
        "rate_total": rates.sum(1),
        "distortion": distortion,
        "neg_elbo": rates.sum(1) + distortion,
    }

    columns = reconstruction_columns(layer_rates(model, digits), psnr(model, digits))

    for column, terms in images.items():
        assert columns[column] == pytest.approx(terms.mean().item(), rel=1e-4), column
        assert columns[f"{column}_se"] == pytest.approx(terms.std().item() / len(x) ** 0.5, rel=1e-3), column


def test_rates_of_top_dimensions_add_up_to_the_rate_of_the_top_layer(model, digits):
    measured = layer_rates(model, digits)
    assert measured.top_rates.shape == (6,)
    assert measured.top_rates.sum() == pytest.approx(measured.rates[-1], rel=1e-9)


def test_distortion_is_the_mean_negative_log_density_of_the_images(model, digits):
    x = everything(digits)
    with torch.inference_mode():
        mean = model.logits(model.infer(x, model.noise(len(x), seed=2)).latents[0]).sigmoid()
    expected = -Normal(mean.double(), math.sqrt(0.5)).log_prob(x.double()).flatten(1).sum(1).mean().item()

    measured = layer_rates(model, digits, seed=2)

    assert measured.distortion == pytest.approx(expected, rel=1e-6)
    assert measured.neg_elbo == pytest.approx(expected + measured.rates.sum(), rel=1e-6)


def test_an_image_sees_the_same_noise_in_batches_of_any_size(model, digits):
    whole, pieces = layer_rates(model, digits, batch_size=1000), layer_rates(model, digits, batch_size=7)
    np.testing.assert_allclose(pieces.rates, whole.rates, rtol=1e-5)
    assert pieces.distortion == pytest.approx(whole.distortion, rel=1e-6)
    assert layer_rates(model, digits, seed=1).rates[0] != whole.rates[0]


def test_a_model_with_nan_weights_gives_nan(model, digits):
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(math.nan)
    measured = layer_rates(model, digits)
    assert np.isnan([*measured.rates, measured.distortion, measured.neg_elbo, *psnr(model, digits)]).all()


def test_a_set_without_images_is_refused(model, digits):
    nothing = Images(digits.images[:0], digits.labels[:0], digits.classes)
    for measure in (psnr, layer_rates):
        with pytest.raises(ValueError, match="at least one image"):
            measure(model, nothing)


MNIST = ROOT.parent / "shared" / "data"


@pytest.mark.skipif(not (MNIST / "MNIST").is_dir(), reason="needs the MNIST files")
def test_psnr_of_mnist_against_its_mean_image_is_that_of_numpy(model, monkeypatch):
    images = load("mnist", "test", MNIST, download=False)
    pixels = images.images.numpy() / 255
    mean = pixels.mean(0)
    expected = -10 * np.log10(np.mean((pixels - mean) ** 2))
    monkeypatch.setattr(model, "reconstruct", lambda x: torch.tensor(mean, dtype=torch.float32).expand_as(x))
    assert psnr(model, images).value == pytest.approx(expected, abs=1e-4)
