"""The page's views: which panel shows each, and the callbacks of all."""

from __future__ import annotations

from types import ModuleType

import dash_mantine_components as dmc
from dash import Dash, html

from app.page.panels import (
    compare,
    generation,
    landscapes,
    model_view,
    parent,
    reconstruction,
    representation,
    your_image,
)
from app.page.shell import legend, model_strip
from app.page.state import FIGURE_VIEWS, VIEWS
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas

PANELS: dict[str, ModuleType] = {
    "landscapes": landscapes,
    "reconstruction": reconstruction,
    "representation": representation,
    "generation": generation,
    "model": model_view,
    "own": your_image,
    "compare": compare,
    "parent": parent,
}
"""View → the module with its `layout(atlas)` and `register(app, requested)`."""


def layout(atlas: Atlas) -> html.Main:
    """All views, and the strip of the selected model."""
    sections = {
        name: html.Section(
            PANELS[name].layout(atlas) if name in PANELS else html.P(f"{title}: not here yet."),
            id=f"view-{name}",
            className="view",
            hidden=name != "landscapes",
            role="tabpanel",
            **{"data-views": name, "aria-labelledby": f"tab-{name}"},
        )
        for name, title in VIEWS.items()
    }
    figures = dmc.Paper(
        [html.Div([sections.pop(name) for name in FIGURE_VIEWS], className="boards"), legend.layout(atlas)],
        className="panel figures-panel",
        withBorder=True,
        radius="lg",
        id="figures-panel",
        **{"data-views": " ".join(FIGURE_VIEWS)},
    )
    return html.Main([figures, *sections.values(), model_strip.layout(atlas)])


def register(app: Dash, requested: RequestedAtlas) -> None:
    """The callbacks of all views; they are the same for all atlases."""
    for panel in (*PANELS.values(), legend, model_strip):
        panel.register(app, requested)
