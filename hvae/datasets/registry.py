"""All data sets: the records of the modules in `hvae/datasets/known/`, found on import.

`hvae.datasets.load`, the help of `--dataset` and the page's titles derive from them. Importing this module
does not import torch.
"""

from __future__ import annotations

from hvae.datasets import known as home
from hvae.datasets.dataset import Dataset
from hvae.registry import Registry

REGISTRY: Registry[Dataset] = Registry(
    home, "DATASETS", "a data set", order=lambda dataset: (dataset.place, dataset.name)
)


def datasets() -> list[Dataset]:
    """Return all data sets, in the order of lists."""
    return REGISTRY.all()


def patterns() -> tuple[str, ...]:
    """Return the values of `--dataset`: names, and `NAME:ARGUMENT`."""
    return tuple(dataset.pattern for dataset in datasets())


def find(name: str) -> tuple[Dataset | None, str]:
    """Return the data set of a value of `--dataset`, None if there is none; and its argument."""
    first, colon, argument = name.partition(":")
    dataset = REGISTRY.by_name.get(first)
    return (dataset if dataset and bool(dataset.argument) == bool(colon) else None), argument


def licence_of(name: str) -> str:
    """Return whose a data set's pictures are, and their licence; empty if that is not known."""
    dataset = REGISTRY.by_name.get(name.partition(":")[0])
    return dataset.licence if dataset else ""


REGISTRY.discover()
