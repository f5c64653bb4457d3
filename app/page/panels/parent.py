"""The parent's view: a model at any place of the (β₂, β₁) plane, folded at once, and trained on request.

assets/page/views/parent fills in planes, pictures and the progress of training.
"""

from __future__ import annotations

import json
import shlex
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from flask import request

from app.atlases.folds import beta_range
from app.atlases.user_copy import BUSY
from app.page.figures.colours import beta_ranges, corners_in_oklab
from app.page.points import plane_dots, points_data
from app.page.shell.export import opening
from app.page.widgets.pieces import Frame, picture, stats
from app.page.words import models_text
from app.pictures.contact_sheet import COLUMNS
from app.server.host_names import LOOPBACK_NAMES, is_answered
from app.server.requested_atlas import RequestedAtlas
from app.training.managers import BrokerManager, ProcessManager
from app.training.train_point import (
    NO_BROKER,
    NOT_HERE,
    TrainingOptions,
    TrainingSetting,
    may_train,
    train_point,
)
from hvae.atlas.atlas import Atlas
from hvae.errors import UserError

POLL_MS = 400
HINT = (
    "□ is an estimate for the fold. A dot was trained further at its own β, so the fold of the same β "
    "lies a little beside it."
)
STORES = (
    "training-wish",
    "training-progress",
    "training-running",
    "training-result",
    "newer-version",
    "grown",
)


def layout(atlas: Atlas) -> html.Div:
    """Return both planes, the fold's pictures, and training; or an explanation if the atlas has no parent."""
    try:
        between = beta_range(atlas)
    except UserError:
        return _words("The parent of this atlas cannot be read", [html.P("Its file is missing or damaged.")])
    if between is None:
        return _without_parent(atlas)
    drawn = {
        "range": between,
        "colour_ranges": beta_ranges(atlas.metrics),
        "corners": corners_in_oklab(),
        "dots": plane_dots(atlas),
    }
    return html.Div(
        [
            *(dcc.Store(id=store) for store in STORES),
            html.Div([_beta_plane(), _rate_plane(), _fold(atlas)], className="parent-columns"),
            _training(atlas),
        ],
        id="parent-view",
        className="parent",
        **{"data-parent": json.dumps(drawn)},
    )


def register(app: Dash, requested: RequestedAtlas) -> None:
    """Add the callbacks: train a point in a background job, and add new points to the page."""
    options = app.server.extensions.get("training", TrainingOptions())
    if options.several and not options.broker:
        # The next request may reach another process, which could not find this one's job.
        app.callback(
            Output("training-result", "data"), Input("training-wish", "data"), prevent_initial_call=True
        )(lambda _: {"error": NO_BROKER})
    else:
        _register_job(app, requested, options)

    @app.callback(
        Output("grown", "data"),
        Output("model-count", "children"),
        Input("training-result", "data"),
        Input("newer-version", "data"),
        prevent_initial_call=True,
    )
    def join(result: dict[str, str] | None, newer: str | None) -> tuple[dict[str, Any], str]:
        trained = result.get("point") if isinstance(result, dict) else None
        if not trained and not newer:
            raise PreventUpdate
        snapshot = requested.snapshot()
        atlas = snapshot.atlas
        joined = {
            "points": points_data(atlas),
            "dots": plane_dots(atlas),
            "point": trained,
            "version": snapshot.version,
            "opening": opening(atlas),  # the copy, which has the point
        }
        return joined, models_text(len(atlas.metrics))

    for store, function in {
        "training-progress": "trainingProgress",
        "training-running": "trainingRunning",
        "training-result": "trainingResult",
        "grown": "parentGrown",
    }.items():
        app.clientside_callback(
            ClientsideFunction("hvae", function), Input(store, "data"), prevent_initial_call=True
        )


def _register_job(app: Dash, requested: RequestedAtlas, options: TrainingOptions) -> None:
    def setting() -> TrainingSetting:
        return TrainingSetting(requested.snapshot().origin, options.data_dir)

    def refusal() -> dict[str, str] | None:
        # Nor may a web page train here that has rebound its own name to this machine.
        names = app.server.extensions["hosts"] or LOOPBACK_NAMES
        named = options.allow_training or is_answered(request.host, names)
        allowed = named and may_train(request.remote_addr, request.headers, options)
        return None if allowed else {"error": NOT_HERE}

    job = (setting, refusal, {"error": BUSY})
    app.callback(
        Output("training-result", "data"),
        Input("training-wish", "data"),
        background=True,
        manager=BrokerManager(options.broker, *job) if options.broker else ProcessManager(*job),
        progress=[Output("training-progress", "data")],
        running=[(Output("training-running", "data"), True, False)],
        cancel=[Input("training-cancel", "n_clicks")],
        interval=POLL_MS,
        prevent_initial_call=True,
    )(train_point)


