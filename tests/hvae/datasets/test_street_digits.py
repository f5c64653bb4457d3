"""The procedural data set of house numbers."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from torch import nn

from hvae.datasets import load
from hvae.datasets.street_digits import dataset
from hvae.datasets.street_digits.dataset import street_digits as make
from hvae.datasets.street_digits.glyphs import CELLS, EXTENT, FACES, font_folder, read_glyphs
from hvae.datasets.street_digits.scenes import (
    MIDDLE,
    blurred,
    draw_scenes,
    ink_distance,
    number_plane,
    paint,
    pixels,
    row_layout,
)
from hvae.errors import UserError

try:
    font_folder()
except UserError:
    pytest.skip("matplotlib, whose fonts are used, is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def glyphs():
    return read_glyphs()


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(dataset, "COUNTS", {"train": 60, "test": 40})
    monkeypatch.setattr(dataset, "_CHUNK", 30)


def without_neighbours(scenes):
    present = np.zeros_like(scenes.present)
    present[:, MIDDLE] = True
    return replace(scenes, present=present)


def test_the_split_is_made_once_and_read_back_and_both_are_the_same(tmp_path, few, monkeypatch):
    made = load("street-digits", "train", tmp_path)
    assert made.images.shape == (60, 3, 32, 32) and made.images.dtype == torch.uint8
    assert made.labels.shape == (60,) and made.labels.dtype == torch.int64
    assert made.classes == tuple("0123456789")
    assert [path.name for path in (tmp_path / "street-digits").iterdir()] == ["train-1.npz"]
    monkeypatch.setattr(dataset, "made", None)  # calling it again would be an error
    assert load("street-digits", "train", tmp_path).digest() == made.digest()


def test_a_damaged_or_foreign_file_is_made_again(tmp_path, few):
    expected = load("street-digits", "test", tmp_path).digest()
    file = tmp_path / "street-digits" / "test-1.npz"
    whole = file.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:5000] + b"?" + whole[5001:], b"not a picture"):
        file.write_bytes(damaged)
        assert load("street-digits", "test", tmp_path).digest() == expected
        assert file.read_bytes()[:2] == whole[:2] and len(file.read_bytes()) == len(whole)
    np.savez(file, images=np.zeros((40, 1, 28, 28), np.uint8), labels=np.zeros(40, np.int64))
    assert load("street-digits", "test", tmp_path).digest() == expected


def test_it_is_as_large_as_it_says_and_each_class_has_as_many_images():
    assert dataset.COUNTS == {"train": 50_000, "test": 10_000}
    labels = np.concatenate([draw_scenes(1_000, 1, chunk).labels for chunk in range(50)])
    assert np.bincount(labels).tolist() == [5_000] * 10


def test_the_same_seed_gives_the_same_pictures_whatever_their_number_and_another_gives_others(monkeypatch):
    monkeypatch.setattr(dataset, "_CHUNK", 15)
    pictures, labels = make(30, seed=1)
    again, their_labels = make(20, seed=1)
    np.testing.assert_array_equal(pictures[:20], again)
    np.testing.assert_array_equal(labels[:20], their_labels)
    others, _ = make(30, seed=2)
    assert not (others == pictures).all(axis=(1, 2, 3)).any()
    assert len(np.unique(pictures.reshape(30, -1), axis=0)) == 30


def test_digits_beside_the_labelled_one_do_not_touch_it(glyphs):
    scenes = draw_scenes(500, 3)
    alone = without_neighbours(scenes)
    among = ink_distance(scenes, glyphs, *number_plane(scenes, *pixels(scenes)))
    single = ink_distance(alone, glyphs, *number_plane(alone, *pixels(alone)))
    assert (scenes.present.sum(1) > 1).mean() > 0.6
    centre = single > -0.5  # the digit, and half a pixel around it
    np.testing.assert_array_equal(among[centre], single[centre])
    # What is ink in one and not in the other lies beside the labelled digit's own stretch of the row.
    u, _ = number_plane(scenes, *pixels(scenes))
    _, half = row_layout(scenes, glyphs)
    added = (among > 0) & (single <= 0)
    assert added.any()
    assert (np.abs(u[added]) > np.broadcast_to(half[:, MIDDLE, None], u.shape)[added]).all()


def test_the_labelled_digit_is_in_the_picture_and_large(glyphs):
    scenes = draw_scenes(1_000, 4)
    alone = without_neighbours(scenes)
    ink = (ink_distance(alone, glyphs, *number_plane(alone, *pixels(alone))) > 0).reshape(-1, 32, 32)
    assert (ink.sum(axis=(1, 2)) > 12).all()
    rows = ink.any(axis=2).sum(axis=1)
    assert rows.min() >= 12
    # Hardly any reaches the border of the picture.
    border = ink[:, 0].any(1) | ink[:, -1].any(1) | ink[:, :, 0].any(1) | ink[:, :, -1].any(1)
    assert border.mean() < 0.2


def test_a_row_is_laid_out_by_the_widths_of_its_digits(glyphs):
    scenes = draw_scenes(200, 5)
    middles, half = row_layout(scenes, glyphs)
    assert (middles[:, MIDDLE] == 0).all()
    gaps = (middles[:, 1:] - half[:, 1:]) - (middles[:, :-1] + half[:, :-1])
    np.testing.assert_allclose(gaps, np.broadcast_to(scenes.gap[:, None], gaps.shape), atol=1e-5)


def test_a_glyph_is_the_font_files_digit(glyphs):
    assert len(FACES) >= 10
    assert glyphs.distances.shape == (len(FACES), 10, CELLS, CELLS)
    for face in (0, 7, 11):
        for digit in (1, 4, 8):
            font = ImageFont.truetype(font_folder() / f"{FACES[face]}.ttf", 400)
            mask = Image.new("L", (600, 600))
            ImageDraw.Draw(mask).text((100, 50), str(digit), fill=255, font=font)
            left, top, right, bottom = mask.getbbox()
            # The share of its own box that is ink, and how wide the box is: independent of scale and place.
            expected = (np.asarray(mask) > 127)[top:bottom, left:right].mean()
            ink = glyphs.distances[face, digit] > 0
            rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
            found = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean()
            assert found == pytest.approx(expected, abs=0.06)
            width = (columns[-1] - columns[0] + 1) * EXTENT / CELLS
            assert glyphs.widths[face, digit] == pytest.approx(width, abs=0.08)
            # In the middle of its field, to a cell or so.
            assert (rows[0] + rows[-1]) / 2 == pytest.approx((CELLS - 1) / 2, abs=2)
            assert (columns[0] + columns[-1]) / 2 == pytest.approx((CELLS - 1) / 2, abs=2)


def test_faces_look_different(glyphs):
    ink = (glyphs.distances > 0).reshape(len(FACES), -1)
    differ = (ink[:, None] != ink[None]).mean(axis=2)
    assert differ[~np.eye(len(FACES), dtype=bool)].min() > 0.01


def test_the_blur_is_a_gaussian(glyphs):
    from scipy.ndimage import gaussian_filter

    pictures = np.random.default_rng(0).random((2, 3, 32, 32), dtype=np.float32)
    deviations = np.array([0.4, 0.9], np.float32)
    for picture, deviation, found in zip(pictures, deviations, blurred(pictures, deviations), strict=True):
        expected = gaussian_filter(picture, (0, deviation, deviation), radius=(0, 2, 2), mode="nearest")
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_pictures_are_in_colour_and_varied(glyphs):
    pictures = paint(draw_scenes(300, 6), glyphs).astype(float)
    spread = pictures.mean(axis=(2, 3))
    assert np.abs(spread[:, 0] - spread[:, 2]).mean() > 15  # red against blue
    assert spread.mean(axis=1).std() > 30  # dark and light ones
    assert (pictures.std(axis=(1, 2, 3)) > 4).all()  # no empty one


def test_digits_are_not_recognised_from_single_pixels():
    images, labels = make(3_000, seed=7)
    test_images, test_labels = make(1_000, seed=8)
    x, test_x = (torch.from_numpy(part).float() / 255 for part in (images, test_images))
    y, test_y = torch.from_numpy(labels), torch.from_numpy(test_labels)
    shrunk, test_shrunk = (F.avg_pool2d(part, 2).flatten(1).numpy() for part in (x, test_x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 30 iterations are enough to tell
        linear = LogisticRegression(max_iter=30, C=0.01).fit(shrunk, labels).score(test_shrunk, test_labels)
    torch.manual_seed(0)
    widths = (3, 16, 32, 64)
    layers = [
        layer
        for before, after in zip(widths, widths[1:], strict=False)
        for layer in (nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.ReLU())
    ]
    network = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 16, 10))
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    for _ in range(5):
        for index in torch.randperm(len(x)).split(100):
            optimizer.zero_grad()
            F.cross_entropy(network(x[index]), y[index]).backward()
            optimizer.step()
    convolutional = (network.eval()(test_x).argmax(1) == test_y).float().mean().item()
    assert linear < 0.4
    assert convolutional > linear + 0.3


def test_without_the_fonts_it_says_what_to_install(tmp_path, few, monkeypatch):
    read_glyphs.cache_clear()
    monkeypatch.setattr("hvae.datasets.street_digits.glyphs.importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'pip install -e "\.\[street-digits\]"'):
        load("street-digits", "train", tmp_path)
    assert not list(tmp_path.iterdir())
