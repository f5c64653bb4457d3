"""Columns of metrics as figures show them: their units, their names on axes, their numbers as text."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from app.page.figures.look import Look
from hvae.metrics.measurements.reconstruction import RECONSTRUCTION
from hvae.metrics.registry import metric_of

RATES = tuple(one.column for one in RECONSTRUCTION.metrics if not one.sizes_dots)
"""Where a dot sits, not how well it does."""

FLOOR = 0.01
"""The lowest rate that a logarithmic axis shows, in the unit shown; lower ones are drawn there."""


def unit(column: str, look: Look) -> str:
    """The unit of the column's numbers as figures show them; empty where there is none, and for shares."""
    about = metric_of(column)
    return look.units if about.in_nats else "" if about.unit == "share" else about.unit


def axis_title(column: str, look: Look) -> str:
    """`R(z₂), bits per image`; short, where the figure's head says the rest."""
    about = metric_of(column)
    short = about.short_title or about.title
    parts = [unit(column, look), "per image" if about.per_image else ""]
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
    percent = metric_of(column).unit == "share"
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
    return math.log(2) if look.units == "bits" and metric_of(column).in_nats else 1.0


def _digits(size: float) -> int:
    return 0 if size >= 1000 else 1 if size >= 10 else 2 if size >= 0.1 or size == 0 else 4
