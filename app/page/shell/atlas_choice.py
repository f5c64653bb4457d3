"""The choice of an atlas by a few of its test images; assets/page/controls/atlas-choice.js opens it."""

from __future__ import annotations

from collections.abc import Mapping

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.atlases.catalogue import AtlasCard

MOST_IN_A_ROW = 4
"""More atlases than these are in a menu."""


def layout(name: str, cards: Mapping[str, AtlasCard]) -> Component:
    """Return a row of cards, or a menu of them where they are many.

    name: of the atlas that is shown. cards: of all, at least two, by name.
    """
    if len(cards) > MOST_IN_A_ROW:
        return _menu(name, cards)
    options = [
        html.Button(
            _content(card),
            type="button",
            role="option",
            title=card.title,
            tabIndex=0 if one == name else -1,
            className="atlas-card",
            **{"aria-label": card.title, "aria-selected": str(one == name).lower(), "data-open": one},
        )
        for one, card in cards.items()
    ]
    return html.Div(options, role="listbox", className="atlas-choice", **{"aria-label": "Atlas"})


def _menu(name: str, cards: Mapping[str, AtlasCard]) -> Component:
    shown = cards[name]
    target = html.Button(
        _content(shown),
        type="button",
        className="atlas-card has-menu",
        title=shown.title,
        **{"aria-label": f"Atlas: {shown.title}"},
    )
    items = [
        dmc.MenuItem(_content(card), className="atlas-item", **{"data-open": one})
        for one, card in cards.items()
        if one != name
    ]
    return dmc.Menu(
        [dmc.MenuTarget(target, boxWrapperProps={"className": "atlas-choice"}), dmc.MenuDropdown(items)],
        position="bottom-start",
        returnFocus=True,
        portalProps={"target": ".page-head"},  # a landmark
    )


def _content(card: AtlasCard) -> list[Component]:
    picture = [html.Img(src=card.thumbnails, alt="", className="atlas-picture")] if card.thumbnails else []
    return [*picture, html.Span(card.title, className="atlas-title")]
