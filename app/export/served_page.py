"""What the server's own page consists of, asked of the server itself: nothing is said twice."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from dash import Dash

from app.export.layout import Layout
from app.server.requested_atlas import OF_FIGURES
from hvae.errors import UserError

SCRIPT = re.compile(r'<script src="([^"]+)"')
STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)"')
DATA = re.compile(r'<script type="application/json" id="description">(.*?)</script>')
CONFIG = re.compile(r'<script id="_dash-config" type="application/json">(.*?)</script>')
START = re.compile(r'<script id="_dash-renderer" type="application/javascript">(.*?)</script>')

OURS = "/assets/bridge.js"
LIBRARIES = {"dash_table": "/dash/dash_table/"}
"""Libraries of components of which a page may have none, and what their addresses hold."""

KEPT = ("children_props", "suppress_callback_exceptions", "update_title", "serve_locally", "show_undo_redo")
"""What is kept of Dash's settings; among the rest is this Python's version."""
SETTINGS = {
    "url_base_pathname": None,
    "requests_pathname_prefix": "/",
    "ui": False,
    "props_check": False,
    "disable_version_check": True,
    "validate_callbacks": False,
}


class ServedPage:
    """The page of an app that shows the atlas `name`, as a browser would get it."""

    def __init__(self, app: Dash, name: str) -> None:
        self._client = app.server.test_client()
        self._prefix = f"/pages/{quote(name)}"
        self._html = self._text(f"/?atlas={quote(name)}")
        self.layout = Layout(self._json(f"{self._prefix}/_dash-layout"))
        self.dependencies = self._json(f"{self._prefix}/_dash-dependencies")
        self.version: str = self._json(f"{self._prefix}/version")["version"]

    @property
    def styles(self) -> str:
        """Return all style sheets, one after the other."""
        return "\n".join(map(self._text, STYLE.findall(self._html)))

    @property
    def description(self) -> str:
        """Return the JSON that the page's scripts read, without anything that could end an element."""
        found = DATA.search(self._html)
        assert found is not None
        return found[1]

    @property
    def config(self) -> dict[str, Any]:
        """Return Dash's settings."""
        found = CONFIG.search(self._html)
        assert found is not None
        said = json.loads(found[1])
        return {name: said[name] for name in KEPT if name in said} | SETTINGS

    @property
    def script_addresses(self) -> list[str]:
        """Return the addresses of all scripts but those of figures, in the order in which they are to run."""
        used = self.layout.namespaces()
        unused = [place for name, place in LIBRARIES.items() if name not in used]
        listed = SCRIPT.findall(self._html)
        return [one for one in listed if not any(place in one for place in unused)]

    @property
    def figure_scripts(self) -> list[str]:
        """Return the scripts that the page's own load when they draw figures, and find if these have run."""
        return [self._text(address) for address in OF_FIGURES]

    def scripts(self, ours: str) -> list[str]:
        """Return all scripts in the order in which they are to run; ours: in place of the page's own."""
        found = START.search(self._html)
        assert found is not None
        addresses = self.script_addresses
        texts = [ours if address.startswith(OURS) else self._text(address) for address in addresses]
        return [*texts, found[1]]

    def file(self, name: str, address: str) -> bytes:
        """Return a file of the atlas as the server sends it. Raises UserError where it is damaged."""
        return self._get(f"/atlases/{quote(name)}/{quote(address)}").get_data()

    def _get(self, address: str) -> Any:
        answer = self._client.get(address)
        if answer.status_code != 200:
            said = answer.get_json(silent=True) or {}
            raise UserError(said.get("error") or f"{address} cannot be had ({answer.status_code}).")
        return answer

    def _text(self, address: str) -> str:
        return self._get(address).get_data(as_text=True)

    def _json(self, address: str) -> Any:
        return self._get(address).get_json()