def _beta_plane() -> dmc.Paper:
    return _panel(
        "Between the dots",
        "Drag over the plane: at every β, the parent folds into a model.",
        html.Div(
            [
                html.Div(id="beta-ticks-up", className="beta-ticks beta-ticks-up", **{"aria-hidden": "true"}),
                html.Div(
                    id="beta-plane",
                    className="beta-plane",
                    tabIndex=0,
                    role="application",
                    **{
                        "aria-label": "β plane: arrow keys move the place that is folded",
                        "aria-describedby": "parent-title",
                        "data-keys": "own",
                    },
                ),
                html.Div(id="beta-ticks-across", className="beta-ticks beta-ticks-across"),
            ],
            className="beta-frame",
        ),
    )


def _rate_plane() -> dmc.Paper:
    return _panel(
        "Its place in the rate plane",
        "Click to choose the β that leads roughly there.",
        html.Div(
            id="parent-rates",
            className="parent-rates",
            role="img",
            **{"aria-label": "Rate plane: dots, and a square where the fold is estimated to be"},
        ),
    )


def _fold(atlas: Atlas) -> dmc.Paper:
    frame = Frame.of(atlas)
    title = html.Div(
        [
            html.Span(id="parent-swatch", className="swatch"),
            dmc.Title("", order=2, size="h4", id="parent-title", **{"aria-live": "polite"}),
        ],
        className="model-title",
    )
    pictures = [
        html.Section(
            [
                html.Div(
                    [
                        dmc.Title(name, order=3, size="h5"),
                        dmc.Text(subtitle, size="sm", c="dimmed", className="strip-subtitle"),
                    ],
                    className="strip-head",
                ),
                picture(f"parent-{kind}", f"{name} of the folded parent", frame.sheet(COLUMNS, rows)),
            ],
            className="strip",
        )
        for kind, name, subtitle, rows in (
            ("samples", "Samples", "drawn from the prior", 3),
            ("reconstructions", "Reconstructions", "test images, reconstructions below", 2),
        )
    ]
    return dmc.Paper(
        [
            title,
            stats(classes="stats parent-stats"),
            html.P(id="parent-note", className="parent-note"),
            *pictures,
            html.P(id="parent-message", className="picture-note", role="alert"),
            html.P(HINT if atlas.manifest.recipe.get("epochs") else "", className="parent-note parent-hint"),
        ],
        className="panel parent-fold",
        withBorder=True,
        radius="lg",
    )


def _training(atlas: Atlas) -> dmc.Paper:
    epochs = atlas.manifest.recipe.get("epochs", 1)
    more = "as it is" if epochs == 0 else f"after {epochs} more epoch{'s' * (epochs != 1)} at exactly this β"
    return dmc.Paper(
        [
            html.Div(
                [
                    html.Button(
                        "Train this point", id="train-point", type="button", className="train-button"
                    ),
                    html.Button("Cancel", id="training-cancel", type="button", className="text-button"),
                    html.P(
                        f"The fold becomes a dot of its own {more}, in your own copy of this atlas.",
                        id="training-words",
                        role="status",
                    ),
                ],
                className="training-row",
            ),
            html.Progress(id="training-bar", max="1", **{"aria-label": "Training"}),
        ],
        className="panel training-panel",
        withBorder=True,
        radius="lg",
        id="training-panel",
        **{"data-state": "idle"},
    )


def _without_parent(atlas: Atlas) -> html.Div:
    betas, dataset = atlas.manifest.betas.beta_2, atlas.manifest.dataset
    grid = f"{min(betas):g}:{max(betas):g}:{len(betas)}"
    # The path of the maker's pictures stays private.
    dataset = "folder:PATH" if dataset.startswith("folder:") else dataset
    command = shlex.join(["--dataset", dataset, "--betas", grid])
    return _words(
        "This atlas has no parent",
        [
            html.P(
                "A parent is one network, trained for all values of β at once. At any (β₂, β₁) it folds "
                "into a plain HVAE. So it shows the models between the dots without training them."
            ),
            html.P(_why_no_parent(atlas)),
            html.Pre(f"python -m precompute run OUT {command}"),
        ],
    )


def _why_no_parent(atlas: Atlas) -> str:
    """What became of the parent, and that a command makes an atlas with one."""
    if atlas.manifest.is_from_elsewhere:
        return "The models of this atlas were trained elsewhere. This command makes an atlas with a parent:"
    if atlas.manifest.recipe and not atlas.manifest.parent_recipe:
        return "The points of this atlas were trained from scratch. This command makes one with a parent:"
    return "Its file is missing. This command makes an atlas with a parent:"


def _words(title: str, words: list[Component]) -> html.Div:
    panel = dmc.Paper(
        [dmc.Title(title, order=2, size="h4"), *words],
        className="panel parent-words",
        withBorder=True,
        radius="lg",
    )
    # The callbacks need these elements in any case.
    places = [html.Button(id="training-cancel", hidden=True), *(dcc.Store(id=store) for store in STORES)]
    return html.Div([panel, *places], className="parent")


def _panel(title: str, subtitle: str, content: Component) -> dmc.Paper:
    head = html.Div(
        [dmc.Title(title, order=2, size="h4"), dmc.Text(subtitle, size="sm", c="dimmed")],
        className="parent-head",
    )
    return dmc.Paper([head, content], className="panel parent-panel", withBorder=True, radius="lg")
