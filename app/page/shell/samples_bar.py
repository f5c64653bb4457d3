"""The bar at a phone's lower edge: samples of the selected model, in sight while a finger is on the figures.

Its picture is the first row of the strip's samples: assets/page/views/samples-bar.js copies it.
"""

from __future__ import annotations

from dash import html

from app.page.views import figure_views


def layout() -> html.Aside:
    """Return the bar, there on narrow screens only."""
    title = html.Div([html.Span(className="swatch"), html.Span(className="samples-bar-title")])
    return html.Aside(
        [title, html.Canvas(id="samples-bar-row", role="img", **{"aria-label": "Samples of this model"})],
        id="samples-bar",
        className="samples-bar",
        **{"data-views": " ".join(figure_views()), "aria-label": "Selected model"},
    )
