"""The atlas that a request is about.

`/?atlas=NAME` shows an atlas. Dash's requests of that page go to `/pages/NAME/_dash-…`, because they cannot
name an atlas in another way. Addresses without a name are about the first atlas.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

from dash import Dash
from flask import Flask, Response, g, has_request_context, jsonify, request
from werkzeug.exceptions import NotFound

from app.atlases.catalogue import atlas_titles
from app.atlases.file_version import file_version
from app.atlases.shelf import Shelf, Snapshot
from app.page.beside import Other
from app.page.state import first_screen
from hvae.atlas.atlas import EXAMPLES

FIRST = "page/core/models/first-pictures.js"
"""The module that starts the models' worker, in the assets' folder."""

OF_FIGURES = (
    "/_dash-component-suites/plotly/package_data/plotly.min.js",
    "/_dash-component-suites/dash/dcc/async-graph.js",
)
"""The scripts that draw figures. Dash loads them when the first figure is on the page."""

NAMED = "page_atlas"
"""The variable of the atlas in Flask's rules, and in `flask.g`."""

CONFIGURED_PREFIX = re.compile(r'("requests_pathname_prefix":)"[^"]*"')
"""In the page's HTML: the prefix of Dash's requests."""


class RequestedAtlas:
    """The atlas of `shelf` that the current request is about; outside of requests, the first one."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    @property
    def name(self) -> str:
        """Its name in addresses."""
        named = g.get(NAMED) if has_request_context() else None
        return named or self._shelf.first

    def snapshot(self) -> Snapshot:
        """Return the atlas as it is now. Call it once per request."""
        return self._shelf[self.name]

    def other(self, name: object) -> Other | None:
        """Return the served atlas of that name, if it is another one than the request is about."""
        if not isinstance(name, str) or name == self.name or name not in self._shelf:
            return None
        titles = atlas_titles({one.name: one.atlas for one in self._shelf.snapshots})
        snapshot = self._shelf[name]
        return Other(name, titles[name], snapshot.atlas, snapshot.version)


class Page(Dash):
    """A Dash app whose page stays with the atlas of `shelf` that its address names.

    Its HTML contains `description`, JSON for the page's scripts, and links to all modules in assets/page. So
    a browser fetches all of them at once, and not one layer of imports after the other. The models' worker
    begins and its first files are fetched before all that, while Dash starts.
    """

    def __init__(self, *arguments: Any, shelf: Shelf, description: Mapping[str, Any], **options: Any) -> None:
        self._shelf, self._description = shelf, description
        self._first_request = Lock()
        super().__init__(*arguments, **options)

    def _setup_server(self) -> None:
        # Dash does this at the first request, and knows no script before it is done. Requests that come
        # meanwhile, in other threads, would find none.
        with self._first_request:
            super()._setup_server()

    @cached_property
    def _modules(self) -> list[str]:
        folder = Path(self.config.assets_folder)
        return sorted(path.relative_to(folder).as_posix() for path in folder.glob("page/**/*.js"))

    def interpolate_index(self, **parts: str) -> str:
        """Return the page's HTML."""
        # No text in it may end the element.
        described = json.dumps(self._description).replace("<", "\\u003c")
        data = f'<script type="application/json" id="description">{described}</script>'
        parts["metas"] += f'<script async type="module" src="{self.get_asset_url(FIRST)}"></script>'
        if not request.args.keys() - {"atlas"}:  # other links may show other models, or no pictures
            parts["css"] += self._first_files()
        # After the scripts, which the page needs first.
        parts["scripts"] = (
            data
            + parts["scripts"]
            + "".join(
                f'<link rel="modulepreload" href="{self.get_asset_url(module)}">' for module in self._modules
            )
            + "".join(
                f'<link rel="preload" as="script" href="{self.get_relative_path(script)}">'
                for script in OF_FIGURES
            )
        )
        named = request.args.get("atlas")
        if named in self._shelf and named != self._shelf.first:
            prefix = json.dumps(f"/pages/{quote(named)}/")
            parts["config"] = CONFIGURED_PREFIX.sub(lambda found: found[1] + prefix, parts["config"])
        return super().interpolate_index(**parts).replace("<html>", '<html lang="en">', 1)

    def _first_files(self) -> str:
        """Links to what the first pictures are made from: a model, and the test images."""
        named = request.args.get("atlas", self._shelf.first)
        if named not in self._shelf:
            return ""
        atlas, links = self._shelf[named].atlas, []
        point = first_screen(named, atlas).point
        if point is not None:
            name = f"{point}.safetensors"
            links.append((name, name, f"models/{name}"))
        if EXAMPLES in atlas.manifest.files:
            links.append(("", "examples.bin", EXAMPLES))
        return "".join(
            '<link rel="preload" as="fetch" crossorigin '
            f'data-atlas="{named}" data-name="{escape(name)}" href="{escape(self._address(named, *file))}">'
            for name, *file in links
        )

    def _address(self, named: str, address: str, file: str) -> str:
        version = file_version(self._shelf[named].atlas, file)
        return self.get_relative_path(f"/atlases/{quote(named)}/{quote(address)}?version={version}")


def name_atlases(server: Flask, shelf: Shelf) -> None:
    """Before each request, let the shelf check its files, and read the atlas's name from the address.

    An atlas that is not served is 404.
    """
    for rule in list(server.url_map.iter_rules()):
        if rule.rule.startswith("/_dash-"):
            server.add_url_rule(f"/pages/<{NAMED}>{rule.rule}", rule.endpoint, methods=rule.methods)

    @server.url_value_preprocessor
    def look(endpoint: str | None, values: dict[str, Any] | None) -> None:
        shelf.refresh()
        named = values.pop(NAMED, None) if values else None
        if named is not None and named not in shelf:
            raise NotFound("There is no such atlas here.")
        setattr(g, NAMED, named)

    @server.get(f"/pages/<{NAMED}>/version")
    def version() -> Response:
        """Answer an open page, which asks from time to time whether its atlas has changed."""
        response = jsonify(version=shelf[getattr(g, NAMED)].version)
        response.headers["Cache-Control"] = "no-store"
        return response

    @server.get("/pages/<path:anything>")
    def no_page(anything: str) -> Response:
        # Without this, Dash would answer any address with its page.
        raise NotFound("There is no such atlas here.")

    @server.after_request
    def not_this_one(response: Response) -> Response:
        # The visitor sees the first atlas, and a message.
        named = request.args.get("atlas")
        if request.path == "/" and named and named not in shelf and response.status_code == 200:
            response.status_code = 404
        return response
