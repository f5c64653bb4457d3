"""What in a folder is used, as which class and split, and what is passed over: nothing is lost silently."""

import os
import socket
import struct
from pathlib import Path

import numpy as np
import pytest
from data_files import sentence_of
from hypothesis import given
from hypothesis import strategies as st
from pictures import colour, picture_class, save
from PIL import Image

from hvae.datasets import load
from hvae.datasets.contents import Contents, difference
from hvae.datasets.folder import located, recorded_name

LEFT_BEHIND = [
    ".git/x.png",
    "__MACOSX/._x.png",
    ".ipynb_checkpoints/x-checkpoint.png",
    "@eaDir/x.png/SYNOPHOTO_THUMB_M.jpg",
    "lost+found/x.png",
    ".Trashes/x.png",
    "$RECYCLE.BIN/x.png",
    "System Volume Information/x.png",
    "__pycache__/x.pyc",
    "#recycle/x.png",
    "Thumbs.db",
    ".DS_Store",
    "desktop.ini",
    "Desktop.ini",
    "ehthumbs.db",
    "._0.png",
    "Icon\r",
]


def both(folder):
    return [load(f"folder:{folder}", split) for split in ("train", "test")]


@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_what_systems_leave_behind_is_passed_over_wherever_it_lies(tmp_path, name):
    for place in ("train/cats", "train/dogs", "test/cats", "test/dogs"):
        picture_class(tmp_path / place, 3)
    before = both(tmp_path)
    for place in (".", "train", "test", "train/cats", "test/dogs"):
        save(tmp_path / place / f"{name}.png", colour(9))
        (tmp_path / place / f"{name}.png").rename(tmp_path / place / name)
    after = both(tmp_path)
    assert [part.digest() for part in after] == [part.digest() for part in before]
    assert after[0].contents == before[0].contents
    assert after[0].contents.passed_over == {}


def test_what_is_passed_over_is_counted_by_kind(tmp_path):
    picture_class(tmp_path / "a", 6)
    for i in range(30):
        (tmp_path / "a" / f"{i}.raw").write_bytes(b"raw")
    picture_class(tmp_path / "b", 36)
    for i in range(4):
        picture_class(tmp_path / "b" / "more" / f"{i}", 10)
    train, test = both(tmp_path)
    assert train.contents == test.contents
    assert train.contents.used == {"a": 6, "b": 36}
    assert len(train) + len(test) == 42
    text = train.contents.text
    assert "42 pictures of 112 files: 6 a, 36 b" in text
    assert "70 files passed over: 40 in sub-folders, 30 .raw" in text


@given(
    st.dictionaries(st.sampled_from("abcdefghijklmnop"), st.integers(1, 50), min_size=1),
    st.dictionaries(st.sampled_from([f".{letter}" for letter in "stuvwxyz"]), st.integers(1, 50)),
)
def test_the_printed_numbers_add_up(train, passed_over):
    text = Contents(train, dict.fromkeys(train, 1), passed_over).text
    used = sum(train.values()) + len(train)
    assert text.startswith(f"{used:,} picture")
    if passed_over:
        assert f" of {used + sum(passed_over.values()):,} files" in text
        assert sum(passed_over.values()) == sum(
            int(word) for part in text.split("passed over: ")[1:] for word in part.split() if word.isdigit()
        )


@pytest.mark.parametrize("ending", [".avif", ".heic", ".webp", ".HEIC"])
def test_modern_formats_are_read(tmp_path, ending):
    import pillow_heif

    pillow_heif.register_heif_opener()
    (tmp_path / "a").mkdir()
    picture = Image.fromarray(colour((200, 100, 50)))
    for i in range(2):
        picture.save(
            tmp_path / "a" / f"{i}{ending}", format=None if ending != ".HEIC" else "HEIF", quality=95
        )
    picture_class(tmp_path / "b", 2)
    train = both(tmp_path)[0]
    assert train.contents.used == {"a": 2, "b": 2}
    assert np.abs(train.images[0].float().mean((1, 2)).numpy() - [200, 100, 50]).max() < 6


