"""The column beside the figures: colour key, choices of colour, units and axes, and the meaning of signs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dash import Dash, html
from dash.development.base_component import Component

from app.page.figures.look import AXES, BETAS, UNITS
from app.page.menus import GOALS, NO_ATLAS
from app.page.predictions import why_no_theory
from app.page.state import beside_choices, size_metrics, theories
from app.page.views import FIRST_VIEW, figure_views
from app.page.widgets import colour_key, controls
from app.page.widgets.pieces import equation_button
from app.page.words import metric_title
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas

KEY = "figures-key"

EVERYWHERE = None
"""In all views that have figures."""

OF_THEORY = "landscapes reconstruction"
"""The views whose figures can show what theory predicts."""

SIGNS: tuple[tuple[str, str, str | None, str], ...] = (
    ("mark-line", "β₂ = β₁: β-VAEs", EVERYWHERE, "diagonal"),
    ("mark-standard", "both 1: standard VAE", EVERYWHERE, "standard"),
    ("mark-fold", "between the dots, estimated", "landscapes reconstruction", "fold"),
    ("mark-fold", "between the dots: its rate", "representation generation", "fold"),
    ("mark-optima", "best in each plane", "landscapes", "optimum"),
    ("mark-sizes", "larger: better", "landscapes reconstruction generation", "sizes"),
    ("mark-total", "constant total rate", "reconstruction generation", "total"),
    ("mark-band", "best split in each band", "reconstruction generation", "best of each band"),
    ("mark-theory", "predicted by theory", OF_THEORY, "theory"),
    ("mark-beside", "the other atlas", EVERYWHERE, "beside"),
    ("mark-bound", "bound (Eq. 6)", "reconstruction", "bound"),
    ("mark-bound", "bounds (Eq. 7)", "representation", "bound"),
    ("mark-dash", "bound by each model’s information", "representation", "bounds of the information"),
    ("mark-down", "down to a lower bound", "representation", "lower bounds"),
    ("mark-bound", "real test images", "generation", "real images"),
)
"""Class of the sign, its meaning, the views that have it, and how the names of its traces begin.

`fold` is the mark of a selected point between the dots, which is not a trace.
assets/page/figures/legend.js hides those that no figure on screen holds, and names the other atlas.
"""

WHERE_CHOSEN = ("fold", "theory", "beside")
"""Traces that figures hold only where a visitor has chosen them."""

EQUATIONS = {
    "predicted by theory": "theory",
    "bound (Eq. 6)": "distortion_bound",
    "bounds (Eq. 7)": "accuracy_bound",
}
"""Signs with a ∑ beside them, by their meaning, and what it explains."""


def layout(atlas: Atlas, others: Mapping[str, str] = MappingProxyType({})) -> html.Aside:
    """Return the column as a visitor first sees it. others: titles of the other atlases by name."""
    colours = {BETAS: "β₂ and β₁", **{column: metric_title(column) for column in size_metrics(atlas)}}
    return html.Aside(
        [
            html.Div(colour_key.layout(atlas), id=KEY),
            html.Div(
                [
                    *_labelled("Colour", controls.menu("colour", "Colour", colours, BETAS)),
                    *_labelled("Units", controls.switch("units", "Units", _same(UNITS), UNITS[0])),
                    *_labelled("Axes", controls.switch("axes", "Axes of rates", _same(AXES), AXES[0])),
                    *_beside(others),
                ],
                className="legend-controls",
            ),
            _theory(atlas),
            html.Ul([_sign(*sign) for sign in SIGNS], className="signs"),
        ],
        className="legend",
        **{"aria-label": "Legend"},
    )


def register(app: Dash, requested: RequestedAtlas) -> None:
    """Add the callbacks of key and controls."""
    colour_key.register(app, requested, KEY)
    controls.register(app, ("colour", "units", "axes", "theory", "beside"))


def _labelled(label: str, control: Component) -> list[Component]:
    # Screen readers read the control's own label.
    return [html.Span(label, **{"aria-hidden": "true"}), control]


def _beside(others: Mapping[str, str]) -> list[Component]:
    """Return the choice of an atlas whose points figures show, too; nothing where no other is served."""
    choices = beside_choices(others)
    if len(choices) < 2:
        return []
    return _labelled("Beside", controls.menu("beside", "Atlas beside this one", choices, NO_ATLAS))


def _theory(atlas: Atlas) -> html.Div:
    """Return the switch of what theory predicts, or why there is none."""
    why = why_no_theory(atlas)
    choices = theories(atlas)
    switch = controls.switch("theory", "What theory predicts", choices, next(iter(choices)))
    return html.Div(
        html.P(why, className="legend-note") if why else _labelled("Theory", switch),
        className="legend-controls",
        hidden=FIRST_VIEW not in OF_THEORY.split(),
        **{"data-views": OF_THEORY},
    )


def _equation(meaning: str) -> list[Component]:
    return [equation_button(EQUATIONS[meaning])] if meaning in EQUATIONS else []


def _same(names: tuple[str, ...]) -> dict[str, str]:
    return {name: name for name in names}


def _sign(sign: str, meaning: str, views: str | None, trace: str) -> Component:
    parts = [html.I(), html.I(), html.I()] if sign == "mark-sizes" else []
    if sign == "mark-optima":
        parts = [html.I(className=f"of-{goal}") for goal in GOALS]
    its_views = figure_views() if views is EVERYWHERE else views.split()
    shown = FIRST_VIEW in its_views
    return html.Li(
        [html.Span(parts, className=f"mark {sign}"), html.Span(meaning), *_equation(meaning)],
        hidden=not shown or trace in WHERE_CHOSEN,
        **{"data-views": " ".join(its_views), "data-trace": trace},
    )
