"""The export dialog: figures, pictures, metrics, the model, and Python that makes the pictures on screen.

assets/page/views/export/ fills it in.
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from app.page.shell.dialogs import dialog
from hvae.atlas.atlas import DEFAULT_NAME, SHIPPED, Atlas

COMMAND = "data-command"
"""The attribute with the command that opens the atlas, which an exported page does without."""


def export_dialog(atlas: Atlas) -> Component:
    """Return the dialog. It is filled when it is opened, from what is on screen."""
    return dialog(
        "export",
        "Export",
        [
            html.Ul(id="export-list", className="export-list"),
            _section(
                "This page",
                [_button("Share", "share"), _button("Copy link", "copy-link")],
                [_qr_code(), html.Ul(id="page-list", className="export-list")],
            ),
            _section(
                "The same in Python",
                [_button("Copy", "copy-code")],
                # Tab reaches it, so that arrow keys can scroll long lines on a narrow screen.
                [html.Pre(id="export-code", tabIndex="0", **{"aria-label": "Python code"})],
            ),
        ],
        {"data-opening": opening(atlas), COMMAND: f"python -m app {atlas.name}"},
    )


def _section(title: str, buttons: list[Component], content: list[Component]) -> html.Section:
    head = [html.H3(title), *buttons, html.Span(className="export-status", role="status")]
    return html.Section([html.Div(head, className="export-head"), *content], className="export-section")


def _button(text: str, name: str) -> html.Button:
    return html.Button(text, type="button", id=name)


def _qr_code() -> html.Div:
    """The place of the page's address as a QR code, which fills the window when it is clicked."""
    large = html.Button(id="qr-large", type="button", **{"aria-label": "Close the QR code"})
    return html.Div(
        [
            html.Button(id="qr-small", type="button", **{"aria-label": "QR code of this page, enlarge"}),
            html.Div(id="qr-about"),
            html.Dialog(large, id="qr-screen", **{"aria-label": "QR code of this page"}),
        ],
        id="qr-place",
    )


def opening(atlas: Atlas) -> str:
    """Return Python that opens the atlas."""
    if atlas.path.resolve().parent != SHIPPED.resolve():
        return f'Atlas.open("{atlas.name}")  # its folder'
    return "Atlas.default()" if atlas.name == DEFAULT_NAME else f'Atlas.shipped("{atlas.name}")'
