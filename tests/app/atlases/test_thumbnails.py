"""The pictures by which visitors choose an atlas: its own test images, of different classes."""

from __future__ import annotations

import base64
import io
import shutil

import numpy as np
import pytest
from atlas_builder import build_atlas, flip_one_byte
from PIL import Image

from app.atlases.catalogue import atlas_cards
from app.atlases.thumbnails import thumbnails
from hvae import Atlas, HVAEConfig
from hvae.atlas.atlas import EXAMPLES, shipped_names


def strip(address):
    """The tiles (N, 32, 32, 3) of a picture that its address contains."""
    kind, data = address.split(",")
    assert kind == "data:image/webp;base64"
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), float)
    assert pixels.shape[0] == 32 and pixels.shape[1] % 32 == 0
    return np.stack(np.split(pixels, pixels.shape[1] // 32, axis=1))


@pytest.mark.parametrize("name", shipped_names())
def test_a_strip_shows_test_images_of_three_classes_in_two_kilobytes(name):
    atlas = Atlas.shipped(name)
    address = thumbnails(atlas)
    assert len(address) < 2000
    images, labels = atlas.examples()
    shown = []
    for tile in strip(address):
        likeness = [np.abs(tile - image.transpose(1, 2, 0)).mean() for image in images]
        assert min(likeness) < 12  # of 255: it is packed with losses
        shown.append(labels[int(np.argmin(likeness))])
    assert len(set(shown)) == len(shown) == 3


@pytest.mark.parametrize("shape", [(2, 32, 32), (3, 16, 64)])
def test_images_of_any_shape_become_squares(tmp_path, shape):
    config = HVAEConfig(image_shape=shape, top_dim=4, channels=2, width=8)
    atlas = Atlas.open(build_atlas(tmp_path / "atlas", (1.0,), config, examples=2))
    assert strip(thumbnails(atlas)).shape == (2, 32, 32, 3)


def test_an_atlas_without_pictures_or_with_damaged_ones_has_a_title_only(tiny_atlas, own_atlas, tmp_path):
    lost = shutil.copytree(own_atlas, tmp_path / "lost")
    flip_one_byte(own_atlas / EXAMPLES)
    (lost / EXAMPLES).unlink()
    folders = {"tiny": tiny_atlas, "damaged": own_atlas, "lost": lost}
    cards = atlas_cards({name: Atlas.open(folder) for name, folder in folders.items()})
    assert [name for name, card in cards.items() if card.thumbnails] == ["tiny"]
    assert all(card.title.startswith("Digits, 3 × 3") for card in cards.values())
