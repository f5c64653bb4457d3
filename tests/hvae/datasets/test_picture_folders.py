"""A folder of pictures as a data set: every pixel checked against an independent read, every mistake against
its sentence."""

import os

import numpy as np
import pytest
import torch
from data_files import random_bytes, sentence_of
from pictures import colour, save
from PIL import Image

from hvae.datasets import load


@pytest.fixture
def pets(tmp_path):
    """Two classes of 15 and 2 uniform pictures; the red channel is the picture's number."""
    for i in range(15):
        save(tmp_path / "dogs" / f"{i:02}.png", colour((i, 100, 200)))
    for i in range(2):
        save(tmp_path / "cats" / f"{i}.BMP", colour((i, 7, 9)))
    return tmp_path


def from_folder(path, split="train"):
    return load(f"folder:{path}", split)


def only_picture(tmp_path, write, split="train"):
    """The picture that write(path) leaves, as loaded: the class has no other, so it is for training."""
    (tmp_path / "a").mkdir(exist_ok=True)
    write(tmp_path / "a")
    for i in range(2):
        save(tmp_path / "b" / f"{i}.png", np.zeros((32, 32), np.uint8))
    return from_folder(tmp_path, split).images[0]


def test_folder_classes_are_the_sorted_sub_folders_split_per_class_without_overlap(pets):
    train, test = from_folder(pets), from_folder(pets, "test")
    assert train.classes == test.classes == ("cats", "dogs")
    assert torch.bincount(train.labels).tolist() == [1, 13]
    assert torch.bincount(test.labels).tolist() == [1, 2]
    seen = [tuple(picture[:, 0, 0].tolist()) for part in (train, test) for picture in part.images]
    assert sorted(seen) == sorted([(0, 7, 9), (1, 7, 9), *((i, 100, 200) for i in range(15))])
    assert torch.equal(from_folder(pets, "test").images, test.images)
    assert train.images.shape[1:] == (3, 32, 32) and train.images.dtype == torch.uint8


def test_a_class_of_a_single_image_trains_and_the_others_still_test(pets):
    (pets / "cats" / "1.BMP").unlink()
    assert (from_folder(pets).labels == 0).sum() == 1
    assert from_folder(pets, "test").labels.tolist() == [1, 1]


def test_a_folder_with_nothing_to_test_on_says_so(pets):
    for path in [*pets.glob("dogs/*")][1:] + [pets / "cats" / "1.BMP"]:
        path.unlink()
    assert "single image" in sentence_of(from_folder, pets, "test")


def test_a_32_by_32_picture_survives_untouched(tmp_path):
    pixels = random_bytes(32, 32, 3)
    loaded = only_picture(tmp_path, lambda folder: save(folder / "x.png", pixels))
    np.testing.assert_array_equal(loaded.numpy(), pixels.transpose(2, 0, 1))


def test_a_wide_picture_is_cropped_to_its_centre(tmp_path):
    pixels = np.zeros((64, 192, 3), np.uint8)
    pixels[:, 64:128] = (10, 20, 30)
    loaded = only_picture(tmp_path, lambda folder: save(folder / "x.png", pixels))
    # The filter may look two pixels beyond the crop.
    assert loaded[:, :, 2:-2].flatten(1).unique(dim=1).flatten().tolist() == [10, 20, 30]


def test_fine_stripes_average_instead_of_aliasing(tmp_path):
    pixels = np.zeros((256, 256), np.uint8)
    pixels[:, ::2] = 255
    loaded = only_picture(tmp_path, lambda folder: save(folder / "x.png", pixels)).float()
    assert loaded[:, :, 2:-2].std() < 1 and abs(loaded.mean() - 127.5) < 2


def test_exif_orientation_is_respected(tmp_path):
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:32] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held so that the stored top is the scene's right
    loaded = only_picture(tmp_path, lambda folder: save(folder / "x.jpg", pixels, exif=exif, quality=95))
    assert loaded[:, :, 20:].min() > 240 and loaded[:, :, :12].max() < 15


def test_a_large_jpeg_keeps_its_colours(tmp_path):
    pixels = np.repeat(np.repeat(random_bytes(8, 8, 3), 100, 0), 100, 1)
    loaded = only_picture(tmp_path, lambda folder: save(folder / "x.jpeg", pixels, quality=95, subsampling=0))
    centres = loaded[:, 1::4, 1::4].numpy().astype(int)
    assert np.abs(centres - pixels[50::100, 50::100].transpose(2, 0, 1)).max() < 25


