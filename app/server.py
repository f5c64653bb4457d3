"""From atlases to a server: Dash for the page, and the picture endpoints beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, State, dcc, html
from flask import Flask

from app import lecture, views
from app.decoder import Decoder
from app.downloads import downloads_blueprint
from app.growth import GROWN
from app.guard import guard
from app.mishaps import answer_mishaps
from app.panels import header
from app.panels import lecture as lecture_panel
from app.panels.dialogs import keys_dialog
from app.panels.export import export_dialog
from app.pictures import pictures_blueprint
from app.points import points_data
from app.state import fields, first_screen, look
from app.training import TrainingOptions
from hvae.atlas import Atlas


def create_app(
    atlases: Mapping[str, Atlas],
    hosts: Sequence[str] | None = None,
    training: TrainingOptions | None = None,
) -> Dash:
    """The page and its pictures for atlases by name, at least one; the page shows the first.

    hosts: see `app.guard.guard`. training: where data sets are, and who may train points of their own.

    The WSGI application is the returned object's `server`. Decoding is warmed up in the background.
    """
    server = Flask("app", static_folder=None)
    decoder = Decoder(atlases)
    server.register_blueprint(pictures_blueprint(decoder))
    server.register_blueprint(downloads_blueprint(decoder.models))
    app = Dash(
        "app",
        server=server,
        title="HVAE Explorer",
        update_title="",
        assets_folder=str(assets_folder()),
        serve_locally=True,
        enable_mcp=False,
        add_log_handler=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    name, atlas = next(iter(atlases.items()))
    app.layout = page(name, atlas)
    app.clientside_callback(
        ClientsideFunction("hvae", "start"),
        Input("screen", "data"),
        State("fields", "data"),
        State("points", "data"),
    )
    app.clientside_callback(ClientsideFunction("hvae", "lectureSteps"), Input("lecture-steps", "data"))
    server.extensions["training"] = training or TrainingOptions()

    def renew_page() -> None:
        """What was drawn of the atlas is no longer all there is: it has grown."""
        server.config[GROWN] = server.config.get(GROWN, 0) + 1
        app.layout = page(name, atlas)

    server.extensions["renew_page"] = renew_page
    views.register(app, atlas)
    guard(app, hosts)
    answer_mishaps(app)
    server.extensions["decoder"] = decoder
    decoder.warm_up()
    return app


def assets_folder() -> Path:
    """Beside this package where it is used from its repository, inside it where it was installed."""
    inside = Path(__file__).parent / "assets"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "assets"


def page(name: str, atlas: Atlas) -> dmc.MantineProvider:
    """Everything a visitor sees of one atlas."""
    screen = first_screen(name, atlas).to_dict()
    stores = {
        "points": points_data(atlas),
        "fields": fields(atlas, len(lecture.lecture(atlas))),
        "screen": screen,
        "look": look(screen),
    }
    return dmc.MantineProvider(
        html.Div(
            [
                *(dcc.Store(id=store, data=data) for store, data in stores.items()),
                header.layout(atlas),
                views.layout(atlas),
                lecture_panel.layout(atlas),
                keys_dialog(),
                export_dialog(atlas),
            ],
            className="page",
            **{"data-view": "landscapes"},
        ),
        defaultColorScheme="auto",
        theme={
            "primaryColor": "indigo",
            "fontFamily": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
            "headings": {"fontWeight": "600"},
        },
    )
