"""Up to three models side by side: the same noise, the same images.

assets/page/views/compare.js fills in titles, numbers and pictures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, html

from app.page.goals import goal_optima
from app.page.menus import GOALS
from app.page.points import STATS, points_table
from app.page.shell.dialogs import dialog
from app.page.state import MOST_PINS, SAMPLES
from app.page.widgets.pieces import Frame, picture, stats
from app.page.words import metric_title
from app.pictures.contact_sheet import COLUMNS
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas
from hvae.metrics.registry import metric_of

PICTURES = {"samples": ("Samples", SAMPLES // COLUMNS), "reconstructions": ("Reconstructions", 4)}
"""Kind → title and rows of pictures."""


def layout(atlas: Atlas) -> html.Div:
    """Return a column for each pin, with a hint if it is empty."""
    frame = Frame.of(atlas)
    goals = {
        goal: {
            "title": GOALS[goal],
            "column": column,
            "metric": metric_title(column),
            "higher_is_better": metric_of(column).higher_is_better,
        }
        for goal, (column, _) in goal_optima(points_table(atlas)).items()
    }
    return html.Div(
        [_column(index, frame, goals) for index in range(MOST_PINS)],
        className="compare",
        **{"data-goals": json.dumps(goals)},
    )


def replace_pin_dialog() -> html.Dialog:
    """Return the dialog that asks which pin makes way for a fourth one."""
    choices = [
        html.Button(type="button", className="text-button", **{"data-index": str(index)})
        for index in range(MOST_PINS)
    ]
    return dialog(
        "replace-pin",
        f"{MOST_PINS} models are pinned",
        [html.P(id="replace-pin-question"), html.Div(choices, className="replace-pin-choices")],
    )


def register(app: Dash, requested: RequestedAtlas) -> None:
    """Add no callbacks: scripts do everything."""


def _column(index: int, frame: Frame, goals: Mapping[str, Mapping[str, Any]]) -> dmc.Paper:
    best_at = html.P(className="compare-goals", hidden=True)
    head = html.Div(
        [
            html.Span(className="swatch"),
            dmc.Title("", order=2, size="h4", className="compare-title"),
            dmc.Button(
                "Unpin",
                variant="subtle",
                size="compact-sm",
                className="unpin",
                **{"aria-label": f"Unpin model {index + 1}"},
            ),
        ],
        className="model-title",
    )
    pictures = [
        html.Section(
            [
                dmc.Title(title, order=3, size="h5"),
                picture(
                    f"compare-{index}-{kind}",
                    f"{title} of pinned model {index + 1}",
                    frame.sheet(COLUMNS, rows),
                ),
                html.P(className="picture-note", role="status"),
            ],
            className="strip",
        )
        for kind, (title, rows) in PICTURES.items()
    ]
    scores = [
        html.Div([html.Dt(its["metric"]), html.Dd("–")], **{"data-goal": goal}) for goal, its in goals.items()
    ]
    others = [column for column in STATS if column not in {its["column"] for its in goals.values()}]
    optima = html.Button("Pin the three optima", type="button", className="text-button pin-optima")
    empty = html.Div(
        [
            html.P(
                [
                    "Nothing pinned here. Select a model in any view and press ",
                    html.Kbd("p"),
                    ": up to three stand here side by side, drawn from the same noise.",
                ]
            ),
            *([optima] if index == 0 and goals else []),
        ],
        className="empty",
    )
    return dmc.Paper(
        [
            empty,
            html.Div(
                [
                    best_at,
                    head,
                    html.Dl(scores, className="goal-numbers"),
                    stats(columns=others),
                    *pictures,
                ],
                className="compare-model",
                hidden=True,
            ),
        ],
        className="panel compare-column",
        withBorder=True,
        radius="lg",
        **{"data-index": str(index)},
    )
