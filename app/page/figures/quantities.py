"""Columns of metrics as figures show them: their units, their names on axes, their numbers as text."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from app.page.figures.look import Look
from app.page.words import decimals
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
    value as far as that digit; an error below a millionth of the value is passed over. Without an error a
    number has four digits at most, or it is whole. Tiny numbers are `(9.47 ± 0.07) × 10⁻⁶ nats`.
    """
    if not math.isfinite(value):
        return "–"
    percent = metric_of(column).unit == "share"
    scale = 100 if percent else 1 / _nats(column, look)
    value, error = value * scale, standard_error * scale
    sign = "%" if percent else unit(column, look)
    if math.isfinite(error) and error > NEGLIGIBLE * abs(value):
        number = _with_error(value, error)
    elif percent:
        number = f"{value:.1f}"
    else:
        number = _alone(value)
    return f"{number.replace('-', '−')} {sign}".rstrip()


NEGLIGIBLE = 1e-6
"""Errors below this share of the value say nothing that a reader could use."""
TINY = 1e-3
"""Numbers below it are written with a power of ten."""
TOO_FINE = 1e-5
"""So are smaller ones than 0.1 whose error is below it: they would have six decimals."""


def _with_error(value: float, error: float) -> str:
    largest = max(abs(value), error)
    if largest < TINY or (largest < 0.1 and error < TOO_FINE):
        power = math.floor(math.log10(largest))
        return f"({_with_error(value / 10**power, error / 10**power)}) × {_power_of_ten(power)}"
    place = math.floor(math.log10(error))  # of the digit that the error has
    if round(error / 10**place) == 10:  # 0.096 is 0.1, not 0.10
        place += 1
    value, error = round(value, -place), round(error, -place)
    count = max(0, -place)
    return f"{value:.{count}f} ± {error:.{count}f}"


def _alone(value: float) -> str:
    size = abs(value)
    if 0 < size < TINY:
        power = math.floor(math.log10(size))
        return f"{value / 10**power:.2f} × {_power_of_ten(power)}"
    return f"{value:.{4 if 0 < size < 0.1 else decimals(value)}f}"


def _power_of_ten(power: int) -> str:
    return "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _nats(column: str, look: Look) -> float:
    return math.log(2) if look.units == "bits" and metric_of(column).in_nats else 1.0
