"""The page's head: what this is, the views' tabs, and what concerns all views."""

from __future__ import annotations

from collections.abc import Mapping

import dash_mantine_components as dmc
from dash import Dash, html
from dash.development.base_component import Component

from app.page.views import view_titles
from app.page.widgets import controls
from app.page.widgets.pieces import tabs
from app.page.words import dataset_title, models_text, without_labels
from hvae.atlas.atlas import Atlas

TITLE = "Where does a hierarchical VAE keep its information?"


def layout(name: str, atlas: Atlas, titles: Mapping[str, str], problem: str = "") -> html.Header:
    """Title, tabs and tools.

    titles: of all atlases, by name. problem: why the atlas cannot be read at present, a sentence.
    """
    tools = [
        _tool("open-lecture", "Lecture", "Lecture mode (l)"),
        _tool("open-export", "Export", "Export figures, metrics, models (e)"),
        _tool("open-keys", "Keys", "List of keys (?)"),
    ]
    return html.Header(
        [
            html.Div([html.H1(TITLE), _about(name, atlas, titles)], className="page-title"),
            # assets/page/controls/link-message.js says here what a link names that is not here.
            html.P(id="link-message", className="page-message", role="status"),
            html.P(without_labels(atlas.manifest.classes), className="page-message"),
            # assets/page/controls/connection-message.js says here that the server is away.
            html.P(id="connection-message", className="connection-message", role="status"),
            html.P(f"{problem} What was read before is shown." if problem else "", className="page-message"),
            html.Div(
                [
                    tabs("view", view_titles(), ids="tab", label="Views"),
                    html.Div(tools, className="tools"),
                ],
                className="page-bar",
            ),
        ],
        className="page-head",
    )


def register(app: Dash) -> None:
    """What a visitor chooses leads to another atlas."""
    controls.register(app, ["atlas"])


def _about(name: str, atlas: Atlas, titles: Mapping[str, str]) -> html.Div:
    """Which atlas this is, and the way to others."""
    which: Component = html.Span(f"{dataset_title(atlas.manifest.dataset)} ·")
    if len(titles) > 1:
        which = controls.menu("atlas", "Atlas", titles, name)
    return html.Div(
        [which, html.Span(models_text(len(atlas.metrics)), id="model-count")],
        id="about",
        className="page-about",
        **{"data-atlas": titles.get(name, name)},
    )


def _tool(name: str, text: str, title: str) -> dmc.Button:
    return dmc.Button(
        text, id=name, variant="subtle", size="compact-sm", color="gray", **{"aria-label": title}
    )
