"""The page's views: which panel shows each, and the callbacks of all."""

from __future__ import annotations

from types import ModuleType

from dash import Dash, html

from app.panels import compare, landscapes, model, parent
from app.state import VIEWS
from hvae.atlas import Atlas

PANELS: dict[str, ModuleType] = {"landscapes": landscapes, "compare": compare, "parent": parent}
"""View → the module with its `layout(atlas)` and `register(app, atlas)`."""


def layout(atlas: Atlas) -> html.Main:
    """All views, and the strip of the selected model."""
    sections = [
        html.Section(
            PANELS[name].layout(atlas) if name in PANELS else html.P(f"{title}: not here yet."),
            id=f"view-{name}",
            className="view",
            hidden=name != "landscapes",
            role="tabpanel",
            **{"data-views": name, "aria-labelledby": f"tab-{name}"},
        )
        for name, title in VIEWS.items()
    ]
    return html.Main([*sections, model.layout(atlas)])


def register(app: Dash, atlas: Atlas) -> None:
    """The callbacks of all views."""
    for panel in (*PANELS.values(), model):
        panel.register(app, atlas)
