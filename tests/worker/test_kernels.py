"""Kernels, in WebAssembly and in plain JavaScript, against torch; the WebAssembly against its source."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

BUILD = Path(__file__).parents[2] / "kernels" / "build.py"

both_kernels = pytest.mark.parametrize("kernels", ["wasm", "plain"])


def randn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_the_committed_webassembly_is_what_its_source_builds_to_byte_for_byte(tmp_path):
    spec = importlib.util.spec_from_file_location("build", BUILD)
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    build.build(tmp_path / "net.wasm")
    assert (tmp_path / "net.wasm").read_bytes() == build.BUILT.read_bytes()


@both_kernels
@pytest.mark.parametrize(
    ("shape", "c_out", "size", "stride", "winograd"),
    [
        ((1, 4, 8, 8), 8, 3, 1, False),
        ((2, 8, 7, 5), 12, 3, 1, False),
        ((2, 8, 7, 5), 4, 3, 2, False),
        ((3, 3, 9, 6), 10, 1, 1, False),
        ((1, 16, 8, 8), 16, 3, 1, True),
        ((2, 6, 7, 9), 20, 3, 1, True),
        ((1, 16, 1, 2), 4, 3, 1, True),
        ((1, 5, 12, 3), 7, 3, 1, True),
    ],
)
def test_a_convolution_is_torchs(modules, kernels, shape, c_out, size, stride, winograd):
    x, weight = randn(*shape), randn(c_out, shape[1], size, size, seed=1) / (shape[1] * size * size) ** 0.5
    scale, bias = randn(c_out, seed=2), randn(c_out, seed=3)
    expected = F.conv2d(x, weight, None, stride, size // 2)
    addend = randn(*expected.shape, seed=4)
    expected = expected * scale[:, None, None] + bias[:, None, None] + addend
    found = modules(
        "convolved",
        kernels=kernels,
        x=x,
        weight=weight,
        scale=scale,
        bias=bias,
        addend=addend,
        stride=stride,
        winograd=winograd,
        transposed=False,
    )
    np.testing.assert_allclose(found, expected.flatten(), atol=2e-5)


@both_kernels
def test_a_convolution_that_halves_is_torchs(modules, kernels):
    x, weight = randn(2, 5, 8, 6), randn(10, 5, 4, 4, seed=1) / 80**0.5
    scale, bias = randn(10, seed=2), randn(10, seed=3)
    expected = F.conv2d(x, weight, None, stride=2, padding=1) * scale[:, None, None] + bias[:, None, None]
    found = modules("convolved", kernels=kernels, x=x, weight=weight, bias=bias, scale=scale, stride=2)
    np.testing.assert_allclose(found, expected.flatten(), atol=1e-5)


@both_kernels
@pytest.mark.parametrize("winograd", [False, True])
@pytest.mark.parametrize(("shape", "c_out"), [((2, 6, 4, 5), 10), ((1, 17, 1, 1), 3), ((1, 4, 9, 2), 1)])
def test_a_transposed_convolution_that_doubles_is_torchs(modules, kernels, winograd, shape, c_out):
    x, weight = randn(*shape), randn(shape[1], c_out, 4, 4, seed=1) / (4 * shape[1]) ** 0.5
    bias = randn(c_out, seed=2)
    expected = F.conv_transpose2d(x, weight, bias, stride=2, padding=1)
    about = {"x": x, "weight": weight, "bias": bias, "stride": 1, "winograd": winograd, "transposed": True}
    found = modules("convolved", kernels=kernels, **about)
    np.testing.assert_allclose(found, expected.flatten(), atol=2e-5)


@both_kernels
def test_activations_are_torchs(modules, kernels):
    x = torch.cat(
        [
            torch.linspace(-100, 100, 2000),
            torch.linspace(-1, 1, 1000),
            torch.tensor([0, -0.0, torch.inf, torch.nan]),
        ]
    )
    found = modules("activated", kernels=kernels, x=x)
    for values, f in zip(found, (torch.clone, F.silu, F.relu, F.softplus, torch.sigmoid), strict=True):
        np.testing.assert_allclose(values, f(x), rtol=1e-6, atol=1e-7)


@both_kernels
@pytest.mark.parametrize("size", [(8, 6), (7, 5), (4, 3), (9, 11)])
def test_a_map_grows_to_its_nearest_neighbours_as_in_torch(modules, kernels, size):
    x = randn(2, 4, 4, 3)
    found = modules("resized", kernels=kernels, x=x, height=size[0], width=size[1])
    assert (found == F.interpolate(x, size=size, mode="nearest").flatten().numpy()).all()


@both_kernels
def test_a_kernel_that_lacks_an_argument_or_has_one_too_many_throws(modules, kernels):
    assert modules("careless", kernels=kernels) == []


def test_blocks_do_not_overlap_and_freed_ones_are_joined(modules):
    first = modules("blocks", steps=[100, 10, 1000, -1, -2, 112])
    [a, b, c, again] = first["taken"]
    assert a + 400 <= b and b + 40 <= c
    assert again == a  # only both freed blocks together have room for it
    assert first["used"] >= 4 * (1000 + 112)
