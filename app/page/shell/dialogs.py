"""Dialogs, and the list of keys."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dash import html
from dash.development.base_component import Component

from app.page.views import VIEWS
from hvae.atlas.atlas import Atlas
from hvae.datasets.registry import licence_of


def keys() -> dict[str, str]:
    """Return what each key does."""
    return {
        "← → ↑ ↓": "walk the grid: β₂ sideways, β₁ up and down",
        "← → Home End": "in a row of buttons, and between dotted words: the next one; Tab leaves the row",
        "s": "draw samples again",
        f"1 – {min(len(VIEWS), 9)}": "switch views",
        "p": "pin the model for Compare, or unpin it",
        "l": "lecture mode on or off",
        "→ Space PgDn": "in the lecture: the next step; ← or PgUp: the step before; a digit: that step",
        "Shift ← → ↑ ↓": "in the lecture: walk the grid",
        "h": "in the lecture: hide or show the sentence",
        "e": "export figures, metrics, models or this page; its QR code",
        "?": "this list",
        "Esc": "close a dialog; leave lecture mode",
    }


def keys_dialog() -> Component:
    """Return the list of keys."""
    rows = [html.Div([html.Dt(html.Kbd(key)), html.Dd(meaning)]) for key, meaning in keys().items()]
    switch = html.Button(
        [html.Span(className="switch-track"), "Keys of one letter, digit or sign"],
        id="shortcuts-switch",
        type="button",
        role="switch",
        className="switch-button",
        **{"aria-checked": "true"},
    )
    about = html.P(
        "Switch them off if you speak to your computer, or hit keys by chance.", className="switch-about"
    )
    return dialog("keys", "Keys", [html.Dl(rows, className="key-list"), switch, about])


def about_dialog(atlas: Atlas) -> Component:
    """Return the place of what the page says about itself; it is filled when it is opened.

    data-licence: whose the atlas's pictures are.
    """
    licence = licence_of(atlas.manifest.dataset)
    return dialog("about-page", "About", [html.Div(id="about-content")], {"data-licence": licence})


def dialog(
    name: str, title: str, children: list[Component], attributes: Mapping[str, str] = MappingProxyType({})
) -> Component:
    """Return a modal dialog. Esc, its button, or a click beside it closes it."""
    head = html.Div(
        [
            html.H2(title, id=f"{name}-title"),
            html.Button("Close", type="button", className="dialog-close"),
        ],
        className="dialog-head",
    )
    return html.Dialog(
        html.Div([head, *children], className="dialog-content"),
        id=name,
        className="dialog",
        **{"aria-labelledby": f"{name}-title", **attributes},
    )
