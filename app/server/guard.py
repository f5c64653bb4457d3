"""Security headers of every answer, and the check of the name in a request's Host header."""

from __future__ import annotations

from collections.abc import Sequence

from dash import Dash
from flask import Flask, Response, request
from werkzeug.exceptions import SecurityError

from app.server.embedding import share
from app.server.host_names import is_answered

MAX_BODY = 2**20
"""Bytes of a request's body, at most. The page sends a thousandth of it."""

NOT_THIS_NAME = (
    "This server does not answer to the name {name}: on its own machine, use localhost. Otherwise start it "
    "with --host 0.0.0.0, which answers to any name, or, with gunicorn, add the name to HVAE_APP_HOSTS."
)


def answer_to(server: Flask, hosts: Sequence[str] | None) -> None:
    """Refuse requests for other names. Call it before anything else reads requests.

    hosts: the names in a request's Host header that are answered; None for any. A page that only this
    machine can reach must answer to this machine's names only: any web page could rebind its own name to it.
    """

    # Flask's own TRUSTED_HOSTS knows no IPv6.
    @server.url_value_preprocessor
    def refuse_other_names(*_: object) -> None:
        host = request.headers.get("Host", "")
        if not is_answered(host, hosts):
            raise SecurityError(NOT_THIS_NAME.format(name=host[:100] or "that it was asked by"))


def guard(app: Dash, embed: Sequence[str] = ()) -> None:
    """Put security headers on every answer of the page. Call it after all callbacks are registered.

    embed: the origins whose pages may show pictures, numbers and frames of this one.
    """
    server = app.server
    server.debug = False  # whatever FLASK_DEBUG says
    server.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    policy = content_policy(app.csp_hashes(), embed)

    @server.after_request
    def add_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        if not embed:
            response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        share(request, response, embed)
        return response


def content_policy(script_hashes: Sequence[str], embed: Sequence[str] = ()) -> str:
    """Return the Content-Security-Policy: nothing from elsewhere, no eval, no inline script but Dash's own.

    WebAssembly runs the models in the page; without the permission, the worker uses plain JavaScript. Mantine
    and plotly need inline styles. The server's pictures are data addresses, the visitor's own images blobs.
    embed: the origins whose pages may show this one in a frame.
    """
    directives = {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'", *script_hashes],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'self'", *embed] if embed else ["'none'"],
    }
    return "; ".join(" ".join([name, *values]) for name, values in directives.items())
