"""A point of the (β₂, β₁) plane: its order of layers, its names, and the limits of β."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

LOWEST_BETA, END_OF_BETAS = 1e-9, 1e9
"""Limits of β in an atlas that can be read: from the first, below the second."""
LOWEST_TRAINED_BETA, HIGHEST_TRAINED_BETA = 1e-6, 1e6
"""Limits of β for training; a parent's range may reach a little further on both sides."""
DIGITS, FOLD_DIGITS = 6, 4
"""Digits of β in the name of a point, and in the name of a fold."""

CHECKPOINT = re.compile(r"models/[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.safetensors")
"""Allowed names of checkpoints in an atlas. The name of a model trained elsewhere need not contain its β."""
FOLD_NAME = "fold_b2-{beta_2}_b1-{beta_1}"
_BETA = "([0-9.e+-]{1,24})"
FOLD_PATTERN = FOLD_NAME.format(beta_2=_BETA, beta_1=_BETA)
"""Allowed names of folds, with β as groups; for Python and for the browser."""


class Point(NamedTuple):
    """One point of the (β₂, β₁) plane. Only this class knows which β belongs to which layer."""

    beta_2: float
    beta_1: float

    @property
    def by_layer(self) -> list[float]:
        """[β₁, β₂], in the order of layers, for models and training."""
        return [self.beta_1, self.beta_2]

    @property
    def name(self) -> str:
        """The stem of its checkpoint, safe in file names and addresses."""
        return f"beta2-{in_name(self.beta_2)}_beta1-{in_name(self.beta_1)}"

    @property
    def checkpoint(self) -> str:
        """Its checkpoint's name inside an atlas."""
        return f"models/{self.name}.safetensors"

    @property
    def fold_name(self) -> str:
        """The name of the parent's fold at this point, each β to four digits: the only name of that fold."""
        beta_2, beta_1 = (f"{beta:.{FOLD_DIGITS}g}" for beta in self)
        return FOLD_NAME.format(beta_2=beta_2, beta_1=beta_1)

    @classmethod
    def of_fold(cls, name: str) -> Point | None:
        """Return the point of a fold's name; None if it is not one, or not written as `fold_name` would."""
        match = re.fullmatch(FOLD_PATTERN, name)
        if match is None:
            return None
        try:
            point = cls(*map(float, match.groups()))
        except ValueError:
            return None
        return point if point.fold_name == name else None


def parents_range(betas: Sequence[float]) -> tuple[float, float]:
    """Return the range of β for a parent's training: its grid's; if the grid has one value, a wider one."""
    low, high = min(betas), max(betas)
    return (low, high) if low < high else (low / 2, high * 2)


def in_name(beta: float) -> str:
    """Return β to six digits, as in file names: 0.1, 1e-05, 1e06."""
    return f"{beta:.{DIGITS}g}".replace("+", "")


def as_in_name(beta: float) -> float:
    """Return β rounded to the digits of a name."""
    return float(in_name(beta))


def is_readable(beta: float) -> bool:
    """Return whether an atlas may have this β; False for NaN."""
    return LOWEST_BETA <= beta < END_OF_BETAS
