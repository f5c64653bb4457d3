"""Exports in tests: the figures of an atlas, which take most of the time, are recorded once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from app.export import export


@contextmanager
def recorded_once() -> Iterator[None]:
    """Have all exports of one atlas, while this lasts, share what is recorded of it."""
    known: dict[tuple[str, str], object] = {}

    def once(name: str):
        function = getattr(export, name)

        def record(atlas, *rest):
            key = (name, str(atlas.path))
            if key not in known:
                known[key] = function(atlas, *rest)
            return known[key]

        return patch.object(export, name, record)

    with once("recorded_figures"), once("recorded_key"):
        yield
