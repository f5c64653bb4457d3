"""The export dialog: figures, pictures, metrics, the model, and Python that makes the pictures on screen.

assets/page/views/export.js fills it in.
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from app.page.shell.dialogs import dialog
from hvae.atlas.atlas import DEFAULT_NAME, SHIPPED, Atlas


def export_dialog(atlas: Atlas) -> Component:
    """Return the dialog. Its list is filled when it is opened, from what is on screen."""
    return dialog(
        "export",
        "Export",
        [
            html.Ul(id="export-list", className="export-list"),
            html.Div(
                [
                    html.H3("The same in Python"),
                    html.Button("Copy", type="button", id="copy-code"),
                    html.Button("Copy link", type="button", id="copy-link"),
                    html.Span(id="copied", role="status"),
                ],
                className="export-code-head",
            ),
            # Tab reaches it, so that arrow keys can scroll long lines on a narrow screen.
            html.Pre(id="export-code", tabIndex="0", **{"aria-label": "Python code"}),
        ],
        {"data-opening": opening(atlas)},
    )


def opening(atlas: Atlas) -> str:
    """Return Python that opens the atlas."""
    if atlas.path.resolve().parent != SHIPPED.resolve():
        return f'Atlas.open("{atlas.name}")  # its folder'
    return "Atlas.default()" if atlas.name == DEFAULT_NAME else f'Atlas.shipped("{atlas.name}")'
