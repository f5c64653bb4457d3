"""Noise in the browser is torch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from python_side import HVAE, HVAEConfig


@pytest.mark.parametrize(("size", "seed"), [(16, 0), (4096, 1), (624 * 16, 2**31 - 1)])
def test_normal_numbers_are_torchs(modules, size, seed):
    expected = torch.randn(size, generator=torch.Generator().manual_seed(seed))
    [found] = modules("noise", n=1, seed=seed, sizes=[size])
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    "config", [HVAEConfig(), HVAEConfig(layers=3, top_dim=5, channels=3), HVAEConfig(layers=1)]
)
def test_each_image_has_the_noise_of_the_notebook(modules, config):
    expected = HVAE(config).noise(5, seed=7)
    found = modules("noise", n=5, seed=7, sizes=[part[0].numel() for part in expected])
    for layer, part in zip(found, expected, strict=True):
        np.testing.assert_allclose(layer, part.flatten(), atol=1e-6)
