"""Colours of dots: the shared code, a colour for every (β₂, β₁), or a ramp over the values of a metric.

Four corner colours, blended bilinearly over (log β₂, log β₁) in OKLab, where equal steps look equal. The
corners differ in lightness as well as in hue, so that they stay apart for the colour-blind.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from plotly.colors import get_colorscale, sample_colorscale

from app.page.figures.look import BETAS

# sRGB at the corners, [β₂ low or high][β₁ low or high].
CORNERS = np.array(
    [
        [[0x3B, 0x4C, 0xC0], [0x2F, 0xB5, 0xA2]],
        [[0xC2, 0x2B, 0x6E], [0xF5, 0xB4, 0x3C]],
    ],
    dtype=float,
)

RAMP = "Viridis"
"""From low to high values of a metric; told apart by lightness alone."""
LAST = 0.94
"""How far along the ramp the highest value is."""
UNKNOWN = "#9aa0aa"

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


Range = tuple[float, float]
BetaRanges = tuple[Range, Range]
"""Lowest and highest β₂, lowest and highest β₁."""


def beta_ranges(metrics: pd.DataFrame) -> BetaRanges:
    """Where the grid of an atlas begins and ends; 0.1 to 10 where it has no points."""
    if metrics.empty:
        return (0.1, 10.0), (0.1, 10.0)
    beta_2, beta_1 = metrics["beta_2"], metrics["beta_1"]
    return (float(beta_2.min()), float(beta_2.max())), (float(beta_1.min()), float(beta_1.max()))


def colour_code(beta_2: ArrayLike, beta_1: ArrayLike, range_2: Range, range_1: Range) -> list[str]:
    """Colours `#rrggbb` of N points.

    beta_2, beta_1: (N,), positive. range_2, range_1: lowest and highest β of the grid, where the corners
    are; a β beyond them takes the colour of the edge.
    """
    across, up = _place(beta_2, range_2)[:, None], _place(beta_1, range_1)[:, None]
    corners = _oklab(CORNERS)
    blend = (
        corners[0, 0] * (1 - across) * (1 - up)
        + corners[0, 1] * (1 - across) * up
        + corners[1, 0] * across * (1 - up)
        + corners[1, 1] * across * up
    )
    return ["#" + "".join(f"{value:02x}" for value in colour) for colour in _srgb(blend)]


def corners_in_oklab() -> list[list[list[float]]]:
    """The corner colours in OKLab, [β₂ low or high][β₁ low or high]: for who blends them elsewhere."""
    return _oklab(CORNERS).tolist()


def dot_colours(metrics: pd.DataFrame, colour: str, scale: pd.DataFrame | None = None) -> list[str]:
    """Colours `#rrggbb` of all N points: by the shared code where `colour` is `betas`, else by that column.

    A point whose metric is not known is grey. scale: the points whose grid and values the colours span; by
    default the same.
    """
    scale = metrics if scale is None else scale
    if colour == BETAS or colour not in scale:
        return colour_code(metrics["beta_2"], metrics["beta_1"], *beta_ranges(scale))
    if colour not in metrics:
        return [UNKNOWN] * len(metrics)
    values, spanned = (table[colour].to_numpy(float) for table in (metrics, scale))
    known, spanned = np.isfinite(values), spanned[np.isfinite(spanned)]
    low, high = (spanned.min(), spanned.max()) if len(spanned) else (0.0, 0.0)
    place = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    return [ramp(float(at)) if usable else UNKNOWN for at, usable in zip(place, known, strict=True)]


def ramp(place: float) -> str:
    """The colour `#rrggbb` at a place in [0, 1] of the ramp."""
    # Its last yellow can hardly be told from a white page.
    [colour] = sample_colorscale(RAMP, [LAST * min(max(place, 0.0), 1.0)], colortype="tuple")
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


def ramp_stops() -> list[str]:
    """Return the colours `#rrggbb`, evenly apart, between which the ramp runs: for who colours elsewhere."""
    return [colour for _, colour in get_colorscale(RAMP)]


def _place(beta: ArrayLike, between: Range) -> np.ndarray:
    """Where log β lies in its range, in [0, 1]; the middle where the range is a single value."""
    low, high = np.log(between)
    beta = np.log(np.asarray(beta, float))
    return np.clip((beta - low) / (high - low), 0, 1) if high > low else np.full(beta.shape, 0.5)


def _oklab(srgb: np.ndarray) -> np.ndarray:
    """OKLab (Ottosson 2020) of sRGB colours (..., 3) in [0, 255]."""
    value = srgb / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T


def _srgb(oklab: np.ndarray) -> np.ndarray:
    """The inverse of `_oklab`, rounded to integers in [0, 255]."""
    linear = (oklab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_LMS).T
    linear = linear.clip(0, 1)
    value = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (value * 255).round().astype(int)
