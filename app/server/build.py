"""From atlases to a server: Dash for their pages, and the picture endpoints beside them."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, State, dcc, html
from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from app.atlases.growth import GROWN, noticing_growth
from app.atlases.renewal import Renewal
from app.atlases.shelf import atlas_titles
from app.page import lecture, views
from app.page.points import points_data
from app.page.shell import header
from app.page.shell import lecture_bar as lecture_panel
from app.page.shell.dialogs import keys_dialog
from app.page.shell.export import export_dialog
from app.page.state import fields, first_screen, look
from app.pictures.decoder import Decoder
from app.pictures.endpoints import pictures_blueprint
from app.server.downloads import downloads_blueprint
from app.server.guard import guard
from app.server.health import health_blueprint
from app.server.http_errors import answer_mishaps, without_paths
from app.server.script_cache import keep_suites
from app.server.which_atlas import Switch, page_prefix
from app.training.train_point import TrainingOptions
from hvae.atlas.atlas import Atlas


def create_app(
    atlases: Mapping[str, Atlas],
    hosts: Sequence[str] | None = None,
    training: TrainingOptions | None = None,
) -> Dash:
    """The pages and pictures of atlases by name, at least one; an address that names none shows the first.

    hosts: see `app.server.guard.guard`. training: where data sets are, and who may train points of their own.

    The WSGI application is the returned object's `server`. Decoding is warmed up in the background.
    """
    decoder, training = Decoder(atlases), training or TrainingOptions()
    titles = atlas_titles(atlases)
    first, *others = atlases

    def page_of(name: str) -> Dash:
        prefix = "/" if name == first else page_prefix(name)
        return page_app(
            name,
            atlases[name],
            titles,
            prefix,
            hosts,
            training,
            lambda: renewal.problem(name) if renewal else "",
        )

    def rebuild(name: str) -> None:
        page = page_of(name).server
        refuse_unknown(page, atlases)
        switch.replace(name, page)

    def other_page(name: str) -> Flask:
        app = page_of(name)
        decoder.load_ahead(name)
        return app.server

    renewal: Renewal | None = None  # it serves what is made here
    app = page_of(first)
    server = app.server
    server.register_blueprint(pictures_blueprint(decoder))
    server.register_blueprint(downloads_blueprint(decoder.models))
    server.register_blueprint(health_blueprint(decoder))
    refuse_unknown(server, atlases)
    switch = Switch(server.wsgi_app, others, other_page)
    renewal = Renewal(switch, atlases, rebuild)
    server.wsgi_app = noticing_growth(renewal, atlases.values()) if training.several else renewal
    server.extensions["decoder"] = decoder
    decoder.warm_up()
    decoder.load_ahead(first)
    return app


def page_app(
    name: str,
    atlas: Atlas,
    titles: Mapping[str, str],
    prefix: str,
    hosts: Sequence[str] | None,
    training: TrainingOptions,
    problem: Callable[[], str] = str,
) -> Dash:
    """The page of one atlas, and what its callbacks ask.

    titles: of all atlases, by name. prefix: what the addresses that its callbacks ask begin with.
    problem: why the atlas cannot be read at present, a sentence.
    """
    server = Flask("app", static_folder=None)
    app = Page(
        "app",
        server=server,
        routes_pathname_prefix="/",
        requests_pathname_prefix=prefix,
        title="HVAE Explorer",
        update_title="",
        assets_folder=str(assets_folder()),
        # In folders are modules. Dash would load them at addresses of its own: they would run twice.
        assets_path_ignore=["."],
        serve_locally=True,
        enable_mcp=False,
        add_log_handler=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    shown = (atlas.manifest, "")
    app.layout = page(name, atlas, titles)
    app.clientside_callback(
        ClientsideFunction("hvae", "start"),
        Input("screen", "data"),
        State("fields", "data"),
        State("points", "data"),
    )
    app.clientside_callback(ClientsideFunction("hvae", "lectureSteps"), Input("lecture-steps", "data"))
    keep_suites(server)
    server.extensions["training"] = training

    @server.before_request
    def show_what_is_there() -> None:
        """Draw the page again where the atlas has grown, or changed on disk, since it was drawn."""
        nonlocal shown
        there = (atlas.manifest, problem())
        asks = request.path == "/" or request.path.startswith("/_dash-")
        if not asks or shown == there:
            return
        shown = there
        server.config[GROWN] = server.config.get(GROWN, 0) + 1
        app.layout = page(name, atlas, titles, without_paths(shown[1], [atlas]))

    header.register(app, titles)
    views.register(app, atlas)
    guard(app, hosts)
    answer_mishaps(app)
    return app


class Page(Dash):
    """A Dash app; its scripts and styles have the same addresses on all pages, and are fetched once.

    Its HTML names all modules in the folders of assets: a browser asks for all of them at once, and not for
    one layer of imports after the other.
    """

    @cached_property
    def _modules(self) -> list[str]:
        folder = Path(self.config.assets_folder)
        return sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/**/*.js"))

    def interpolate_index(self, **parts: str) -> str:
        """The first HTML that a browser gets."""
        prefix = self.config.requests_pathname_prefix
        # After the scripts, which the page needs first.
        parts["scripts"] += "".join(
            f'<link rel="modulepreload" href="{self.get_asset_url(module)}">' for module in self._modules
        )
        for part in ("css", "scripts", "favicon"):
            parts[part] = parts[part].replace(f'"{prefix}', '"/')
        return super().interpolate_index(**parts)


def refuse_unknown(server: Flask, atlases: Container[str]) -> None:
    """Answer 404 for an atlas that is not served; a visitor sees the first one, and is told."""

    @server.get("/pages/<path:anything>")
    def no_page(anything: str) -> Response:
        # Without this, Dash would answer any address with its page.
        raise NotFound("There is no such atlas here.")

    @server.after_request
    def not_this_one(response: Response) -> Response:
        asked = request.args.get("atlas")
        if request.path == "/" and asked and asked not in atlases and response.status_code == 200:
            response.status_code = 404
        return response


def assets_folder() -> Path:
    """Beside this package where it is used from its repository, inside it where it was installed."""
    package = Path(__file__).parent.parent
    inside = package / "assets"
    return inside if inside.is_dir() else package.parent / "assets"


def page(
    name: str, atlas: Atlas, titles: Mapping[str, str] = MappingProxyType({}), problem: str = ""
) -> dmc.MantineProvider:
    """Everything a visitor sees of one atlas.

    titles: of all that are served, by name. problem: why the atlas cannot be read at present, a sentence.
    """
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
                header.layout(name, atlas, titles, problem),
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
