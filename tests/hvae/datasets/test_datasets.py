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
from urllib.error import URLError

import numpy as np
import pytest
import scipy.io
import torch
import torchvision.datasets
from data_files import random_bytes, sentence_of
from documents import ROOT
from scipy.ndimage import map_coordinates
from sklearn.datasets import load_digits

from hvae.datasets import DATASETS, Images, load

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
