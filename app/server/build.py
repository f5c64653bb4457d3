"""From atlases to a server: Dash for their page, and the picture endpoints beside it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from types import MappingProxyType

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, State, dcc, html
from flask import Flask

from app.atlases.catalogue import AtlasCard, atlas_cards
from app.atlases.file_version import file_version
from app.atlases.shelf import Shelf, Snapshot
from app.following.endpoints import following_blueprint
from app.following.lectern import Lectern
from app.page import lecture
from app.page.description import description
from app.page.explanations.endpoint import explanations_blueprint
from app.page.panels.compare import replace_pin_dialog
from app.page.points import points_data
from app.page.shell import following, header, main
from app.page.shell import lecture_bar as lecture_panel
from app.page.shell.dialogs import about_dialog, keys_dialog
from app.page.shell.export import export_dialog
from app.page.state import fields, first_screen, look
from app.page.widgets.figure_row import FIRST_FIGURES
from app.pictures.decoder import Decoder
from app.pictures.endpoints import pictures_blueprint
from app.server.downloads import downloads_blueprint
from app.server.guard import answer_to, guard
from app.server.health import health_blueprint
from app.server.http_errors import answer_mishaps, without_paths
from app.server.recorded_figures import FigureRecorder, recorded_figures_blueprint
from app.server.requested_atlas import Page, RequestedAtlas, name_atlases
from app.server.script_cache import keep_suites
from app.training.train_point import TrainingOptions
from hvae.atlas.atlas import EXAMPLES, PARENT, Atlas


def create_app(
    atlases: Mapping[str, Atlas],
    hosts: Sequence[str] | None = None,
    training: TrainingOptions | None = None,
    embed: Sequence[str] = (),
    recorder: FigureRecorder | None = None,
    lectern: Lectern | None = None,
) -> Dash:
    """The page and pictures of atlases by name, at least one; an address that names none shows the first.

    hosts: see `app.server.guard.answer_to`. training: where data sets are, and who may train points of their
    own. embed: see `app.server.guard.guard`. recorder: without one, the server draws every figure that a
    visitor chooses. lectern: the screen that others may follow; None if nobody leads.

    The WSGI application is the returned object's `server`. torch is imported when a picture is asked for.
    """
    training = training or TrainingOptions()
    shelf, decoder = Shelf(atlases, own_copies=training.several), Decoder()
    requested, pages = RequestedAtlas(shelf), Pages(shelf)
    server = Flask("app", static_folder=None)
    server.extensions["training"], server.extensions["decoder"] = training, decoder
    server.extensions["hosts"] = hosts
    if not training.several:
        # What Dash signs a page's jobs with. Two requests that were the first would make one each, else.
        server.secret_key = secrets.token_bytes(32)
    answer_to(server, hosts)
    app = Page(
        "app",
        shelf=shelf,
        description=description(),
        server=server,
        routes_pathname_prefix="/",
        requests_pathname_prefix="/",
        title="HVAE Explorer",
        update_title="",
        assets_folder=str(assets_folder()),
        # In folders are modules. Dash would load them at addresses of its own: they would run twice.
        assets_path_ignore=["."],
        serve_locally=True,
        enable_mcp=False,
        add_log_handler=False,
        # Else Dash sends the layout twice, the second time in the page's HTML.
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.layout = lambda: pages.layout(requested.snapshot())
    app.clientside_callback(
        ClientsideFunction("hvae", "start"),
        Input("screen", "data"),
        State("fields", "data"),
        State("points", "data"),
        State(FIRST_FIGURES, "data"),
    )
    app.clientside_callback(ClientsideFunction("hvae", "lectureSteps"), Input("lecture-steps", "data"))
    keep_suites(server)
    main.register(app, requested)
    name_atlases(server, shelf)
    guard(app, embed)
    answer_mishaps(app)
    server.register_blueprint(pictures_blueprint(shelf, decoder))
    server.register_blueprint(downloads_blueprint(shelf, decoder.models))
    server.register_blueprint(health_blueprint(decoder))
    server.register_blueprint(explanations_blueprint())
    server.register_blueprint(following_blueprint(shelf, lectern))
    server.register_blueprint(recorded_figures_blueprint(shelf, recorder))
    return app


class Pages:
    """The pages of the atlases, each made when it is first asked for, and when its atlas has changed."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._kept: dict[str, tuple[Snapshot, dmc.MantineProvider]] = {}
        self._lock = Lock()

    def layout(self, snapshot: Snapshot) -> dmc.MantineProvider:
        """Return everything a visitor sees of an atlas."""
        with self._lock:
            kept = self._kept.get(snapshot.name)
            if kept is None or kept[0] is not snapshot:
                kept = self._kept[snapshot.name] = (snapshot, self._made(snapshot))
            return kept[1]

    def _made(self, snapshot: Snapshot) -> dmc.MantineProvider:
        cards = atlas_cards({one.name: one.atlas for one in self._shelf.snapshots})
        return page(
            snapshot.name,
            snapshot.atlas,
            cards,
            without_paths(snapshot.problem, [snapshot]),
            snapshot.version,
        )


def assets_folder() -> Path:
    """Beside this package where it is used from its repository, inside it where it was installed."""
    package = Path(__file__).parent.parent
    inside = package / "assets"
    return inside if inside.is_dir() else package.parent / "assets"


def page(
    name: str,
    atlas: Atlas,
    cards: Mapping[str, AtlasCard] = MappingProxyType({}),
    problem: str = "",
    version: str = "",
) -> dmc.MantineProvider:
    """Everything a visitor sees of one atlas.

    cards: of all that are served, by name. problem: why the atlas cannot be read at present, a sentence.
    version: the snapshot's.
    """
    screen = first_screen(name, atlas).to_dict()
    others = {one: card.title for one, card in cards.items() if one != name}
    stores = {
        "points": points_data(atlas),
        "fields": fields(atlas, len(lecture.lecture(atlas)), others),
        "screen": screen,
        "look": look(screen),
    }
    return dmc.MantineProvider(
        html.Div(
            [
                *(dcc.Store(id=store, data=data) for store, data in stores.items()),
                following.bar(),
                header.layout(name, atlas, cards, problem),
                lecture_panel.layout(atlas),
                main.layout(atlas, others),
                keys_dialog(),
                about_dialog(atlas),
                replace_pin_dialog(),
                export_dialog(atlas),
                following.dialog_of_followers(),
            ],
            className="page",
            **{
                "data-view": screen["view"],
                "data-version": version,
                "data-images-version": file_version(atlas, EXAMPLES),
                "data-parent-version": file_version(atlas, PARENT),
            },
        ),
        defaultColorScheme="auto",
        theme={
            "primaryColor": "indigo",
            "fontFamily": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
            "headings": {"fontWeight": "600"},
        },
    )
