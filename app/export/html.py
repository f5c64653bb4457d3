"""The HTML of an exported page."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MARK = "<!-- HVAE Explorer: an exported page -->"
"""What every exported page begins with, after its first line: it may be replaced by another one."""
FIRST_LINE = "<!DOCTYPE html>"


@dataclass(frozen=True)
class Page:
    """An exported page.

    title: for people. styles: CSS. boot: a classic script. config: Dash's settings. description: JSON that
    the page's scripts read. contents: what assets/export/main.js reads. packed: what a page in one file
    holds, by name. licences: of all that it holds.
    """

    title: str
    styles: str
    boot: str
    config: Mapping[str, Any]
    description: str
    contents: Mapping[str, Any]
    packed: Mapping[str, bytes]
    licences: str

    def text(self) -> str:
        """Return the HTML."""
        ended = [text for text in (self.boot, self.styles) if "</s" in text.lower()]
        if ended:
            raise ValueError(f"this would end an element: {ended[0][ended[0].lower().index('</s') :][:80]}")
        lines = [
            FIRST_LINE,
            MARK,
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{html.escape(content_policy(self.boot))}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{html.escape(self.title)}</title>",
            '<link rel="icon" href="data:,">',
            f"<style>{self.styles}</style>",
            "</head>",
            "<body>",
            '<div id="react-entry-point"><div class="_dash-loading">Loading …</div></div>',
            "<noscript>This page runs models: it needs JavaScript.</noscript>",
            _data("_dash-config", json_text(self.config)),
            _data("description", self.description),
            _data("export-contents", json_text(self.contents)),
            *(
                f'<script type="text/plain" id="packed-{html.escape(name)}">{_base64(data)}</script>'
                for name, data in self.packed.items()
            ),
            f'<script type="text/plain" id="licences">{html.escape(self.licences, quote=False)}</script>',
            f"<script>{self.boot}</script>",
            "</body>",
            "</html>",
        ]
        return "\n".join(lines) + "\n"


def content_policy(boot: str) -> str:
    """Return the Content-Security-Policy: nothing from elsewhere, no inline script but `boot`, no eval.

    What is packed runs from blobs that `boot` makes.
    """
    digest = base64.b64encode(hashlib.sha256(boot.encode()).digest()).decode()
    directives = {
        "default-src": "'none'",
        "script-src": f"'sha256-{digest}' blob: 'wasm-unsafe-eval'",
        "worker-src": "blob:",
        "connect-src": "'self' data: blob:",
        "style-src": "'unsafe-inline'",
        "img-src": "data: blob:",
        "font-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {values}" for name, values in directives.items())


def json_text(value: Any) -> str:
    """Return JSON in which nothing could end an element, or a line of a script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for character in ("<", ">", "&", "\u2028", "\u2029"):
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _data(name: str, text: str) -> str:
    return f'<script type="application/json" id="{name}">{text}</script>'


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
