"""What is known of a data set before it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hvae.datasets.images import Images, Split


@dataclass(frozen=True)
class Dataset:
    """A data set that `--dataset` accepts.

    name: what `--dataset` calls it; before a colon, where it takes an argument. title: its name for people.
    load: from split, data folder and whether to download to the images; where the data set takes an argument,
        that comes in place of the data folder. torch is imported within.
    channels: of its pictures, 1 (grey) or 3 (RGB); None where that depends on them.
    files: what it needs below the data folder, `{split}` standing for the split; empty for nothing.
    downloads: whether `load` can fetch those files from the network.
    argument: what stands behind `NAME:`, in capitals; empty for none.
    model: options of the model that suit the data set, where they are not those of `HVAEConfig`.
    place: where lists have it, lowest first; equals by name.
    """

    name: str
    title: str
    load: Callable[[Split, str | Path, bool], Images]
    channels: int | None = None
    files: tuple[str, ...] = ()
    downloads: bool = False
    argument: str = ""
    model: Mapping[str, int | float | str] = field(default_factory=dict)
    place: int = 100

    @property
    def pattern(self) -> str:
        """What to write behind `--dataset`: `mnist`, `folder:PATH`."""
        return f"{self.name}:{self.argument}" if self.argument else self.name
