"""Check by its header that a file of weights belongs to its row of the table and to atlas.json.

Headers of older releases have fewer entries; the entries that are there must agree.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import PurePosixPath

from hvae.atlas.manifest import Manifest, made_from_plan
from hvae.atlas.metadata import beta_range, dimension_rates
from hvae.atlas.point import parents_range
from hvae.atlas.untrusted_files import MANIFEST
from hvae.config import HVAEConfig

SIX_DIGITS = 1e-5
"""Relative difference of two β with the same six digits."""
MEASURED_AGAIN = 1e-3
"""Relative difference, and difference in nats, of one rate on two machines."""

NAME = re.compile(r"beta2-([0-9.e+-]+)_beta1-([0-9.e+-]+)")


def other_point(metadata: Mapping, row: Mapping, manifest: Manifest) -> str | None:
    """Return why a checkpoint does not belong to the point in `row`, by its header; None if it does.

    The clause follows the checkpoint's name: "was trained at …".
    """
    betas = row["beta_2"], row["beta_1"]
    stem = PurePosixPath(row["checkpoint"]).stem
    named = _betas_in_name(stem)
    if named and not _agree(named, betas):
        return f"is by its name at (β₂, β₁) = {_place(named)}, its row at {_place(betas)}"
    trained_at = _betas_in(metadata)
    if trained_at and not _agree(trained_at, betas):
        return f"was trained at (β₂, β₁) = {_place(trained_at)}, its row is at {_place(betas)}"
    rates, measured = dimension_rates(metadata), row["rate_z2"]
    if rates and math.isfinite(measured):
        rate = math.fsum(rates)
        if abs(rate - measured) > MEASURED_AGAIN * (1 + abs(rate)):
            return f"was written with a rate of {rate:.6g} nats for z₂, its row has {measured:.6g}"
    return other_plan(metadata, manifest, stem)


def other_parent(metadata: dict, called: str, manifest: Manifest) -> str | None:
    """Return why a parent does not belong to this atlas, by its header; see `other_point`.

    Raises UserError if it has no usable range of β.
    """
    low, high = beta_range(metadata, called)
    lowest, highest = parents_range(manifest.betas.beta_2)
    if not _agree((low, high), (lowest, highest)):
        return f"covers β from {low:g} to {high:g}, the atlas's grid needs {lowest:g} to {highest:g}"
    return other_plan(metadata, manifest, "parent")


def other_plan(metadata: Mapping, manifest: Manifest, name: str) -> str | None:
    """Return the first difference between a header and atlas.json in what determines weights.

    See `other_point`.
    """
    if metadata.get("weights", manifest.weights) != manifest.weights and name != "parent":
        return f"is stored in another precision than {MANIFEST} has"
    made_from = metadata.get("made_from")
    if not isinstance(made_from, Mapping):
        return None if made_from is None else "says nothing that can be read of what it was made from"
    for key, expected in made_from_plan(manifest, name).items():
        # Older releases wrote fewer entries, in the files or in atlas.json.
        unknown = (None, {}, [])
        if made_from.get(key) in unknown or expected in unknown or _same(key, made_from[key], expected):
            continue
        if key == "names":
            return "was made under another name"
        return f"was made with another {key.replace('_', ' ')} than {MANIFEST} has"
    return None


def other_judge(config: object, manifest: Manifest) -> str | None:
    """Return why a classifier cannot judge this atlas's pictures, by its config; see `other_point`."""
    if not isinstance(config, Mapping):
        return "is no classifier"
    channels, classes = manifest.config.image_shape[0], len(manifest.classes)
    if config.get("classes") != classes:
        return f"tells {config.get('classes')} classes apart, the atlas has {classes}"
    if config.get("in_channels") != channels:
        return f"judges pictures of {config.get('in_channels')} channels, the atlas's have {channels}"
    return None


def _same(key: str, one: object, other: object) -> bool:
    if one == other:
        return True
    if key == "dataset" and str(one).startswith("folder:") and str(other).startswith("folder:"):
        return True  # it may have moved; `data` says whether the pictures are the same
    if key == "model":
        with suppress(TypeError, ValueError):
            return HVAEConfig(**one) == HVAEConfig(**other)
        return False
    if key == "beta_range":
        with suppress(TypeError, ValueError):
            return _agree(one, other)
    return False


def _betas_in_name(stem: str) -> tuple[float, float] | None:
    found = NAME.fullmatch(stem)
    with suppress(ValueError):
        return (float(found[1]), float(found[2])) if found else None
    return None


def _betas_in(metadata: Mapping) -> tuple[float, float] | None:
    betas = metadata.get("betas")
    if betas is None:
        return None
    try:
        return float(betas["beta_2"]), float(betas["beta_1"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return math.nan, math.nan


def _agree(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(math.isclose(a, b, rel_tol=SIX_DIGITS) for a, b in zip(one, other, strict=True))


def _place(betas: tuple[float, float]) -> str:
    return f"({betas[0]:.6g}, {betas[1]:.6g})"