def no_file(path, kind):
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link to a pipe":
        os.mkfifo(path.with_suffix(".pipe"))
        path.symlink_to(path.with_suffix(".pipe"))
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "terminal":
        path.symlink_to("/dev/tty")
    elif kind == "broken link":
        path.symlink_to("nowhere")
    elif kind == "link to itself":
        path.symlink_to(path.name)
    elif kind == "socket":
        # An address of a socket is short.
        here = Path.cwd()
        os.chdir(path.parent)
        try:
            socket.socket(socket.AF_UNIX).bind(path.name)
        finally:
            os.chdir(here)
    elif kind == "empty":
        path.write_bytes(b"")


@pytest.mark.parametrize(
    "kind",
    [
        "pipe",
        "link to a pipe",
        "device",
        "terminal",
        "broken link",
        "link to itself",
        "socket",
        "empty",
    ],
)
def test_what_is_no_picture_is_refused_at_once(tmp_path, kind):
    picture_class(tmp_path / "a", 3)
    picture_class(tmp_path / "b", 3)
    no_file(tmp_path / "a" / "x.png", kind)
    assert f"{tmp_path}/a/x.png" in sentence_of(load, f"folder:{tmp_path}", "train")


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("count", [2, 10, 13])
def test_pictures_that_cannot_be_read_are_named_at_once(tmp_path, split, count):
    picture_class(tmp_path / "a", 40)
    for i in range(count):
        bad = tmp_path / "a" / f"{i:03}.png"
        # Every other one is damaged behind its header.
        bad.write_bytes(bad.read_bytes()[:60] if i % 2 else b"nothing")
    text = sentence_of(load, f"folder:{tmp_path}", split)
    assert f"Cannot read {count} images" in text
    assert text.count(".png (") == min(count, 10)
    assert ("and 3 more" in text) == (count == 13)


SPLITS = [
    ("train", "test"),
    ("train", "val"),
    ("Train", "Valid"),
    ("train", "validation"),
    ("training", "testing"),
    ("TRAIN", "TEST"),
    ("training", "validation"),
    ("train", "Val"),
]


@pytest.mark.parametrize(("train", "test"), SPLITS)
@pytest.mark.parametrize("classes", [("cats", "dogs"), ("cats",), ("",)])
def test_a_split_of_the_users_own_is_the_split(tmp_path, train, test, classes):
    for name in classes:
        picture_class(tmp_path / train / name, 5)
        picture_class(tmp_path / test / name, 2)
    (tmp_path / "labels.csv").write_text("")
    parts = both(tmp_path)
    assert [len(part) for part in parts] == [5 * len(classes), 2 * len(classes)]
    assert parts[0].classes == parts[1].classes == (() if classes == ("",) else classes)
    assert sorted(set(parts[1].images[:, 0, 0, 0].tolist())) == [0, 1]
    assert parts[0].labels.tolist() == [label for label in range(len(classes)) for _ in range(5)]
    assert parts[0].contents.passed_over == {".csv": 1}


def test_of_two_splits_for_testing_the_other_is_passed_over_and_that_is_said(tmp_path):
    for folder, count in (("train", 5), ("test", 3), ("val", 4)):
        picture_class(tmp_path / folder / "a", count)
        picture_class(tmp_path / folder / "b", count)
    train, test = both(tmp_path)
    assert (len(train), len(test)) == (10, 6)
    assert "8 files passed over: 8 in val" in train.contents.text


def test_a_class_that_is_called_train_is_one(tmp_path):
    for name in ("bus", "test", "train"):
        picture_class(tmp_path / name, 4)
    assert both(tmp_path)[0].classes == ("bus", "test", "train")


def test_a_split_of_which_one_half_has_no_classes_is_refused(tmp_path):
    picture_class(tmp_path / "train" / "a", 3)
    picture_class(tmp_path / "test", 3)
    assert f"folder:{tmp_path}/train" in sentence_of(load, f"folder:{tmp_path}", "train")


def test_pictures_without_classes_are_split_one_in_seven_and_have_label_0(tmp_path):
    picture_class(tmp_path, 14)
    picture_class(tmp_path / "later" / "a", 2)
    train, test = both(tmp_path)
    assert (len(train), len(test), train.classes) == (12, 2, ())
    assert set(train.labels.tolist()) == set(test.labels.tolist()) == {0}
    assert "14 pictures of 16 files: no classes" in train.contents.text


