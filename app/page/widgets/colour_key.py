"""The colour key: the plane over (log β₂, log β₁) as small cells in the colours of its points.

assets/page/figures/colour-key.js makes the cells: as components they would be nearly half of the page's, and
Dash looks at every component whenever anything changes. A click on a cell selects its point, and a ring marks
the selected point's cell. Tab reaches that cell, and arrow keys walk from it, as in any group of radio
buttons.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
from dash import Dash, Input, Output, html
from dash.development.base_component import Component

from app.page.figures.colours import dot_colours, ramp
from app.page.figures.look import BETAS, Look
from app.page.figures.quantities import text
from app.page.points import points_table
from app.page.words import beta_text, metric_title
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas

MOST_CELLS = 21
"""Along each side; of a finer grid, some rows and columns are left out."""
CELLS = "data-cells"
"""Attribute of the key: point and colour of each cell, row by row, the highest β₁ first. JSON."""


def layout(atlas: Atlas, look: Look | None = None) -> html.Div:
    """Return the key of an atlas. A page may have several."""
    return html.Div(_content(points_table(atlas), look or Look()), className="colour-key")


def register(app: Dash, requested: RequestedAtlas, key: str) -> None:
    """Draw the key, the only child of the element `key`, again when a visitor chooses another colour."""

    @app.callback(Output(key, "children"), Input("look", "data"), prevent_initial_call=True)
    def recolour(look: dict[str, Any]) -> html.Div:
        return layout(requested.snapshot().atlas, Look.of(look))


def _content(table: pd.DataFrame, look: Look) -> list[Component]:
    if table.empty:
        return []
    across, up = (_values(table[column]) for column in ("beta_2", "beta_1"))
    table = table.assign(colour=dot_colours(table, look.colour))
    betas = np.log(table[["beta_2", "beta_1"]].to_numpy(float))
    cells = []
    for beta_1 in up[::-1]:
        for beta_2 in across:
            nearest = ((betas - np.log([beta_2, beta_1])) ** 2).sum(axis=1).argmin()
            cells.append(table.iloc[int(nearest)][["point", "colour"]].tolist())
    grid = html.Div(
        className="key-cells",
        role="radiogroup",
        style={"--across": len(across), "--up": len(up)},
        **{
            "aria-label": "Models by β: β₂ grows to the right, β₁ upwards; arrow keys walk",
            CELLS: json.dumps(cells, ensure_ascii=False, separators=(",", ":")),
        },
    )
    return [
        html.Div(
            [html.B("β₁"), html.Span(beta_text(up[-1])), html.Span(beta_text(up[0]))], className="key-up"
        ),
        grid,
        html.Div(
            [html.Span(beta_text(across[0])), html.B("β₂"), html.Span(beta_text(across[-1]))],
            className="key-across",
        ),
        *_ramp(table, look),
    ]


def _values(betas: pd.Series) -> list[float]:
    """Return the grid's values along one side, lowest first."""
    values = np.unique(betas.to_numpy(float))
    return values[np.linspace(0, len(values) - 1, min(len(values), MOST_CELLS)).round().astype(int)].tolist()


def _ramp(table: pd.DataFrame, look: Look) -> list[Component]:
    """Return the colours from low to high, if they stand for a metric."""
    if look.colour == BETAS or look.colour not in table:
        return []
    known = table[np.isfinite(table[look.colour].to_numpy(float))].sort_values(look.colour)
    if not len(known):
        return []
    colours = ", ".join(ramp(place) for place in np.linspace(0, 1, 9))
    ends = [html.Span(_end(row, look)) for _, row in known.iloc[[0, -1]].iterrows()]
    return [
        html.Div(className="key-ramp", style={"background": f"linear-gradient(to right, {colours})"}),
        html.Div(ends, className="key-ends", title=metric_title(look.colour)),
    ]


def _end(row: pd.Series, look: Look) -> str:
    """The value at an end of the ramp, with no digit beyond its standard error, which is not shown."""
    said = text(look.colour, row[look.colour], look, row.get(f"{look.colour}_se", np.nan))
    return re.sub(r"\(?([−\d.]+) ± [\d.]+\)?", r"\1", said)
