"""All data sets: the records of the modules in `hvae/datasets/known/`, found on import.

`hvae.datasets.load`, the help of `--dataset` and the page's titles derive from them. Importing this module
does not import torch.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from hvae.datasets import known as home
from hvae.datasets.dataset import Dataset

_REGISTERED: dict[str, Dataset] = {}


def register(dataset: Dataset) -> None:
    """Add a data set. Raises ValueError if its name is taken."""
    if dataset.name in _REGISTERED:
        raise ValueError(f"a data set {dataset.name!r} is registered already")
    _REGISTERED[dataset.name] = dataset


def unregister(name: str) -> None:
    """Remove a data set. Raises KeyError if there is none of that name."""
    del _REGISTERED[name]


def discover() -> None:
    """Register the new `DATASETS` of the modules in `hvae/datasets/known/`."""
    for module in iter_modules(home.__path__, f"{home.__name__}."):
        for dataset in import_module(module.name).DATASETS:
            if _REGISTERED.get(dataset.name) != dataset:
                register(dataset)


def datasets() -> list[Dataset]:
    """Return all data sets, in the order of lists."""
    return sorted(_REGISTERED.values(), key=lambda dataset: (dataset.place, dataset.name))


def patterns() -> tuple[str, ...]:
    """Return the values of `--dataset`: names, and `NAME:ARGUMENT`."""
    return tuple(dataset.pattern for dataset in datasets())


def find(name: str) -> tuple[Dataset | None, str]:
    """Return the data set of a value of `--dataset`, None if there is none; and its argument."""
    first, colon, argument = name.partition(":")
    dataset = _REGISTERED.get(first)
    return (dataset if dataset and bool(dataset.argument) == bool(colon) else None), argument


discover()