def test_pictures_both_beside_and_in_a_single_folder_are_not_guessed_about(tmp_path):
    picture_class(tmp_path, 3)
    picture_class(tmp_path / "old", 3)
    assert "old" in sentence_of(load, f"folder:{tmp_path}", "train")


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
@pytest.mark.parametrize("ending", [".png", ".tiff"])
def test_few_bits_in_files_of_sixteen_are_scaled_from_what_they_use(tmp_path, bits, ending):
    white = 2**bits - 1
    ramp = np.linspace(0, white, 32).round().astype(np.uint16)
    for name, pixels in (("a", ramp), ("b", ramp // 2)):
        for i in range(2):
            save(tmp_path / name / f"{i}{ending}", np.repeat(pixels[None], 32, 0))
    train, _ = both(tmp_path)
    # One scale for all: what is darker stays darker.
    for picture, pixels in zip(train.images, (ramp, ramp // 2), strict=True):
        assert np.abs(picture[0, 0].numpy() - pixels / white * 255).max() <= 0.5 + 1e-6
    assert f"0 … {white:,}" in train.contents.text


def test_a_tiff_with_twelve_bits_is_scaled_from_twelve_bits(tmp_path):
    twice_1000 = (1000 << 12 | 1000).to_bytes(3, "big")
    # Width, height, bits, not packed, black is 0, where the pixels are, channels, rows, bytes.
    tags = [(256, 32), (257, 32), (258, 12), (259, 1), (262, 1), (273, 122), (277, 1), (278, 32), (279, 1536)]
    entries = b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags)
    file = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + b"\0" * 4 + twice_1000 * 512
    for name in ("a/0", "a/1", "b/0", "b/1"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.tif").write_bytes(file)
    assert both(tmp_path)[0].images.unique().tolist() == [round(1000 / 4095 * 255)]


def test_names_of_classes_that_an_atlas_cannot_hold_are_refused(tmp_path):
    picture_class(tmp_path / "a", 2)
    bad = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(bad)
    (tmp_path / "a" / "000.png").rename(os.fsdecode(bad + b"/x.png"))
    text = sentence_of(load, f"folder:{tmp_path}", "train")
    assert "UTF-8" in text and text.encode()


@pytest.mark.parametrize("count", [199, 200, 201, 250])
def test_a_class_may_have_a_name_of_two_hundred_letters(tmp_path, count):
    picture_class(tmp_path / "b", 2)
    picture_class(tmp_path / ("a" * count), 2)
    if count <= 200:
        assert both(tmp_path)[0].classes == ("a" * count, "b")
    else:
        assert "at most 200" in sentence_of(load, f"folder:{tmp_path}", "train")


@pytest.mark.parametrize("name", ["folder:x", "folder:./x", "folder:x/", "folder:./x//", "folder:.//x/."])
def test_a_folder_has_one_name_however_it_is_written(name):
    assert recorded_name(name) == "folder:x"


def test_a_path_that_an_atlas_cannot_hold_is_refused():
    assert "UTF-8" in sentence_of(recorded_name, "folder:caf\udce9")
    assert "1000" in sentence_of(recorded_name, "folder:" + "x/" * 600)
    assert recorded_name("mnist") == "mnist"


def test_pictures_that_moved_are_looked_for_in_the_data_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    picture_class(tmp_path / "data" / "pets" / "cats", 1)
    for name in ("folder:pets", "folder:/nowhere/pets", "folder:./pets/"):
        assert located(name, Path("data")) == "folder:data/pets"
    assert located("folder:dogs", Path("data")) == "folder:dogs"
    assert located("mnist", Path("data")) == "mnist"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"a": 5}, {"a": 8}, "3 pictures came (3 a)"),
        ({"a": 5}, {"a": 4}, "1 picture went (1 a)"),
        ({"a": 5}, {"a": 5, "b": 2}, "2 pictures came (2 b)"),
        ({"a": 5, "b": 2}, {"a": 5}, "2 pictures went (2 b)"),
        ({"a": 5, "b": 2}, {"a": 9, "b": 1}, "4 pictures came (4 a) and 1 picture went (1 b)"),
        ({"": 5}, {"": 7}, "2 pictures came"),
        ({"": 5}, {"": 4}, "1 picture went"),
        ({"a": 5}, {"a": 5}, "as many pictures of each class, but not the same ones"),
    ],
)
def test_changes_of_a_folder_are_described_in_words(before, after, words):
    ends = [Contents(counts, dict.fromkeys(counts, 0)) for counts in (before, after)]
    assert difference(*ends) == words
