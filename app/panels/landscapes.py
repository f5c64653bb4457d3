"""The rate plane's panel: the figure, what sets the size of its dots, and its legend."""

from __future__ import annotations

import dash_mantine_components as dmc
import numpy as np
import plotly.graph_objects as go
from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from app.figures.colours import beta_ranges, colour_code
from app.figures.plane import left_out, plane_figure
from app.points import points_table
from app.state import size_metrics
from app.words import LOWER_IS_BETTER, METRICS, beta_text
from hvae.atlas import Atlas

KEY_CELLS = 7


def layout(atlas: Atlas) -> dmc.Paper:
    """The panel as a visitor first sees it."""
    metrics = size_metrics(atlas)
    metric = metrics[0] if metrics else None
    head = html.Div(
        [
            html.Div(
                [
                    dmc.Title("The rate plane", order=2, size="h4"),
                    dmc.Text("One dot is one trained model. Click it.", size="sm", c="dimmed"),
                ]
            ),
            dmc.Select(
                id="size-metric",
                label="Dot size",
                data=[{"value": column, "label": METRICS[column]} for column in metrics],
                value=metric,
                allowDeselect=False,
                disabled=not metrics,
                placeholder="no metrics",
                size="sm",
                w=240,
                comboboxProps={"withinPortal": True},
            ),
        ],
        className="panel-head",
    )
    graph = dcc.Graph(
        id="plane",
        figure=plane_figure(points_table(atlas), metric),
        responsive=True,
        config={"displayModeBar": False, "displaylogo": False, "doubleClick": False, "showTips": False},
        className="plane-graph",
    )
    return dmc.Paper(
        [head, html.Div([graph, html.Div(id="plane-ring")], className="plane-place"), _legend(atlas, metric)],
        className="panel plane-panel",
        withBorder=True,
        radius="lg",
        id="plane-panel",
    )


def register(app: Dash, atlas: Atlas) -> None:
    """Callbacks: the size metric redraws the figure, and a figure that was drawn can be clicked."""

    @app.callback(
        Output("plane", "figure"),
        Output("plane-note", "children"),
        Output("size-note", "children"),
        Input("size-metric", "value"),
        prevent_initial_call=True,
    )
    def resize(metric: str | None) -> tuple[go.Figure, str, str]:
        metric = metric if metric in size_metrics(atlas) else None
        return plane_figure(points_table(atlas), metric), left_out(atlas.metrics, metric), _size_note(metric)

    app.clientside_callback(ClientsideFunction("hvae", "planeDrawn"), Input("plane", "figure"))


def _size_note(metric: str | None) -> str:
    if metric is None:
        return "all dots alike"
    return f"{'lower' if metric in LOWER_IS_BETTER else 'higher'} {METRICS[metric]}"


def _legend(atlas: Atlas, metric: str | None) -> html.Div:
    dot = html.Span(className="mark mark-standard")
    return html.Div(
        [
            _colour_key(atlas),
            html.Ul(
                [
                    html.Li([html.Span(className="mark mark-line"), "β₂ = β₁: a β-VAE"]),
                    html.Li([dot, "β₂ = β₁ = 1: standard VAE"]),
                    html.Li(
                        [
                            html.Span([html.I(), html.I(), html.I()], className="mark mark-sizes"),
                            html.Span(["larger: ", html.Span(_size_note(metric), id="size-note")]),
                        ]
                    ),
                    html.Li(html.Span(left_out(atlas.metrics, metric), id="plane-note"), className="note"),
                ]
            ),
        ],
        className="plane-legend",
    )


def _colour_key(atlas: Atlas) -> html.Div:
    """The colour code as a little plane: β₂ to the right, β₁ upwards, both logarithmic."""
    ranges = beta_ranges(atlas.metrics)
    axes = [np.geomspace(*between, KEY_CELLS) for between in ranges]
    across, up = (part.ravel() for part in np.meshgrid(axes[0], axes[1][::-1]))
    cells = [html.I(style={"backgroundColor": colour}) for colour in colour_code(across, up, *ranges)]
    ends = [[beta_text(end) for end in between] for between in ranges]
    return html.Div(
        [
            html.Div([html.B("β₁"), html.Span(ends[1][1]), html.Span(ends[1][0])], className="key-up"),
            html.Div(cells, className="key-cells", style={"--cells": KEY_CELLS}),
            html.Div([html.Span(ends[0][0]), html.B("β₂"), html.Span(ends[0][1])], className="key-across"),
        ],
        className="colour-key",
        role="img",
        **{"aria-label": "Colour code: β₂ grows to the right, β₁ upwards"},
    )
