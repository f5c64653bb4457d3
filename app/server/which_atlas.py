"""Several atlases behind one address: which of their pages a request is for.

Each atlas has a page of its own, a whole Dash app, since figures and controls are as many as the atlas gives
cause for. `/?atlas=NAME` shows it, and what it asks of its callbacks goes to `/pages/NAME/…`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from threading import Lock
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication

PAGE = re.compile(r"/pages/([^/]+)(/.*)", re.DOTALL)


def page_prefix(name: str) -> str:
    """Where the page of an atlas beside the first asks its questions."""
    return f"/pages/{name}/"


class Switch:
    """The WSGI application `first`, and beside it the pages of `others`, atlases by name.

    make: the page of an atlas; called when it is first asked for, so that nobody waits for what is not seen.
    """

    def __init__(
        self, first: WSGIApplication, others: Collection[str], make: Callable[[str], WSGIApplication]
    ) -> None:
        self._first, self._others, self._make = first, others, make
        self._pages: dict[str, WSGIApplication] = {}
        self._first_page = first
        self._making = Lock()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Hand the request to the page that it is for."""
        name, path = asked_atlas(environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", ""))
        if name not in self._others:
            is_page = path == "/" or path.startswith("/_dash-")
            return (self._first_page if is_page else self._first)(environ, start_response)
        return self._page(name)({**environ, "PATH_INFO": path}, start_response)

    def replace(self, name: str, page: WSGIApplication) -> None:
        """Serve another page for an atlas from now on."""
        with self._making:
            if name in self._others:
                self._pages[name] = page
            else:
                self._first_page = page

    def _page(self, name: str) -> WSGIApplication:
        with self._making:
            if name not in self._pages:
                self._pages[name] = self._make(name)
            return self._pages[name]


def asked_atlas(path: str, query: str) -> tuple[str | None, str]:
    """The atlas whose page a request names, None where it names none; and the path within that page."""
    if path == "/":
        return parse_qs(query).get("atlas", [None])[0], path
    within = PAGE.fullmatch(path)
    return (within[1], within[2]) if within else (None, path)
