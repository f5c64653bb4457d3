import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from hvae.gaussian import Gaussian

numbers = st.floats(-4, 4, width=32)


@settings(deadline=None, max_examples=50)
@given(numbers, numbers, numbers, numbers)
def test_kl_equals_torch_distributions(mean_q, log_std_q, mean_p, log_std_p):
    q, p = (
        Gaussian(torch.tensor([[mean]], dtype=torch.float64), torch.tensor([[log_std]], dtype=torch.float64))
        for mean, log_std in ((mean_q, log_std_q), (mean_p, log_std_p))
    )
    expected = kl_divergence(Normal(q.mean, q.std), Normal(p.mean, p.std))
    torch.testing.assert_close(q.kl(p), expected, rtol=1e-9, atol=1e-9)


def test_kl_of_a_gaussian_to_itself_is_zero():
    q = Gaussian(torch.randn(5, 3), torch.randn(5, 3))
    torch.testing.assert_close(q.kl(q), torch.zeros(5, 3), atol=1e-6, rtol=0)


@settings(deadline=None, max_examples=50)
@given(numbers, numbers, numbers, numbers)
def test_merge_is_the_normalised_product_of_two_densities(mean_a, log_std_a, mean_b, log_std_b):
    a = Gaussian(torch.tensor([[mean_a]], dtype=torch.float64), torch.tensor([[log_std_a]]).double())
    b = Gaussian(torch.tensor([[mean_b]], dtype=torch.float64), torch.tensor([[log_std_b]]).double())
    merged = a.merge(b)
    z = torch.linspace(-3, 3, 7, dtype=torch.float64)[None]
    product = Normal(a.mean, a.std).log_prob(z) + Normal(b.mean, b.std).log_prob(z)
    difference = Normal(merged.mean, merged.std).log_prob(z) - product
    # The same density up to a constant factor: the difference of logs does not depend on z.
    scale = product.abs().max().item() + 1
    assert (difference - difference[:, :1]).abs().max().item() < 1e-9 * scale


def test_raw_outputs_never_give_a_std_that_overflows_or_vanishes():
    gaussian = Gaussian.from_raw(torch.tensor([[0.0, 1e30], [0.0, -1e30]]))
    assert gaussian.std.isfinite().all()
    assert (gaussian.std > 0).all()


def test_a_softplus_gives_a_standard_deviation_within_bounds():
    raw = torch.tensor([[0.5, -1e4, -3.0, 0.0, 1e4]]).T.repeat(1, 2)
    found = Gaussian.from_softplus(raw)
    expected = [math.log1p(math.exp(value)) + math.exp(-5) for value in (0.5, -1e4, -3.0, 0.0)]
    torch.testing.assert_close(found.std[:4, 0], torch.tensor(expected))
    assert torch.equal(found.mean, raw[:, :1]) and found.std[4, 0].item() == pytest.approx(math.exp(5))
