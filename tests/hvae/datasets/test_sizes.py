"""Pictures of other sizes than 32 × 32: a border where there is a black ground, else scaled."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps

from hvae import UserError
from hvae.datasets import Images, load
from hvae.datasets.resize import bordered, scaled


def images(*shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    return Images(torch.from_numpy(pixels), torch.arange(len(pixels)), ())


@pytest.mark.parametrize("size", [16, 28, 32, 128])
def test_a_border_is_black_and_even_and_smaller_pictures_are_scaled(size):
    native = images(3, 1, 28, 28)
    made = bordered(native, size).images
    assert made.shape == (3, 1, size, size)
    if size < 28:
        smaller = Image.fromarray(native.images[1, 0].numpy()).resize((size, size), Image.Resampling.BICUBIC)
        assert np.array_equal(made[1, 0], smaller)
    else:
        edge = (size - 28) // 2
        inside = made[:, :, edge : edge + 28, edge : edge + 28]
        assert torch.equal(inside, native.images)
        assert made.sum() == native.images.sum()


def test_scaling_is_pillows_channel_by_channel_and_the_same_size_is_no_copy():
    colours = images(2, 3, 32, 32)
    made = scaled(colours, 48).images
    picture = Image.fromarray(colours.images[1].permute(1, 2, 0).numpy())
    assert np.array_equal(made[1].permute(1, 2, 0), picture.resize((48, 48), Image.Resampling.BICUBIC))
    assert scaled(colours, 32) is colours


@pytest.mark.parametrize("size", [16, 28, 64])
def test_digits_are_enlarged_from_their_own_eight_pixels(size):
    made = load("digits", "test", size=size)
    assert made.images.shape == (360, 1, size, size)
    coarse = F.adaptive_avg_pool2d(made.images.double(), 8)
    same = F.adaptive_avg_pool2d(load("digits", "test").images.double(), 8)
    assert (coarse - same).abs().mean() < 12 and torch.equal(made.labels, load("digits", "test").labels)


def test_own_pictures_are_cut_and_scaled_to_the_size(tmp_path):
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (60, 90, 3), dtype=np.uint8))
    for name in ("a", "b"):
        picture.save(tmp_path / f"{name}.png")
    made = load(f"folder:{tmp_path}", "train", size=64)
    expected = np.array(ImageOps.fit(picture, (64, 64))).transpose(2, 0, 1)
    assert np.array_equal(made.images[0], expected)


@pytest.mark.parametrize("size", [0, 12, 30, 132])
def test_other_sizes_are_refused(size):
    with pytest.raises(UserError, match="a multiple of 4 from 16 to 128"):
        load("digits", "test", size=size)
