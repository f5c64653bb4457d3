"""What a checkpoint says about itself, read from its header without importing torch."""

from __future__ import annotations

import json
import math
from pathlib import Path

from safetensors import SafetensorError, safe_open

from hvae.errors import UserError

# All metadata under one key: safetensors writes several in an order that changes from run to run, and the
# same model should give the same bytes.
KEY = "hvae"


def read_metadata(path: Path) -> dict:
    """The metadata of a file that `hvae.checkpoint.write_tensors` wrote.

    Raises UserError where the file is missing or is no such file.
    """
    try:
        with safe_open(path, framework="np") as file:
            metadata = json.loads((file.metadata() or {}).get(KEY, "null"))
    except (OSError, SafetensorError, ValueError, RecursionError) as error:
        raise UserError(f"{short_name(path)} cannot be read as a checkpoint ({reason(error)}).") from None
    if not isinstance(metadata, dict):
        raise UserError(
            f"{short_name(path)} was not written by this program: it says nothing about its model."
        )
    return metadata


def short_name(path: Path) -> str:
    """The file's name with its folder's, for a sentence that is read far from the file."""
    return "/".join(Path(path).parts[-2:])


def reason(error: Exception) -> str:
    """An exception's text on one line, cut to what fits in a sentence."""
    return " ".join(str(error).split())[:200]


def dimension_rates(metadata: dict) -> list[float]:
    """What each dimension of z_L adds to its rate, nats, in a checkpoint's metadata; empty where unknown."""
    rates = metadata.get("dimension_rates_z2")
    if not isinstance(rates, list) or len(rates) > 4096:
        return []
    known = all(isinstance(rate, float) and math.isfinite(rate) for rate in rates)
    return rates if known else []
