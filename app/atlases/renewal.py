"""Atlases that change on disk while they are served: read again, without a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from app.atlases.growth import take_over
from app.atlases.models import FileState
from app.page.state import first_sizes
from hvae.atlas.atlas import MANIFEST, METRICS, Atlas
from hvae.errors import UserError

log = logging.getLogger(__name__)


class Renewal:
    """The WSGI application `served`, and before each of its requests a look at the files of `atlases`.

    An atlas is read again when its atlas.json or metrics.parquet has changed. While it cannot be read, what
    was read before stays, and `problem` says why. Requests wait for one another here: none is answered from
    the former atlas once another has been from the new one.
    rebuild: called with an atlas's name when its page has to have other callbacks than before.
    """

    def __init__(
        self, served: WSGIApplication, atlases: Mapping[str, Atlas], rebuild: Callable[[str], None]
    ) -> None:
        self._served, self._atlases, self._rebuild = served, atlases, rebuild
        self._looking = Lock()
        self._states = {name: states(atlas) for name, atlas in atlases.items()}
        self._callbacks = {name: first_sizes(atlas) for name, atlas in atlases.items()}
        self._problems: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Look at every atlas, and hand the request on."""
        with self._looking:
            for name, atlas in self._atlases.items():
                self._look(name, atlas)
        return self._served(environ, start_response)

    def problem(self, name: str) -> str:
        """Why an atlas cannot be read at present, a sentence; empty where it can."""
        return self._problems.get(name, "")

    def _look(self, name: str, atlas: Atlas) -> None:
        now = states(atlas)
        if now == self._states[name]:
            return
        # Noted before it is read: what changes meanwhile is read once more.
        self._states[name] = now
        try:
            renewed = Atlas.open(atlas.path)
        except UserError as error:
            log.warning("%s What was read before is shown.", error)
            self._problems[name] = str(error)
            return
        self._problems.pop(name, None)
        if renewed.manifest == atlas.manifest:
            return
        take_over(atlas, renewed)
        if first_sizes(atlas) != self._callbacks[name]:
            self._callbacks[name] = first_sizes(atlas)
            self._rebuild(name)


def states(atlas: Atlas) -> list[FileState | None | str]:
    """What changes whenever an atlas may have: where it is, and the files that say what there is."""
    return [str(atlas.path), *(FileState.of(atlas.path / name) for name in (MANIFEST, METRICS))]
