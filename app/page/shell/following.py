"""What following a lecturer adds to the page; assets/page/views/following fills it in.

A follower's page has a bar at its upper edge, the lecturer's a button that opens the code for the hall.
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from app.page.shell.dialogs import dialog


def bar() -> html.Div:
    """Return the bar that says whether this page follows the lecturer's, and a button that changes it."""
    return html.Div(
        [
            html.Span(id="following-words", role="status"),
            html.Button(id="following-switch", type="button", className="text-button", hidden=True),
        ],
        id="following",
        className="following",
        hidden=True,
    )


def followers_button() -> html.Button:
    """Return the lecturer's button, which says how many follow and opens the dialog."""
    return html.Button("Followers", type="button", className="text-button followers-button", hidden=True)


def dialog_of_followers() -> Component:
    """Return the dialog with the address of followers as a QR code, for the hall to read."""
    return dialog(
        "followers",
        "Follow on your phone",
        [
            html.Div(id="followers-code", role="img", **{"aria-label": "QR code of the address below"}),
            html.P(id="followers-address"),
            html.P(id="followers-about"),
        ],
    )
