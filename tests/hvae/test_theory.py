"""The linear HVAE's optimum, against a numerical search and against limits that are known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from hvae import HVAEConfig, theory

CONFIG = HVAEConfig(image_shape=(1, 16, 16), top_dim=3, channels=1, variance=0.2)
"""z₂ has 3 dimensions, z₁ has 16."""

betas = st.floats(0.01, 30)
spectra = st.lists(st.floats(1e-4, 50), min_size=1, max_size=24)


def searched(spectrum, config, beta_2, beta_1):
    """Rates (R(z₂), R(z₁|z₂)) of the lowest loss over the nats that each layer spends on each direction.

    The largest directions may be coded by either layer, as many as it has dimensions: all ways to share out
    blocks of neighbours are tried.
    """
    values = np.sort(np.asarray(spectrum))[::-1]
    n, (m, k) = len(values), (math.prod(shape) for shape in config.latent_shapes)
    best = (math.inf, 0.0, 0.0)
    for first in ("z2", "z1"):
        layer = np.full(n, -1)
        sizes = (k, m) if first == "z2" else (m, k)
        layer[: sizes[0]] = 0 if first == "z2" else 1
        layer[sizes[0] : sum(sizes)] = 1 if first == "z2" else 0
        beta = np.where(layer == 0, beta_2, beta_1)

        def loss(spent, coded=layer >= 0, beta=beta):
            nats = np.where(coded, spent**2, 0)
            left = values * np.exp(-2 * nats)
            return left.sum() / (2 * config.variance) + (beta * nats).sum()

        found = minimize(loss, np.ones(n), method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-14})
        nats = np.where(layer >= 0, found.x**2, 0)
        if found.fun < best[0] - 1e-9:
            best = (found.fun, nats[layer == 0].sum(), nats[layer == 1].sum())
    return best[1:]


@pytest.mark.parametrize(("beta_2", "beta_1"), [(0.1, 1.0), (1.0, 0.1), (0.5, 0.6), (4.0, 8.0)])
def test_rates_are_those_of_a_numerical_search(beta_2, beta_1):
    spectrum = np.random.default_rng(0).exponential(2, 22)
    expected = searched(spectrum, CONFIG, beta_2, beta_1)
    assert theory.rates(spectrum, CONFIG, beta_2=beta_2, beta_1=beta_1) == pytest.approx(expected, abs=1e-3)


@given(spectra, betas, betas)
def test_nothing_off_the_line_has_a_lower_distortion_at_the_same_total_rate(spectrum, beta_2, beta_1):
    at = theory.optimum(spectrum, CONFIG, beta_2=beta_2, beta_1=beta_1)
    total = at.rate_z2 + at.rate_z1
    low, high = 1e-6, 1e4  # the line's model with this total rate, by bisection
    for _ in range(200):
        middle = math.sqrt(low * high)
        low, high = (
            (middle, high)
            if sum(theory.rates(spectrum, CONFIG, beta_2=middle, beta_1=middle)) > total
            else (low, middle)
        )
    on_line = theory.optimum(spectrum, CONFIG, beta_2=high, beta_1=high)
    assert on_line.distortion <= at.distortion + 1e-6 * abs(at.distortion) + 1e-6


@given(spectra, betas, betas, st.floats(0.1, 10))
def test_rates_depend_on_beta_times_variance_alone(spectrum, beta_2, beta_1, times):
    other = HVAEConfig(image_shape=(1, 16, 16), top_dim=3, channels=1, variance=CONFIG.variance * times)
    here = theory.rates(spectrum, CONFIG, beta_2=beta_2, beta_1=beta_1)
    there = theory.rates(spectrum, other, beta_2=beta_2 / times, beta_1=beta_1 / times)
    assert here == pytest.approx(there, rel=1e-6, abs=1e-6)


def test_with_room_for_all_directions_the_cheaper_layer_takes_all():
    spectrum = [5.0, 2.0, 1.0]
    nats = 0.5 * sum(math.log(value / (0.5 * 0.2)) for value in spectrum)
    assert theory.rates(spectrum, CONFIG, beta_2=0.5, beta_1=0.6) == pytest.approx((nats, 0))
    assert theory.rates(spectrum, CONFIG, beta_2=0.6, beta_1=0.5) == pytest.approx((0, nats))


def test_above_the_water_nothing_is_coded_and_distortion_is_that_of_the_mean_image():
    at = theory.optimum([0.1, 0.05], CONFIG, beta_2=1, beta_1=1)
    assert at[:2] == (0, 0)
    assert at.distortion == pytest.approx(128 * math.log(2 * math.pi * 0.2) + 0.15 / 0.4)
    assert at.psnr == pytest.approx(-10 * math.log10(0.15 / 256))


def test_distortion_and_psnr_are_those_of_the_optimal_channel_simulated():
    rng = np.random.default_rng(1)
    spectrum, beta = np.array([4.0, 1.0]), 0.5
    d = beta * CONFIG.variance
    x = rng.normal(size=(400_000, 2)) * np.sqrt(spectrum)
    mean = (1 - d / spectrum) * x
    decoded = mean + rng.normal(size=x.shape) * np.sqrt(d * (1 - d / spectrum))
    at = theory.optimum(spectrum, CONFIG, beta_2=beta, beta_1=beta)
    constant = 128 * math.log(2 * math.pi * CONFIG.variance)
    simulated = ((x - decoded) ** 2).sum(1).mean() / (2 * CONFIG.variance)
    assert at.distortion == pytest.approx(constant + simulated, abs=5e-3)
    assert at.psnr == pytest.approx(-10 * math.log10(((x - mean) ** 2).sum(1).mean() / 256), abs=0.02)


@settings(max_examples=20)
@given(st.integers(2, 60), st.integers(0, 2**32 - 1))
def test_the_spectrum_is_numpys(count, seed):
    images = np.random.default_rng(seed).integers(0, 256, (count, 1, 4, 4), dtype=np.uint8)
    expected = np.linalg.eigvalsh(np.cov(images.reshape(count, -1) / 255.0, rowvar=False, bias=True))[::-1]
    assert theory.spectrum(images) == pytest.approx(np.maximum(expected, 0), abs=1e-6)
    assert len(theory.spectrum(images, most=5)) == 5


@pytest.mark.parametrize(
    "config",
    [HVAEConfig(likelihood="bernoulli"), HVAEConfig(layers=1), HVAEConfig(layers=3)],
    ids=["bernoulli", "one layer", "three layers"],
)
def test_theory_is_refused_where_it_does_not_hold(config):
    with pytest.raises(ValueError, match="two layers and a Gaussian"):
        theory.rates([1.0], config, beta_2=1, beta_1=1)
    with pytest.raises(ValueError, match="positive"):
        theory.rates([1.0], HVAEConfig(), beta_2=0, beta_1=1)


@pytest.mark.parametrize("shape", [(30, 1, 4, 4), (30, 3, 8, 8)])
def test_the_spectrum_of_few_large_pictures_is_that_of_their_covariance(shape):
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    expected = np.linalg.eigvalsh(np.cov(images.reshape(30, -1).T / 255, bias=True))[::-1]
    found = theory.spectrum(images)
    assert found == pytest.approx(expected[: len(found)], rel=1e-4, abs=1e-6)
    assert (np.diff(found) <= 0).all()


def test_of_many_large_pictures_some_tell_the_spectrum(monkeypatch):
    monkeypatch.setattr(theory, "LARGEST", 600)
    scale = np.linspace(60, 1, 768).reshape(3, 16, 16)  # independent pixels: their variances are the spectrum
    images = (
        np.random.default_rng(0).normal(128, scale, (3000, 3, 16, 16)).clip(0, 255).round().astype(np.uint8)
    )
    found, expected = (
        theory.spectrum(images, most=1024),
        np.linalg.eigvalsh(np.cov(images.reshape(3000, -1).T / 255, bias=True))[::-1],
    )
    assert 599 <= (found > 0).sum() <= 600
    assert found.sum() == pytest.approx(expected.sum(), rel=0.02)
