"""Columns of metrics as figures show them: their units, their names on axes, their numbers as text."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from app.page.figures.look import Look
from app.page.words import METRICS

RATES = {"rate_z2": "R(z₂)", "rate_z1": "R(z₁|z₂)", "rate_total": "Total rate"}
SIGNS = {"z2": "z₂", "z1": "z₁"}
PER_IMAGE = {*RATES, "distortion", "neg_elbo"}
IN_NATS = {*PER_IMAGE, "mi_z2", "mi_z1"}
"""Columns in nats, which a visitor may read in bits."""

FLOOR = 0.01
"""The lowest rate that a logarithmic axis shows, in the unit shown; lower ones are drawn there."""


def name(column: str) -> str:
    """The column's name on the page."""
    return RATES.get(column) or METRICS[column]


def unit(column: str, look: Look) -> str:
    """The unit of the column's numbers; empty where there is none."""
    return look.units if column in IN_NATS else "dB" if column == "psnr" else ""


def axis_title(column: str, look: Look) -> str:
    """`R(z₂), bits per image`; short, where the figure's head says the rest."""
    if column.startswith("mi_"):
        short = f"I(y; {SIGNS[column.removeprefix('mi_')]})"
    else:
        short = name(column).removeprefix("Accuracy, ")
    parts = [unit(column, look), "per image" if column in PER_IMAGE else ""]
    return f"{short}, {' '.join(filter(None, parts))}" if parts[0] else short


def shown(table: pd.DataFrame, column: str, look: Look) -> np.ndarray:
    """The column's numbers (N,) in the unit shown; all NaN where there is no such column.

    Those of a column `*_se` are in the unit of the column whose standard error it holds.
    """
    if column not in table:
        return np.full(len(table), np.nan)
    return table[column].to_numpy(float) / _nats(column.removesuffix("_se"), look)


def text(column: str, value: float, look: Look, standard_error: float = math.nan) -> str:
    """A metric with its standard error and unit: `6.35 ± 0.03`, `96.1 ± 0.2 %`; a dash for NaN.

    value and standard_error: as the column stores them. The standard error is shown to one digit, and the
    value as far as that digit.
    """
    if not math.isfinite(value):
        return "–"
    percent = column.startswith("acc_")
    scale = 100 if percent else 1 / _nats(column, look)
    value, error = value * scale, standard_error * scale
    sign = "%" if percent else unit(column, look)
    if math.isfinite(error) and error > 0:
        digits = max(0, -math.floor(math.log10(error)))
        if round(error, digits) >= 10 ** (1 - digits) and digits:  # 0.096 is 0.1, not 0.10
            digits -= 1
        number = f"{value:.{digits}f} ± {error:.{digits}f}"
    else:
        number = f"{value:.{1 if percent else _digits(abs(value))}f}"
    return f"{number.replace('-', '−')} {sign}".rstrip()


def _nats(column: str, look: Look) -> float:
    return math.log(2) if look.units == "bits" and column in IN_NATS else 1.0


def _digits(size: float) -> int:
    return 0 if size >= 1000 else 1 if size >= 10 else 2 if size >= 0.1 or size == 0 else 4
