"""The page's head: title, atlas, messages, and the views' tabs."""

from __future__ import annotations

from collections.abc import Mapping

import dash_mantine_components as dmc
from dash import Dash, html
from dash.development.base_component import Component

from app.page.shell.following import followers_button
from app.page.views import view_titles
from app.page.widgets import controls
from app.page.widgets.pieces import tabs
from app.page.words import dataset_title, models_text, without_labels
from hvae.atlas.atlas import Atlas

TITLE = "Where does a hierarchical VAE keep its information?"


def layout(name: str, atlas: Atlas, titles: Mapping[str, str], problem: str = "") -> html.Header:
    """Return the head.

    titles: of all atlases, by name. problem: a sentence that says why the atlas cannot be read now, if so.
    """
    tools = [
        followers_button(),
        _tool("open-lecture", "Lecture", "Lecture mode (l)"),
        _tool("open-export", "Export", "Export figures, metrics, models, this page (e)"),
        _tool("open-keys", "Keys", "List of keys (?)"),
        _tool("open-about-page", "About", "About this page, and how to cite it"),
    ]
    return html.Header(
        [
            html.Div([html.H1(TITLE), _about(name, atlas, titles)], className="page-title"),
            # For assets/page/controls/link-message.js: what the link names that this atlas lacks.
            html.P(id="link-message", className="page-message", role="status"),
            html.P(without_labels(atlas.manifest.classes), className="page-message"),
            # For assets/page/controls/connection-message.js: that the server cannot be reached.
            html.P(id="connection-message", className="connection-message", role="status"),
            html.P(
                f"{problem} The page shows its last readable state." if problem else "",
                className="page-message",
            ),
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
    """Open the atlas that a visitor chooses."""
    controls.register(app, ["atlas"])


def _about(name: str, atlas: Atlas, titles: Mapping[str, str]) -> html.Div:
    """Return the atlas's name, or a menu of all atlases, and the number of models."""
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
