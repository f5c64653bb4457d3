"""What every answer tells the browser to refuse, and which names this server answers to."""

from __future__ import annotations

from collections.abc import Sequence

from dash import Dash
from flask import Response

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
MAX_BODY = 2**20
"""Bytes of a request's body. What the page sends is a thousandth of it."""


def guard(app: Dash, hosts: Sequence[str] | None = None) -> None:
    """Put security headers on every answer of the page; call when all its callbacks are registered.

    hosts: the names in a request's Host header that are answered; None for any. A page that only this
    machine can reach must answer to this machine's names only: any web page could rebind its own name to it.
    """
    server = app.server
    server.debug = False  # whatever FLASK_DEBUG says
    server.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    if hosts is not None:
        server.config["TRUSTED_HOSTS"] = list(hosts)
    policy = content_policy(app.csp_hashes())

    @server.after_request
    def add_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        return response


def content_policy(script_hashes: Sequence[str]) -> str:
    """The Content-Security-Policy: nothing from elsewhere, no eval, no inline script but Dash's own.

    Styles are inline all over Mantine and plotly; pictures are data addresses, images of one's own blobs.
    """
    directives = {
        "default-src": ["'self'"],
        "script-src": ["'self'", *script_hashes],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(" ".join([name, *values]) for name, values in directives.items())
