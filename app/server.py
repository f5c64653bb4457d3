"""From atlases to a server: Dash for the page, and the picture endpoints beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dash_mantine_components as dmc
from dash import Dash, dcc, html
from flask import Flask

from app.decoder import Decoder
from app.panels import model as model_panel
from app.panels import plane as plane_panel
from app.pictures import pictures_blueprint
from app.points import points_data
from app.state import first_screen
from app.words import dataset_title
from hvae.atlas import Atlas

TITLE = "Where does a hierarchical VAE keep its information?"


def create_app(atlases: Mapping[str, Atlas]) -> Dash:
    """The page and its pictures for atlases by name, at least one; the page shows the first.

    The WSGI application is the returned object's `server`. Decoding is warmed up in the background.
    """
    server = Flask("app", static_folder=None)
    decoder = Decoder(atlases)
    server.register_blueprint(pictures_blueprint(decoder))
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
    plane_panel.register(app, atlas)
    model_panel.register(app)
    server.extensions["decoder"] = decoder
    decoder.warm_up()
    return app


def assets_folder() -> Path:
    """Beside this package where it is used from its repository, inside it where it was installed."""
    inside = Path(__file__).parent / "assets"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "assets"


def page(name: str, atlas: Atlas) -> dmc.MantineProvider:
    """Everything a visitor sees of one atlas."""
    screen = first_screen(name, atlas)
    count = len(atlas.metrics)
    header = html.Header(
        [
            html.H1(TITLE),
            html.P(
                f"{dataset_title(atlas.manifest.dataset)} · {count} two-layer model{'s' * (count != 1)}, "
                "one for each (β₂, β₁)"
            ),
        ],
        className="page-head",
    )
    return dmc.MantineProvider(
        html.Div(
            [
                dcc.Store(id="points", data=points_data(atlas)),
                dcc.Store(id="screen", data=screen.to_dict()),
                header,
                html.Main([plane_panel.layout(atlas), model_panel.layout(atlas)]),
            ],
            className="page",
        ),
        defaultColorScheme="auto",
        theme={
            "primaryColor": "indigo",
            "fontFamily": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
            "headings": {"fontWeight": "600"},
        },
    )
