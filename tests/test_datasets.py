"""Data sets: every pixel checked against an independent read, every mistake against its sentence."""

import gzip
import hashlib
import io
import os
import pickle
import struct
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import scipy.io
import torch
import torchvision.datasets
from PIL import Image
from scipy.ndimage import map_coordinates
from sklearn.datasets import load_digits

from hvae.datasets import DATASETS, Images, load
from hvae.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
IDX_FILES = {"train": "train", "test": "t10k"}


@pytest.fixture(autouse=True)
def requests(monkeypatch):
    """No test reaches the network: every attempt is noted here and fails as it does offline."""
    asked = []

    def offline(request, *args, **kwargs):
        asked.append(getattr(request, "full_url", request))
        raise URLError(OSError(-3, "Temporary failure in name resolution"))

    monkeypatch.setattr(urllib.request, "urlopen", offline)
    return asked


@pytest.fixture(scope="module")
def mnist_dir():
    folder = ROOT.parent / "shared" / "data"
    if not (folder / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file():
        pytest.skip(f"the canonical MNIST files are not in {folder}")
    return folder


def random_bytes(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size=shape, dtype=np.uint8)


def idx_bytes(array):
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def read_idx(path):
    raw = path.read_bytes()
    shape = np.frombuffer(raw, ">u4", count=raw[3], offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def write_idx_files(root, folder="FashionMNIST", side=28, labels=range(10)):
    """The four files, tiny; returns what each split should hold as (images, labels)."""
    raw = root / folder / "raw"
    raw.mkdir(parents=True)
    written = {}
    for seed, (split, prefix) in enumerate(IDX_FILES.items()):
        images, targets = random_bytes(10 - seed, side, side, seed=seed), np.array(labels)[: 10 - seed]
        (raw / f"{prefix}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (raw / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_bytes(targets))
        written[split] = images, targets
    return written


def sentence_of(call, *args, **kwargs):
    """The text of the UserError that the call ends in, after checking that it is one plain sentence."""
    with pytest.raises(UserError) as caught:
        call(*args, **kwargs)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and "Traceback" not in text
    return text


# ---------------------------------------------------------------------------------------------- names, Images


def test_an_unknown_name_lists_the_valid_ones_and_guesses_the_meant_one(tmp_path):
    text = sentence_of(load, "fashion_mnist", "train")
    assert "did you mean fashion-mnist?" in text
    assert all(name in text for name in DATASETS)
    assert "did you mean mnist?" in sentence_of(load, "MNIST", "train")
    assert "did you mean" not in sentence_of(load, "xyzzy", "train")
    assert f"did you mean folder:{tmp_path}?" in sentence_of(load, str(tmp_path), "train")


def test_importing_the_module_does_not_import_torchvision_or_scikit_learn():
    code = "import sys, hvae.datasets; print([m for m in ('torchvision', 'sklearn') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_batch_is_the_chosen_images_scaled_to_0_1():
    pixels = torch.arange(256, dtype=torch.uint8).reshape(4, 1, 8, 8)
    images = Images(pixels, torch.arange(4), tuple("abcd"))
    batch = images.batch(torch.tensor([3, 0, 3]))
    assert batch.dtype == torch.float32 and batch.shape == (3, 1, 8, 8)
    np.testing.assert_array_equal(batch.numpy(), pixels.numpy()[[3, 0, 3]].astype(np.float32) / 255)
    assert batch.max() == 1 and batch.min() == 0
    assert pixels.float().sum() == 255 * 128  # the stored pixels are untouched


def test_images_move_to_a_device_whole():
    images = Images(torch.zeros(2, 1, 8, 8, dtype=torch.uint8), torch.arange(2), ("a", "b"))
    moved = images.to("meta")
    assert moved.images.device.type == moved.labels.device.type == "meta"
    assert moved.classes == ("a", "b") and len(moved) == 2
    assert images.images.device.type == "cpu"


# ----------------------------------------------------------------------------------------------------- digits


def test_digits_come_as_1437_and_360_stratified_images_that_never_change():
    train, test = load("digits", "train"), load("digits", "test")
    assert (len(train), len(test)) == (1437, 360)
    assert train.images.shape[1:] == test.images.shape[1:] == (1, 32, 32)
    assert train.images.dtype == torch.uint8 and train.labels.dtype == torch.int64
    counts = torch.bincount(test.labels, minlength=10)
    assert counts.min() >= 34 and counts.max() <= 37
    assert torch.equal(load("digits", "test").images, test.images)
    assert train.images.max() == 255


def test_digits_splits_together_hold_every_original_once_enlarged_bilinearly():
    original = load_digits()
    position = (np.arange(32) + 0.5) / 4 - 0.5
    grid = np.meshgrid(position, position, indexing="ij")
    expected = np.stack(
        [map_coordinates(image * 255 / 16, grid, order=1, mode="nearest") for image in original.images]
    )
    seen = []
    for part in (load("digits", split) for split in ("train", "test")):
        for image, label in zip(part.images[:, 0].numpy().astype(float), part.labels, strict=True):
            # Rounding moves a pixel by half a step at most, far less than any two digits differ.
            twin = np.abs(expected[:, ::4, ::4] - image[::4, ::4]).max(axis=(1, 2)).argmin()
            assert np.abs(expected[twin] - image).max() <= 0.501
            assert original.target[twin] == label
            seen.append(twin)
    assert sorted(seen) == list(range(len(original.target)))


# ------------------------------------------------------------------------------------ MNIST and Fashion-MNIST


@pytest.mark.parametrize(("split", "count"), [("train", 60_000), ("test", 10_000)])
def test_mnist_is_the_raw_bytes_with_a_black_border_of_two_pixels(mnist_dir, split, count, requests):
    mnist = load("mnist", split, mnist_dir)
    raw = mnist_dir / "MNIST" / "raw"
    pixels = read_idx(raw / f"{IDX_FILES[split]}-images-idx3-ubyte")
    labels = read_idx(raw / f"{IDX_FILES[split]}-labels-idx1-ubyte")
    assert mnist.images.shape == (count, 1, 32, 32) and mnist.images.dtype == torch.uint8
    np.testing.assert_array_equal(mnist.images[:, 0, 2:-2, 2:-2].numpy(), pixels)
    border = torch.ones(32, 32, dtype=torch.bool)
    border[2:-2, 2:-2] = False
    assert mnist.images[:, 0, border].max() == 0
    np.testing.assert_array_equal(mnist.labels.numpy(), labels)
    assert mnist.classes == tuple("0123456789")
    assert not requests


def test_fashion_mnist_is_read_from_torchvisions_layout(tmp_path, requests):
    written = write_idx_files(tmp_path)
    for split, (pixels, labels) in written.items():
        fashion = load("fashion-mnist", split, tmp_path)
        np.testing.assert_array_equal(fashion.images[:, 0, 2:-2, 2:-2].numpy(), pixels)
        assert fashion.images.shape[1:] == (1, 32, 32)
        assert fashion.labels.tolist() == labels.tolist() and fashion.labels.dtype == torch.int64
        assert fashion.classes[0] == "T-shirt/top" and len(fashion.classes) == 10
    assert not requests


@pytest.mark.parametrize("file", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"])
@pytest.mark.parametrize("keep", [0, 3, 6, 16, -1])
def test_a_cut_off_idx_file_is_a_sentence_that_names_its_folder(tmp_path, file, keep):
    write_idx_files(tmp_path)
    path = tmp_path / "FashionMNIST" / "raw" / file
    path.write_bytes(path.read_bytes()[:keep])
    text = sentence_of(load, "fashion-mnist", "train", tmp_path)
    assert str(path.parent) in text and "damaged or incomplete" in text and "delete" in text


@pytest.mark.parametrize(
    "fault", [{"side": 20}, {"labels": range(1, 11)}, {"labels": range(5)}], ids=["size", "range", "count"]
)
def test_idx_files_that_contradict_each_other_are_not_trusted(tmp_path, fault):
    write_idx_files(tmp_path, **fault)
    assert "damaged" in sentence_of(load, "fashion-mnist", "train", tmp_path)


def test_a_file_without_read_permission_is_called_unreadable_not_damaged(tmp_path, monkeypatch):
    def forbidden(*args, **kwargs):
        raise PermissionError(13, "Permission denied", "train-images-idx3-ubyte")

    write_idx_files(tmp_path)
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "_load_data", forbidden)
    text = sentence_of(load, "fashion-mnist", "train", tmp_path)
    assert "Permission denied" in text and "damaged" not in text


# --------------------------------------------------------------------------------------------------- download

MISSING = [
    ("mnist", "MNIST/raw", "train-images-idx3-ubyte"),
    ("fashion-mnist", "FashionMNIST/raw", "train-images-idx3-ubyte"),
    ("svhn", "", "test_32x32.mat"),
    ("cifar10", "cifar-10-batches-py", "data_batch_1"),
]


@pytest.mark.parametrize(("name", "folder", "file"), MISSING)
def test_offline_a_missing_set_is_one_sentence_with_its_folder_and_leaves_nothing(
    tmp_path, capfd, requests, name, folder, file
):
    data_dir = tmp_path / "data"
    text = sentence_of(load, name, "test", data_dir)
    assert f"{data_dir / folder} has no {file}" in text
    assert "could not be downloaded (Temporary failure in name resolution)" in text
    assert "connect" in text and "--data-dir" in text and os.path.join(folder, file) in text
    assert capfd.readouterr() == ("", "")
    assert requests
    assert not data_dir.exists()


@pytest.mark.parametrize(("name", "folder", "file"), MISSING)
def test_with_download_off_the_network_is_not_asked(tmp_path, capfd, requests, name, folder, file):
    text = sentence_of(load, name, "test", tmp_path, download=False)
    assert f"{tmp_path / folder} has no {file}" in text and "downloading is off" in text
    assert not requests and capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_set_names_the_one_file_that_is_missing(tmp_path):
    write_idx_files(tmp_path)
    (tmp_path / "FashionMNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink()
    assert "raw has no t10k-labels-idx1-ubyte" in sentence_of(load, "fashion-mnist", "train", tmp_path)


def test_the_default_folder_is_data_beside_the_reader(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert " data/MNIST/raw has no " in sentence_of(load, "mnist", "train")


def serve(monkeypatch, payload_of):
    """Stand in for the network: payload_of(file name) is what the server sends."""

    class Response(io.BytesIO):
        def __init__(self, request, *args, **kwargs):
            self.url = request.full_url
            payload = payload_of(self.url.rsplit("/", 1)[1])
            self.length = len(payload)
            super().__init__(payload)

    monkeypatch.setattr(urllib.request, "urlopen", Response)


def test_a_download_cut_short_is_not_trusted_and_the_next_run_mends_it(tmp_path, monkeypatch):
    written = write_idx_files(tmp_path / "server")
    raw = tmp_path / "server" / "FashionMNIST" / "raw"
    payloads = {f"{path.name}.gz": gzip.compress(path.read_bytes()) for path in raw.iterdir()}
    md5s = [
        (name, hashlib.md5(payloads[name]).hexdigest())
        for name, _ in torchvision.datasets.FashionMNIST.resources
    ]
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "resources", md5s)

    serve(monkeypatch, lambda name: payloads[name][:-9] if "t10k-labels" in name else payloads[name])
    text = sentence_of(load, "fashion-mnist", "train", tmp_path)
    assert "has no t10k-labels-idx1-ubyte" in text and "could not be downloaded" in text

    serve(monkeypatch, payloads.__getitem__)
    fashion = load("fashion-mnist", "train", tmp_path)
    np.testing.assert_array_equal(fashion.images[:, 0, 2:-2, 2:-2].numpy(), written["train"][0])


# ------------------------------------------------------------------------------------------ SVHN and CIFAR-10


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


def write_svhn(root, monkeypatch, labels):
    """A .mat file as Stanford's: X (32, 32, 3, N) and y (N, 1), where 10 stands for the digit 0."""
    pixels = random_bytes(len(labels), 3, 32, 32)
    path = root / "test_32x32.mat"
    y = np.array(labels, dtype=np.uint8)[:, None]
    scipy.io.savemat(path, {"X": pixels.transpose(2, 3, 1, 0), "y": y}, do_compression=True)
    pinned = {**torchvision.datasets.SVHN.split_list, "test": ["http://svhn.invalid/x", path.name, md5(path)]}
    monkeypatch.setattr(torchvision.datasets.SVHN, "split_list", pinned)
    return path, pixels


@pytest.mark.parametrize("labels", [[10, 1, 9, 10, 3], [10]], ids=["five", "one"])
def test_svhn_is_read_from_its_mat_file_with_label_10_as_digit_0(tmp_path, monkeypatch, labels, requests):
    _, pixels = write_svhn(tmp_path, monkeypatch, labels)
    svhn = load("svhn", "test", tmp_path)
    np.testing.assert_array_equal(svhn.images.numpy(), pixels)
    assert svhn.images.is_contiguous()
    assert svhn.labels.tolist() == [label % 10 for label in labels]
    assert svhn.classes == tuple("0123456789")
    assert not requests


def test_a_damaged_svhn_file_is_named_and_never_parsed(tmp_path, monkeypatch, requests):
    path, _ = write_svhn(tmp_path, monkeypatch, [1, 2])
    path.write_bytes(path.read_bytes()[:-1])
    monkeypatch.setattr(scipy.io, "loadmat", lambda *_: pytest.fail("parsed a file whose md5 is wrong"))
    text = sentence_of(load, "svhn", "test", tmp_path, download=False)
    assert str(path) in text and "damaged" in text
    assert not requests
    text = sentence_of(load, "svhn", "test", tmp_path)
    assert f"{tmp_path} holds a damaged copy" in text and "could not be downloaded" in text


def test_a_file_without_read_permission_is_not_replaced_by_a_download(tmp_path, monkeypatch, requests):
    def forbidden(*args, **kwargs):
        raise PermissionError(13, "Permission denied", "test_32x32.mat")

    path, _ = write_svhn(tmp_path, monkeypatch, [1, 2])
    monkeypatch.setattr(torchvision.datasets.SVHN, "_check_integrity", forbidden)
    text = sentence_of(load, "svhn", "test", tmp_path)
    assert str(path) in text and "Permission denied" in text
    assert not requests


def write_cifar(root, monkeypatch):
    """The files of cifar-10-python.tar.gz: pickled dicts with data (n, 3072) and labels, two images each."""
    cifar = torchvision.datasets.CIFAR10
    folder = root / cifar.base_folder
    folder.mkdir()
    names = [name for name, _ in cifar.train_list + cifar.test_list]
    pixels = random_bytes(len(names), 2, 3, 32, 32)
    for i, name in enumerate(names):
        batch = {"batch_label": name, "labels": [i, i + 1], "data": pixels[i].reshape(2, 3072)}
        (folder / name).write_bytes(pickle.dumps(batch))
    words = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": words}))
    pinned = [[name, md5(folder / name)] for name in names]
    monkeypatch.setattr(cifar, "train_list", pinned[:5])
    monkeypatch.setattr(cifar, "test_list", pinned[5:])
    monkeypatch.setattr(cifar, "meta", {**cifar.meta, "md5": md5(folder / "batches.meta")})
    return folder, pixels


def test_cifar10_is_read_from_its_batches(tmp_path, monkeypatch, requests):
    _, pixels = write_cifar(tmp_path, monkeypatch)
    train, test = load("cifar10", "train", tmp_path), load("cifar10", "test", tmp_path)
    np.testing.assert_array_equal(train.images.numpy(), pixels[:5].reshape(10, 3, 32, 32))
    np.testing.assert_array_equal(test.images.numpy(), pixels[5])
    assert train.images.is_contiguous()
    assert train.labels.tolist() == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5] and test.labels.tolist() == [5, 6]
    assert train.classes[0] == "airplane" and len(train.classes) == 10
    assert not requests


class _Bomb:
    def __reduce__(self):
        return os.mkdir, ("unpickled",)


@pytest.mark.parametrize("file", ["data_batch_3", "batches.meta"])
def test_cifar10_files_that_torchvision_does_not_vouch_for_are_never_unpickled(tmp_path, monkeypatch, file):
    folder, _ = write_cifar(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    (folder / file).write_bytes(pickle.dumps(_Bomb()))
    for download in (False, True):
        text = sentence_of(load, "cifar10", "train", tmp_path, download=download)
        assert str(folder) in text and "damaged" in text
    assert not (tmp_path / "unpickled").exists()


# ---------------------------------------------------------------------------------------------------- folder:


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def colour(value, side=32):
    return np.full((side, side, 3), value, dtype=np.uint8)


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
    save(tmp_path / "flat.png", colour(0))
    assert "sub-folder" in sentence_of(from_folder, tmp_path)
    assert str(tmp_path / "flat.png") in sentence_of(from_folder, tmp_path / "flat.png")
    save(tmp_path / "cats" / "0.png", colour(0))
    assert "one class only, cats" in sentence_of(from_folder, tmp_path)
    (tmp_path / "dogs").mkdir()
    (tmp_path / "dogs" / "phone.heic").write_bytes(b"")
    text = sentence_of(from_folder, tmp_path)
    assert str(tmp_path / "dogs") in text and "phone.heic" in text


def test_train_and_test_folders_are_not_mistaken_for_classes(tmp_path):
    for split in ("train", "test"):
        for name in ("cats", "dogs"):
            save(tmp_path / split / name / "0.png", colour(0))
    assert str(tmp_path / "test") in sentence_of(from_folder, tmp_path)


def test_a_home_relative_folder_is_found(pets, monkeypatch):
    monkeypatch.setenv("HOME", str(pets.parent))
    assert len(from_folder(f"~/{pets.name}")) == 14
