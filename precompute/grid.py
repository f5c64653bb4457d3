"""The grid of (β₂, β₁)."""

from __future__ import annotations

import math

from hvae.atlas.point import Point
from hvae.errors import UserError

MAX_VALUES = 99


def parse_betas(text: str) -> list[float]:
    """`LO:HI:N` → N log-spaced values from LO to HI, both included.

    Raises UserError for anything but 0 < LO < HI and 2 ≤ N ≤ 99 (or LO = HI and N = 1).
    """
    wrong = f"--betas {text} is not a range: write LO:HI:N with 0 < LO < HI and N from 2 to {MAX_VALUES}"
    try:
        low_text, high_text, n_text = text.split(":")
        low, high, n = float(low_text), float(high_text), int(n_text)
    except ValueError:
        raise UserError(f"{wrong}, such as 0.1:10:13.") from None
    is_single = n == 1 and low == high
    if not (1e-6 <= low <= high <= 1e6 and 1 <= n <= MAX_VALUES and (is_single or (low < high and n > 1))):
        raise UserError(f"{wrong}, such as 0.1:10:13.")
    # Rounded to what a file name shows, so that 0.1:10:3 has a β of exactly 1.
    values = [float(f"{low * (high / low) ** (i / max(n - 1, 1)):.6g}") for i in range(n)]
    if len(set(values)) != n or not all(math.isfinite(value) for value in values):
        raise UserError(f"--betas {text} asks for values closer together than six digits can tell apart.")
    return values


def grid(values: list[float]) -> list[Point]:
    """All pairs of `values`, β₂ outer, β₁ inner."""
    return [Point(beta_2, beta_1) for beta_2 in values for beta_1 in values]
