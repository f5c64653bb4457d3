"""Representation (Fig. 4 of the source): what a layer knows about the label, and how readable it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
from dash import Dash, html

from app.page.figures.look import Look, choice
from app.page.figures.representation import (
    LOWER_BOUND,
    accuracy_figure,
    accuracy_of_information_figure,
    has_lower_bound,
    information_figure,
)
from app.page.menus import LAYERS, PROBES
from app.page.points import points_table
from app.page.state import posteriors
from app.page.widgets import controls, figure_row
from app.page.widgets.pieces import equation_button
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas

VIEW = "representation"

INFORMATION = {
    "z2": "An estimate of what z₂ knows of the label: at most R(z₂), and at most the label’s entropy H[y].",
    "z1": "A lower bound of what z₁ knows of the label: at most the total rate and its entropy H[y].",
}
BRACKET = "Dots: an estimate of what z₂ knows of the label, which errs upwards. Lines: to a lower bound."
ACCURACY = "Dotted: no classifier of a draw of {layer} can do better at this rate"
DASHES = "; dashes: nor with this model’s information"
READ = {
    "draw": "Classifiers read draws of {layer}: none can do better than the bound, but for errors.",
    "mean": "Classifiers read posterior means, which can tell more than draws: dots may lie above the bound.",
}
NO_CURVE = "I(y; z₁) is known from below only, which bounds no accuracy: there is no curve."


def layout(atlas: Atlas) -> html.Div:
    """Return the heads; the figures are drawn when the view is shown."""
    read = posteriors(atlas)
    switch = controls.switch("posterior", "Read by the classifier", read, next(iter(read)))
    return figure_row.layout(
        VIEW,
        [
            [
                html.H2("Information about the label", className="figure-title"),
                equation_button("mi_{layer}"),
                controls.switch("layer", "Layer", LAYERS, "z2"),
            ],
            [
                html.H2("Accuracy", className="figure-title"),
                equation_button("accuracy", "{probe}"),
                controls.menu("probe", "Classifier", PROBES, "rbf_svm"),
                *([switch] if len(read) > 1 else []),
            ],
            [
                html.H2("Accuracy and information", className="figure-title"),
                equation_button("accuracy_bound"),
            ],
        ],
    )


def register(app: Dash, requested: RequestedAtlas) -> None:
    """Draw the figures again when a visitor chooses something."""
    figure_row.register(app, requested, VIEW, 3, _draw)
    controls.register(app, ("layer", "probe", "posterior"))


def _draw(atlas: Atlas, look: Mapping[str, Any]) -> list[figure_row.Drawn]:
    table, style = points_table(atlas), Look.of(look)
    layer, probe = choice(look, "layer", LAYERS), choice(look, "probe", PROBES)
    frequencies = atlas.manifest.label_frequencies
    if not sum(frequencies) > 0:
        frequencies = []
    posterior = choice(look, "posterior", posteriors(atlas))
    chosen = (table, layer, probe, frequencies, style, posterior)
    accuracy = accuracy_figure(*chosen)
    information = BRACKET if has_lower_bound(table, layer) else INFORMATION[layer]
    note = READ[posterior].format(layer=LAYERS[layer]) if layer in LOWER_BOUND else NO_CURVE
    return [
        figure_row.Drawn(information_figure(table, layer, frequencies, style), information),
        figure_row.Drawn(accuracy, _accuracy_note(accuracy, LAYERS[layer])),
        figure_row.Drawn(accuracy_of_information_figure(*chosen), note),
    ]


def _accuracy_note(figure: go.Figure, layer: str) -> str:
    """Return a sentence about the bounds in the figure."""
    drawn = {trace.name for trace in figure.data if len(trace.x)}
    if "bound of the rate" not in drawn:
        return ""
    return f"{ACCURACY.format(layer=layer)}{DASHES if 'bounds of the information' in drawn else ''}."
