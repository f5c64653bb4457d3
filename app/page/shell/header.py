"""The page's head: title, atlas, messages, and the views' tabs."""

from __future__ import annotations

from collections.abc import Mapping

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.atlases.catalogue import AtlasCard
from app.page.shell import atlas_choice
from app.page.shell.following import followers_button
from app.page.views import view_titles
from app.page.widgets.pieces import tabs
from app.page.words import dataset_title, models_text, without_labels
from hvae.atlas.atlas import Atlas

TITLE = "Where does a hierarchical VAE keep its information?"


def layout(name: str, atlas: Atlas, cards: Mapping[str, AtlasCard], problem: str = "") -> html.Header:
    """Return the head.

    cards: of all atlases, by name. problem: a sentence that says why the atlas cannot be read now, if so.
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
            html.Div([html.H1(TITLE), _about(name, atlas, cards)], className="page-title"),
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
                    html.Div(tools, className="tools", role="toolbar", **{"aria-label": "Tools"}),
                ],
                className="page-bar",
            ),
        ],
        className="page-head",
    )


def _about(name: str, atlas: Atlas, cards: Mapping[str, AtlasCard]) -> html.Div:
    """Return the atlas's name, or a choice of all atlases, and the number of models."""
    which: Component = html.Span(f"{dataset_title(atlas.manifest.dataset)} ·")
    if len(cards) > 1:
        which = atlas_choice.layout(name, cards)
    return html.Div(
        [which, html.Span(models_text(len(atlas.metrics)), id="model-count")],
        id="about",
        className="page-about",
        **{"data-atlas": cards[name].title if name in cards else name},
    )


def _tool(name: str, text: str, title: str) -> dmc.Button:
    return dmc.Button(
        text, id=name, variant="subtle", size="compact-sm", color="gray", **{"aria-label": title}
    )
