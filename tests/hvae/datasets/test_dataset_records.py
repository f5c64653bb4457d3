"""Every list of data sets derives from the records: one that a new module brings is in all of them."""

import dataclasses
import sys

import pytest
from documents import ROOT

import hvae.datasets
from app.page.words import dataset_title
from hvae import UserError
from hvae.datasets import known as home
from hvae.datasets import load, registry

MODULE = '''
"""Stripes."""

from hvae.datasets.dataset import Dataset


def load(split, data_dir, download):
    import torch
    from hvae.datasets import SIDE, Images

    upright = (torch.arange(SIDE) % 2 * 255).to(torch.uint8).expand(1, SIDE, SIDE)
    return Images(torch.stack([upright, upright.mT] * 3), torch.arange(6) % 2, ("upright", "lying"))


DATASETS = (Dataset("stripes", "Stripes", load, channels=1),)
'''


@pytest.fixture
def stripes(tmp_path, monkeypatch):
    """A data set in a module of its own, beside those of the package."""
    (tmp_path / "stripes.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.setattr(home, "__path__", [*home.__path__, str(tmp_path)])
    registry.REGISTRY.discover()
    yield
    registry.REGISTRY.unregister("stripes")
    del sys.modules[f"{home.__name__}.stripes"]


def test_data_sets_keep_their_order_and_titles():
    titles = {
        "mnist": "MNIST",
        "fashion-mnist": "Fashion-MNIST",
        "svhn": "SVHN",
        "cifar10": "CIFAR-10",
        "digits": "Digits",
        "street-digits": "Street digits",
    }
    assert (*titles, "folder:PATH") == hvae.datasets.DATASETS
    assert {name: dataset_title(name) for name in titles} == titles
    assert dataset_title("folder:/home/me/cats") == "cats"
    assert dataset_title("folder:") == "own pictures"
    assert dataset_title("of another release") == "of another release"


def test_a_data_set_in_a_new_module_is_loaded_titled_and_offered(stripes):
    images = load("stripes", "train")
    assert images.images.shape == (6, 1, 32, 32) and images.classes == ("upright", "lying")
    assert hvae.datasets.DATASETS[-2:] == ("stripes", "folder:PATH")
    assert dataset_title("stripes") == "Stripes"
    with pytest.raises(UserError, match="did you mean stripes"):
        load("stripe", "train")


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(ValueError, match="'mnist' is registered already"):
        registry.REGISTRY.register(dataclasses.replace(registry.datasets()[1], name="mnist"))


def test_an_argument_belongs_to_the_data_sets_that_take_one():
    for name in ("folder", "digits:5"):
        with pytest.raises(UserError, match="There is no data set"):
            load(name, "train")


def test_each_data_set_is_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for pattern in hvae.datasets.DATASETS:
        assert f"`{pattern}`" in readme, pattern


def test_pictures_have_the_channels_that_the_record_states():
    for dataset in registry.datasets():
        if not dataset.files and dataset.channels:
            assert load(dataset.name, "test").images.shape[1] == dataset.channels
