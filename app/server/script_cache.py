"""The scripts of Dash and plotly, read once, however many browsers open the page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import Lock

from flask import Flask, Response, request

from app.atlases.lru import Kept

MOST_BYTES = 12 * 2**20
"""More than all of them; plotly's alone is five million."""


def keep_suites(server: Flask) -> None:
    """Keep the scripts, which Dash reads again for each browser: for a full hall, hundreds of megabytes."""
    for endpoint, view in server.view_functions.items():
        if "_dash-component-suites" in endpoint:
            server.view_functions[endpoint] = _read_once(view)


def _read_once(view: Callable[..., Response]) -> Callable[..., Response]:
    kept: Kept[Response] = Kept(MOST_BYTES)
    lock = Lock()

    @wraps(view)
    def serve(**place: str) -> Response:
        with lock:
            key = tuple(sorted(place.items()))
            response = kept.get(key)
            if response is None:
                response = view(**place)
                if response.status_code != 200:
                    return response
                kept.put(key, response, len(response.get_data()))
        # Each answer has its own headers. All share the bytes.
        return Response(response.get_data(), headers=response.headers).make_conditional(request)

    return serve
