"""Words on curves, each where no dot is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.page.figures.axes import PLOT, places_in_pixels

LETTER, LINE = 7.0, 16.0
"""Width of a letter and height of a line, in pixels."""
APART = 4.0
"""How far from its curve, or from the marker on it, a label begins, in pixels."""
CLEAR = 6.0
"""How far from all dots a label is clear of them, in pixels."""
SIDES = ((0, 1), (1, 1), (-1, 1), (0, -1), (1, -1), (-1, -1), (1, 0), (-1, 0))
"""Where a label may stand, as seen from its place on the curve: to the right, and up."""
ON = (0, 0)
BACKGROUND = "rgba(255, 255, 255, 0.75)"


class Label(NamedTuple):
    """Words for a curve.

    near: where they had best stand, as a share of the part of the curve that is on screen. contour: whether
    they stand on the curve itself, as on a map, and are left out where there is no clear place for them.
    """

    curve: go.Scatter
    words: str
    near: float = 1.0
    contour: bool = False


def annotations(
    labels: Iterable[Label], traces: Sequence[go.Scatter], x: dict, y: dict
) -> list[dict[str, Any]]:
    """Plotly's annotations for the labels, clear of the markers in `traces` and of one another.

    Annotations lie above all traces. x, y: the axes.
    """
    markers = [part for part in traces if "markers" in (part.mode or "")]
    places = [places_in_pixels(part.x, part.y, x, y) for part in markers]
    radii = [np.broadcast_to(np.asarray(part.marker.size, float) / 2, len(part.x)) for part in markers]
    taken = np.concatenate([np.empty((0, 2)), *places])
    # Boxes (M, 4) that are taken: left, bottom, right, top.
    radius = np.concatenate([np.empty(0), *radii])[:, None]
    boxes = np.hstack([taken - radius, taken + radius])
    found = []
    for label in labels:
        placed = _clearest(label, boxes, x, y)
        if placed is None:
            continue
        annotation, box = placed
        found.append(annotation)
        boxes = np.vstack([boxes, box])
    return found


def _clearest(label: Label, boxes: np.ndarray, x: dict, y: dict) -> tuple[dict[str, Any], np.ndarray] | None:
    """The annotation of a label at its best place, and its box (4,); None where it is left out."""
    curve = _along(places_in_pixels(label.curve.x, label.curve.y, x, y))
    if not len(curve):
        return None
    marker = label.curve.marker.size if "markers" in label.curve.mode else 0
    apart = APART + float(np.max(marker)) / 2
    size = np.array([LETTER * len(label.words), LINE])
    sides = np.array([ON] if label.contour else SIDES, float)
    centres = curve[:, None] + sides * (size / 2 + apart)  # (places, sides, 2)
    candidates = np.concatenate([centres - size / 2, centres + size / 2], axis=2).reshape(-1, 4)
    inside = (candidates[:, :2] >= 0).all(1) & (candidates[:, 2:] <= PLOT).all(1)
    gap = _gaps(candidates, boxes)
    own = _gaps(candidates, np.hstack([curve, curve]))
    far = np.abs(np.linspace(0, 1, len(curve)) - label.near).repeat(len(sides)) if len(curve) > 1 else 0.0
    worth = np.minimum(gap, CLEAR) + np.minimum(own, APART) / 2 - 3 * far - 100 * ~inside
    best = int(worth.argmax())
    if label.contour and (gap[best] <= 0 or not inside[best]):
        return None
    place, side = curve[best // len(sides)], sides[best % len(sides)]
    return _annotation(label.words, place, apart * side, x, y), candidates[best]


def _along(curve: np.ndarray) -> np.ndarray:
    """Places (N, 2) some pixels apart along a curve of corners (C, 2), inside the figure."""
    steps = np.hypot(*np.diff(curve, axis=0).T)
    way = np.concatenate([[0.0], np.cumsum(steps)])
    if not len(curve) or not np.isfinite(way).all():
        return curve[:0]
    at = np.linspace(0, way[-1], int(np.clip(way[-1] / 6, 2, 120)))
    dense = np.stack([np.interp(at, way, side) for side in curve.T], axis=1)
    return dense[((dense >= 0) & (dense <= PLOT)).all(1)]


def _gaps(candidates: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """How far each of the candidates (N, 4) is from the nearest box (M, 4), (N,); below 0 if they overlap."""
    if not len(boxes):
        return np.full(len(candidates), np.inf)

    def gap(one: np.ndarray) -> float:
        apart = np.maximum(one[:2] - boxes[:, 2:], boxes[:, :2] - one[2:])  # along x and y
        return float(apart.max(axis=1).min())

    return np.array([gap(one) for one in candidates])


def _annotation(words: str, place: np.ndarray, apart: np.ndarray, x: dict, y: dict) -> dict[str, Any]:
    """Words that begin so far `apart` (2,) from a place (2,), in pixels.

    On a logarithmic axis, plotly takes the logarithm.
    """
    shares = place / PLOT
    low, high = np.array([x["range"], y["range"]], float).T
    across, up = low + shares * (high - low)
    return {
        "text": words,
        "x": float(across),
        "y": float(up),
        "xanchor": {-1: "right", 0: "center", 1: "left"}[int(np.sign(apart[0]))],
        "yanchor": {-1: "top", 0: "middle", 1: "bottom"}[int(np.sign(apart[1]))],
        "xshift": float(apart[0]),
        "yshift": float(apart[1]),
        "showarrow": False,
        "borderpad": 0,
        "bgcolor": BACKGROUND,
    }