def test_pictures_that_are_all_grey_have_one_channel_scaled_from_their_own_depth(tmp_path):
    ramp = np.repeat(np.arange(0, 256, 8, dtype=np.uint8)[None], 32, 0)
    files = {
        "8bit.png": Image.fromarray(ramp),
        "16bit.png": Image.fromarray(ramp.astype(np.uint16) * 257),
        "16bit.tiff": Image.fromarray(ramp.astype(np.uint16) * 257),
        "32bit.tiff": Image.fromarray(ramp.astype(np.int32) * 257),
        "alpha.png": Image.fromarray(np.stack([ramp, np.full_like(ramp, 255)], -1)),
        "thresholded.png": Image.fromarray(ramp > 127),
    }
    for name, picture in files.items():
        (tmp_path / name).mkdir()
        picture.save(tmp_path / name / name)
    grey = from_folder(tmp_path)
    assert grey.images.shape == (6, 1, 32, 32)
    for name, picture in zip(grey.classes, grey.images[:, 0].numpy(), strict=True):
        expected = (ramp > 127) * np.uint8(255) if name == "thresholded.png" else ramp
        np.testing.assert_array_equal(picture, expected, err_msg=name)


def test_one_colour_picture_in_either_split_makes_both_splits_rgb(tmp_path):
    for name in ("a", "b"):
        for i in range(2):
            save(tmp_path / name / f"{i}.png", np.full((32, 32), 50, np.uint8))
    assert from_folder(tmp_path).images.shape[1] == from_folder(tmp_path, "test").images.shape[1] == 1
    for colourful in ("0.png", "1.png"):
        save(tmp_path / "a" / colourful, colour((50, 50, 50)))
        for split in ("train", "test"):
            images = from_folder(tmp_path, split).images
            assert images.shape == (2, 3, 32, 32) and (images == 50).all()
        save(tmp_path / "a" / colourful, np.full((32, 32), 50, np.uint8))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_pixels_become_white(tmp_path, mode):
    picture = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 16, 32))
    picture = picture.quantize() if mode == "P" else picture.convert(mode)
    loaded = only_picture(tmp_path, lambda folder: picture.save(folder / "x.png"))
    assert (loaded[:, :, :16] == 0).all() and (loaded[:, :, 16:] == 255).all()


def test_hidden_and_side_files_are_passed_over(pets):
    expected = from_folder(pets)
    for name in (".DS_Store", "Thumbs.db", "notes.txt", "._00.png", "paper.pdf"):
        (pets / "dogs" / name).write_bytes(b"not an image")
    (pets / "readme.md").write_text("at the top")
    (pets / "dogs" / "album.png").mkdir()
    (pets / ".cache").mkdir()
    save(pets / ".cache" / "x.png", colour(0))
    (pets / "__MACOSX").mkdir()
    (pets / "__MACOSX" / "._cats").write_bytes(b"")
    found = from_folder(pets)
    assert found.classes == expected.classes and torch.equal(found.images, expected.images)


@pytest.mark.parametrize("content", [b"", b"not an image", "truncated"], ids=["empty", "text", "truncated"])
@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_a_damaged_picture_is_named(tmp_path, content, ending):
    bad = tmp_path / "a" / f"bad{ending}"
    save(bad, random_bytes(64, 64, 3))
    bad.write_bytes(bad.read_bytes()[:-2000] if content == "truncated" else content)
    for i in range(2):
        save(tmp_path / "b" / f"{i}.png", colour(0))
    assert str(bad) in sentence_of(from_folder, tmp_path)


def test_a_float_picture_of_unknown_range_is_named_and_not_guessed(tmp_path):
    Image.fromarray(np.linspace(0, 3, 1024, dtype=np.float32).reshape(32, 32)).save(tmp_path / "x.tiff")
    text = sentence_of(
        only_picture, tmp_path, lambda folder: os.rename(tmp_path / "x.tiff", folder / "x.tiff")
    )
    assert "x.tiff" in text and "8 or 16 bits" in text


@pytest.mark.parametrize("times_the_limit", [1.5, 3])
def test_a_picture_over_pillows_pixel_limit_is_named(tmp_path, monkeypatch, times_the_limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", int(40 * 40 / times_the_limit))
    (tmp_path / "b").mkdir()
    text = sentence_of(only_picture, tmp_path, lambda folder: save(folder / "huge.png", colour(0, side=40)))
    assert "huge.png" in text and f"{Image.MAX_IMAGE_PIXELS:,} pixels" in text


def test_mistaken_folders_are_named_with_what_to_do(tmp_path):
    assert "'nowhere'" in sentence_of(load, "folder:nowhere", "train")
    assert "folder:PATH" in sentence_of(load, "folder:", "train")
    assert f"{tmp_path} holds no sub-folder" in sentence_of(from_folder, tmp_path)
    save(tmp_path / "cats" / "0.png", colour(0))
    assert str(tmp_path / "cats" / "0.png") in sentence_of(from_folder, tmp_path / "cats" / "0.png")
    (tmp_path / "dogs").mkdir()
    (tmp_path / "dogs" / "phone.raw").write_bytes(b"")
    text = sentence_of(from_folder, tmp_path)
    assert str(tmp_path / "dogs") in text and "phone.raw" in text
    save(tmp_path / "dogs" / "2024" / "0.png", colour(0))
    assert f"folder:{tmp_path / 'dogs'}" in sentence_of(from_folder, tmp_path)


def test_a_home_relative_folder_is_found(pets, monkeypatch):
    monkeypatch.setenv("HOME", str(pets.parent))
    assert len(from_folder(f"~/{pets.name}")) == 14
