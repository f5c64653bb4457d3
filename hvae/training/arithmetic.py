"""How models are computed in training: the formulation of many together, and the precision of products."""

from __future__ import annotations

from typing import NamedTuple

import torch

from hvae.atlas.manifest import Manifest
from hvae.training.fleet import usual_precision
from hvae.training.stacked_convolutions import usual_formulation
from hvae.training.ways_to_compute import FORMULATIONS, PRECISIONS


class Arithmetic(NamedTuple):
    """See `hvae.training.fleet.Fleet`; None is what is usual on the device."""

    formulation: str | None = None
    precision: str | None = None

    def __str__(self) -> str:
        return f"{self.formulation} in {self.precision}"

    def otherwise(self, other: Arithmetic) -> Arithmetic:
        """Return this, and what it leaves open as the other has it."""
        return Arithmetic(self.formulation or other.formulation, self.precision or other.precision)


USUAL = Arithmetic()


def usual(device: torch.device) -> Arithmetic:
    """Return what points are trained with on a device where nobody has chosen or measured."""
    return Arithmetic(usual_formulation(device), usual_precision(device))


def recorded(manifest: Manifest, device: torch.device) -> Arithmetic:
    """Return what atlas.json says of its points' training, as far as it holds on this kind of device.

    On a CPU the last bits of weights depend on it.
    """
    made_with = manifest.made_with
    if str(made_with.get("device", "")).startswith("cpu") != (device.type == "cpu"):
        return Arithmetic()
    formulation, precision = made_with.get("formulation"), made_with.get("precision")
    return Arithmetic(
        formulation if formulation in FORMULATIONS else None, precision if precision in PRECISIONS else None
    )
