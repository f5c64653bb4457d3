"""Pieces that several panels share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.page.points import STATS
from app.pictures.contact_sheet import APART, COLUMNS, GAP
from hvae.atlas.atlas import Atlas
from hvae.errors import UserError

MOST_EXAMPLES = 16


class Frame(NamedTuple):
    """Size of the atlas's pictures, in pixels."""

    channels: int
    height: int
    width: int

    @classmethod
    def of(cls, atlas: Atlas) -> Frame:
        """Return the size in the manifest, or 1 × 32 × 32 if that is invalid."""
        shape = atlas.manifest.model.get("image_shape")
        return cls(*shape) if isinstance(shape, list) and len(shape) == 3 else cls(1, 32, 32)

    def sheet(self, columns: int, rows: int, apart: tuple[int, int] = (0, 0)) -> dict[str, int]:
        """Return `width` and `height` of a sheet of tiles. apart: how many gaps across and down are wider."""
        return {
            "width": columns * (self.width + GAP) - GAP + APART * apart[0],
            "height": rows * (self.height + GAP) - GAP + APART * apart[1],
        }


def picture(slot: str, alt: str, size: dict[str, int], **more: Any) -> html.Canvas:
    """Return the place of a picture, which has its size from the beginning; see assets/page/core/pictures.js.

    alt: what it shows, for screen readers; empty if other text says it.
    """
    aria = {"role": "img", "aria-label": alt} if alt else {"aria-hidden": "true"}
    return html.Canvas(id=f"{slot}-picture", className="picture", **size, **aria, **more)


def equation_button(*names: str) -> html.Button:
    """Return the ∑ that unfolds equations.

    names: of explanations, or of columns of metrics; for {NAME} stands what a visitor has chosen with the
    control NAME.
    assets/page/views/explanations shows and names them.
    """
    return html.Button(
        "∑",
        type="button",
        className="equation-button",
        **{"data-explains": " ".join(names), "aria-label": "Equation", "aria-expanded": "false"},
    )


def strip(
    title: str, subtitle: str, children: list[Component | None], *actions: Component, level: int = 3
) -> html.Section:
    """Return a heading with its content below. level: of the heading, 2 where no heading is above it."""
    heading = html.Div(
        [
            dmc.Title(title, order=level, size="h5"),
            html.Span(subtitle, className="strip-subtitle note", title=subtitle),
            *actions,
        ],
        className="strip-head",
    )
    return html.Section([heading, *children], className="strip")


def model_head(level: int = 2) -> html.Div:
    """Return the place of the selected model's colour, title and numbers.

    assets/page/views/selected-model.js fills them in.
    """
    title = html.Div(
        [html.Span(className="swatch"), dmc.Title("No model selected", order=level, size="h4")],
        className="model-title",
    )
    return html.Div([title, stats()], className="selected-head")


def stats(ids: str = "", classes: str = "stats", columns: Iterable[str] = tuple(STATS)) -> html.Dl:
    """Return the places of a model's numbers.

    ids: prefix of the numbers' ids, if they need ids. columns: which of STATS.
    """
    rows = []
    for column in columns:
        name = STATS[column]
        number = html.Dd("–", **{"data-column": column})
        if ids:
            number.id = f"{ids}-{column}"
        rows.append(html.Div([html.Dt(name), number]))
    return html.Dl(rows, className=classes)


def tabs(field: str, titles: Mapping[str, str], ids: str, label: str) -> html.Div:
    """Return a row of tabs, each for the panel `FIELD-NAME`; assets/page/controls/tabs.js switches them.

    field: the field of the state that names the current tab. titles: by name. ids: prefix of the tabs' ids.
    """
    buttons = [
        html.Button(
            title,
            id=f"{ids}-{name}",
            type="button",
            role="tab",
            className=f"{field}-tab",
            **{f"data-{field}": name, "aria-controls": f"{field}-{name}", "aria-selected": "false"},
        )
        for name, title in titles.items()
    ]
    return html.Div(buttons, role="tablist", className=f"{field}-tabs", **{"aria-label": label})


def thumbnails(slot: str, count: int, frame: Frame, label: str) -> html.Div:
    """Return the first test images as buttons; assets/page/controls/thumbnails.js fills them in."""
    buttons = [
        html.Button(
            type="button",
            className="thumbnail",
            **{"data-image": str(index), "aria-label": f"Test image {index + 1}"},
        )
        for index in range(count)
    ]
    columns = min(COLUMNS, max(count, 1))
    rows = -(-count // columns)
    return html.Div(
        [
            picture(slot, "", frame.sheet(columns, rows)),
            html.Div(buttons, className="thumbnail-buttons", style={"--columns": columns}),
        ],
        className="thumbnails",
        role="toolbar",
        hidden=count == 0,
        **{"aria-label": label, "data-columns": str(columns)},
    )


def example_count(atlas: Atlas, if_damaged: int = 0) -> int:
    """Return how many of the atlas's test images the page offers.

    if_damaged: the number if they cannot be read; their pictures then say what is wrong.
    """
    try:
        return min(MOST_EXAMPLES, len(atlas.examples().images))
    except UserError:
        return if_damaged
