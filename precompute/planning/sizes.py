"""The size of an atlas, and whether the disk has room for it."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import torch
from torch import nn

from hvae.atlas.examples import WRITTEN
from hvae.config import HVAEConfig
from hvae.errors import UserError
from hvae.model import HVAE
from hvae.parent import Parent
from precompute.planning.plan import Plan

BYTES = {"float32": 4, "float16": 2}
CHECKPOINT_OVERHEAD = 8_000
JUDGES_BYTES = 500_000
ROW_BYTES = 1_000


def parameter_counts(plan: Plan, config: HVAEConfig) -> tuple[int, int]:
    """Return the numbers of weights of a point and of the parent; no parent has 0. Nothing is allocated."""
    with torch.device("meta"):
        parent = Parent(config, plan.beta_range) if plan.parent_recipe else None
        return parameters(HVAE(config)), parameters(parent) if parent else 0


def parameters(model: nn.Module) -> int:
    """Return the number of a model's weights."""
    return sum(parameter.numel() for parameter in model.parameters())


def atlas_bytes(plan: Plan, config: HVAEConfig) -> int:
    """Return the size of the finished atlas, bytes."""
    parameters, parent_parameters = parameter_counts(plan, config)
    point = BYTES[plan.weights] * parameters + CHECKPOINT_OVERHEAD + ROW_BYTES
    parent = BYTES["float32"] * parent_parameters + CHECKPOINT_OVERHEAD if parent_parameters else 0
    pixels = math.prod(config.image_shape)
    return len(plan.points) * point + parent + JUDGES_BYTES + WRITTEN * pixels


def size(n: int) -> str:
    """Return a number of bytes, for people."""
    return f"{n / 1e9:.1f} GB" if n >= 1e9 else f"{n / 1e6:.1f} MB"


def refuse_full_disk(path: Path, needed: int) -> None:
    """Raise UserError if the disk has no room for an atlas of so many bytes at `path`.

    The part that is already there counts as room.
    """
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free
    taken = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else 0
    if free + taken < needed:
        raise UserError(
            f"{path} will take about {size(needed)}, and its disk has {size(free)} left: "
            "make room, or name a folder elsewhere."
        )
