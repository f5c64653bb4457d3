"""The page's main element: all views, of which one is shown, and the selected model's strip and bar."""

from __future__ import annotations

from collections.abc import Mapping

import dash_mantine_components as dmc
from dash import Dash, html

from app.page.shell import legend, model_strip, samples_bar
from app.page.views import FIRST_VIEW, VIEWS, figure_views
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas


def layout(atlas: Atlas, others: Mapping[str, str]) -> html.Main:
    """Return the views, those with figures in one frame with the legend. others: see `fields`."""
    sections = {
        name: html.Section(
            view.panel.layout(atlas),
            id=f"view-{name}",
            className="view",
            hidden=name != FIRST_VIEW,
            role="tabpanel",
            **{"data-views": name, "aria-labelledby": f"tab-{name}"},
        )
        for name, view in VIEWS.items()
    }
    figures = dmc.Paper(
        [
            html.Div([sections.pop(name) for name in figure_views()], className="boards"),
            legend.layout(atlas, others),
        ],
        className="panel figures-panel",
        withBorder=True,
        radius="lg",
        id="figures-panel",
        **{"data-views": " ".join(figure_views())},
    )
    return html.Main([figures, *sections.values(), model_strip.layout(atlas), samples_bar.layout()])


def register(app: Dash, requested: RequestedAtlas) -> None:
    """Add the callbacks of all views; they are the same for all atlases."""
    for panel in (*(view.panel for view in VIEWS.values()), legend, model_strip):
        panel.register(app, requested)
