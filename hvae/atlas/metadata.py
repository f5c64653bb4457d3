"""A checkpoint's metadata, read from its header without torch."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import BinaryIO

from hvae.atlas.point import is_readable
from hvae.atlas.untrusted_files import NO_WAITING, open_regular
from hvae.errors import UserError, one_line
from hvae.files import no_key_twice

# All metadata are under one key: safetensors writes several keys in an order that changes from run to run,
# and the same model should give the same bytes.
KEY = "hvae"
SHA256 = "sha256"
"""The metadata's key for the checksum of everything in the file; see `hvae.atlas.checkpoint.digest`."""

MAX_HEADER = 2**21


def read_metadata(path: Path) -> dict:
    """Return the metadata of a file that `hvae.atlas.checkpoint.write_tensors` wrote.

    Raises UserError if the file is missing or is no such file.
    """
    with opened_checkpoint(path) as file:
        return metadata_in(file, short_name(path))


def metadata_in(file: BinaryIO, name: str) -> dict:
    """Return the metadata in an open file; errors call it `name`. Raises UserError if it is no such file.

    A safetensors file begins with its header's length (8 bytes, little endian), then the header as JSON.
    """
    try:
        length = int.from_bytes(file.read(8), "little")
        if length > MAX_HEADER:
            raise ValueError(f"its header is longer than {MAX_HEADER // 2**20} MiB")
        about = json.loads(file.read(length), object_pairs_hook=no_key_twice).get("__metadata__") or {}
        metadata = json.loads(about.get(KEY, "null"), object_pairs_hook=no_key_twice)
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise UserError(f"{name} cannot be read as a checkpoint ({one_line(error)}).") from None
    if not isinstance(metadata, dict):
        raise UserError(f"{name} was not written by this program: it says nothing about its model.")
    return metadata


def opened_checkpoint(path: Path) -> BinaryIO:
    """Return the regular file at `path`. Raises UserError if there is none."""
    try:
        return open_regular(os.open(path, NO_WAITING))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{short_name(path)} cannot be read as a checkpoint ({reason}).") from None


def short_name(path: Path) -> str:
    """Return the names of the folder and the file, short enough for a sentence."""
    return "/".join(Path(path).parts[-2:])


def dimension_rates(metadata: dict) -> list[float]:
    """Return the rate of each dimension of z_L, nats, from a checkpoint's metadata; empty if unknown."""
    rates = metadata.get("dimension_rates_z2")
    if not isinstance(rates, list) or len(rates) > 4096:
        return []
    known = all(isinstance(rate, float) and math.isfinite(rate) for rate in rates)
    return rates if known else []


def beta_range(metadata: dict, name: str) -> tuple[float, float]:
    """Return the lowest and highest β of a parent.

    Raises UserError if the file `name` does not contain them.
    """
    try:
        low, high = (float(beta) for beta in metadata["beta_range"])
    except (KeyError, TypeError, ValueError, OverflowError):
        low, high = math.nan, math.nan
    if not (is_readable(low) and is_readable(high) and low < high):
        raise UserError(f"{name} has no usable range of β.")
    return low, high
