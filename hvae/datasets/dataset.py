"""The record of a data set, known before the data are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hvae.datasets.images import Images

SIDE = 32
"""Height and width of pictures in pixels, unless another size is asked for."""
LOWEST_SIDE, HIGHEST_SIDE, SIDE_STEP = 16, 128, 4
SIDES = f"a multiple of {SIDE_STEP} from {LOWEST_SIDE} to {HIGHEST_SIDE}"
"""The sizes there are."""


def is_side(size: int) -> bool:
    """Return whether pictures can have this height and width."""
    return LOWEST_SIDE <= size <= HIGHEST_SIDE and size % SIDE_STEP == 0


@dataclass(frozen=True)
class Dataset:
    """A data set that `--dataset` accepts.

    name: its name for `--dataset`; the part before the colon if it takes an argument. title: for people.
    load: from split, data folder and whether to download, to the images. If the data set takes an argument,
        the argument replaces the data folder. torch is imported inside this function.
    is_sized: whether `load` takes the pictures' height and width as a fourth argument; those of other data
        sets are scaled.
    channels: of its pictures, 1 (grey) or 3 (RGB); None if it depends on the pictures.
    files: the files it needs in the data folder, with `{split}` for the split; empty for none.
    downloads: whether `load` can fetch those files from the network.
    argument: the argument after `NAME:`, in capitals; empty for none.
    licence: whose its pictures are, and under which licence, one sentence; empty if that is not known.
    model: options of the model for this data set, if they differ from those of `HVAEConfig`.
    place: its place in lists, lowest first; equal places by name.
    """

    name: str
    title: str
    load: Callable[..., Images]
    channels: int | None = None
    files: tuple[str, ...] = ()
    downloads: bool = False
    argument: str = ""
    is_sized: bool = False
    licence: str = ""
    model: Mapping[str, int | float | str] = field(default_factory=dict)
    place: int = 100

    @property
    def pattern(self) -> str:
        """The value of `--dataset`: `mnist`, `folder:PATH`."""
        return f"{self.name}:{self.argument}" if self.argument else self.name
