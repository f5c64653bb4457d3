"""The page's head: what this is, the views' tabs, and what concerns all views."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html

from app.panels.parts import tabs
from app.state import VIEWS
from app.words import dataset_title
from hvae.atlas import Atlas

TITLE = "Where does a hierarchical VAE keep its information?"


def layout(atlas: Atlas) -> html.Header:
    """Title, tabs and tools."""
    count = len(atlas.metrics)
    about = f"{dataset_title(atlas.manifest.dataset)} · {count} two-layer model{'s' * (count != 1)}"
    tools = [
        _tool("open-lecture", "Lecture", "Lecture mode (l)"),
        _tool("open-export", "Export", "Export figures, metrics, models (e)"),
        _tool("open-keys", "Keys", "List of keys (?)"),
    ]
    return html.Header(
        [
            html.Div([html.H1(TITLE), html.P(about)], className="page-title"),
            html.Div(
                [
                    tabs("view", VIEWS, ids="tab", label="Views"),
                    html.Div(tools, className="tools"),
                ],
                className="page-bar",
            ),
        ],
        className="page-head",
    )


def _tool(name: str, text: str, title: str) -> dmc.Button:
    return dmc.Button(
        text, id=name, variant="subtle", size="compact-sm", color="gray", **{"aria-label": title}
    )
