"""Web pages elsewhere that may show pictures, numbers and frames of this one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from flask import Request, Response

from hvae.errors import UserError

EMBED = "HVAE_APP_EMBED"

SHARED = ("/pictures/", "/rates/", "/estimates/", "/atlases/", "/openapi.json")
"""Prefixes of the addresses that pages elsewhere may use. All others are for this page only."""

ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[0-9]{1,5})?", re.ASCII)
USUAL_PORTS = {"http": 80, "https": 443}


def checked_origins(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the origins in `texts`, between commas or spaces, as browsers write them. Raises UserError."""
    named = [one for text in texts for one in re.split(r"[\s,]+", text) if one]
    return tuple(dict.fromkeys(map(checked_origin, named)))


def checked_origin(text: str) -> str:
    """Return an origin as browsers write it. Raises UserError if it is none."""
    found = ORIGIN.fullmatch(text.lower().removesuffix("/"))
    port = int(found[4][1:]) if found and found[4] else None
    if found is None or (port is not None and not 1 <= port <= 65535):
        raise UserError(
            f"{text!r} is no origin: write the scheme, the host and, if there is one, the port, as in "
            "https://slides.example or http://localhost:8888."
        )
    shown = "" if port is None or port == USUAL_PORTS[found[1]] else f":{port}"
    return f"{found[1]}://{found[2]}{shown}"


def share(request: Request, response: Response, origins: Sequence[str]) -> None:
    """Let pages of `origins` use an answer that may be shared. Call it for every answer.

    A browser names the asking page in Origin, or else in Referer. If it names neither, the answer is for this
    server's own pages only. Programs other than browsers ignore these headers.
    """
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if not origins or not request.path.startswith(SHARED):
        return
    response.vary.update(["Origin", "Referer", "Sec-Fetch-Site"])
    asking = request.headers.get("Origin") or _origin_of(request.headers.get("Referer", ""))
    if asking in origins or (not asking and "Sec-Fetch-Site" not in request.headers):
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.headers.get("Origin") in origins:
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"


def _origin_of(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
