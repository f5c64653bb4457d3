"""The grid of (β₂, β₁)."""

from __future__ import annotations

from hvae.atlas.point import HIGHEST_TRAINED_BETA, LOWEST_TRAINED_BETA, Point, as_in_name
from hvae.errors import UserError

MAX_VALUES = 99


def parse_betas(text: str) -> list[float]:
    """Return the N log-spaced values of `LO:HI:N`, from LO to HI, both included.

    Raises UserError for anything but 1e-6 ≤ LO < HI ≤ 1e6 and 2 ≤ N ≤ 99 (or LO = HI and N = 1).
    """
    wrong = (
        f"--betas {text} is not a range: write LO:HI:N, such as 0.1:10:13, with LO < HI, both from "
        f"{LOWEST_TRAINED_BETA:g} to {HIGHEST_TRAINED_BETA:,.0f}, and N from 2 to {MAX_VALUES}."
    )
    try:
        low_text, high_text, n_text = text.split(":")
        low, high, n = float(low_text), float(high_text), int(n_text)
    except ValueError:
        raise UserError(wrong) from None
    is_single = n == 1 and low == high
    is_range = is_single or (low < high and 1 < n <= MAX_VALUES)
    if not (is_range and LOWEST_TRAINED_BETA <= low <= high <= HIGHEST_TRAINED_BETA):
        raise UserError(wrong)
    # With this, 0.1:10:3 has a β of exactly 1.
    values = [as_in_name(low * (high / low) ** (i / max(n - 1, 1))) for i in range(n)]
    if len(set(values)) != n:
        raise UserError(f"--betas {text} asks for values closer together than six digits can tell apart.")
    return values


def grid(values: list[float]) -> list[Point]:
    """Return all pairs of `values`, β₂ outer, β₁ inner."""
    return [Point(beta_2, beta_1) for beta_2 in values for beta_1 in values]
