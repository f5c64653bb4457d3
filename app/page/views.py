"""The list of views. Tabs, keys, addresses, sections of the page and callbacks all follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from dash import Dash
    from dash.development.base_component import Component

    from app.server.requested_atlas import RequestedAtlas
    from hvae.atlas.atlas import Atlas


class Panel(Protocol):
    """A module that shows a view."""

    def layout(self, atlas: Atlas) -> Component:
        """Return what the view shows of an atlas at first."""

    def register(self, app: Dash, requested: RequestedAtlas) -> None:
        """Add the view's callbacks, which serve all atlases."""


@dataclass(frozen=True)
class View:
    """One view of the page.

    name: in addresses and ids. title: on its tab. panel_module: the dotted name of a `Panel`; it is imported
    only when it is needed, because panels import the state, which needs the names of the views. has_figures:
    whether it stands in the frame of the figures, with their legend beside it and the strip of the selected
    model below it.
    """

    name: str
    title: str
    panel_module: str
    has_figures: bool = False

    @property
    def panel(self) -> Panel:
        """The module that shows it."""
        return cast(Panel, import_module(self.panel_module))


VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        View("landscapes", "Landscapes", "app.page.panels.landscapes", has_figures=True),
        View("reconstruction", "Reconstruction", "app.page.panels.reconstruction", has_figures=True),
        View("representation", "Representation", "app.page.panels.representation", has_figures=True),
        View("generation", "Generation", "app.page.panels.generation", has_figures=True),
        View("model", "Model", "app.page.panels.model"),
        View("own", "Your image", "app.page.panels.your_image"),
        View("compare", "Compare", "app.page.panels.compare"),
        View("parent", "Between the dots", "app.page.panels.parent"),
        View("claims", "Claims", "app.page.panels.claims"),
    )
}
"""Views by name, in the order of their tabs and keys: 1, 2, 3, …"""

FIRST_VIEW = next(iter(VIEWS))
"""The view that a visitor sees first."""


def view_titles() -> dict[str, str]:
    """Return the title of each view by its name."""
    return {name: view.title for name, view in VIEWS.items()}


def figure_views() -> list[str]:
    """Return the names of the views that have figures."""
    return [name for name, view in VIEWS.items() if view.has_figures]
