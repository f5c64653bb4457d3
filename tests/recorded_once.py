"""Exports in tests: figures are recorded once, and scripts packed once, which take most of the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from unittest.mock import patch

from app.export import export


@contextmanager
def recorded_once() -> Iterator[None]:
    """Have all exports, while this lasts, share what is recorded of an atlas, and what is packed alike."""
    known: dict[tuple[str, str], object] = {}

    def once(name: str):
        function = getattr(export, name)

        def record(atlas, *rest):
            key = (name, str(atlas.path))
            if key not in known:
                known[key] = function(atlas, *rest)
            return known[key]

        return patch.object(export, name, record)

    packed_once = patch.object(export, "_gzipped", cache(export._gzipped))
    with once("recorded_figures"), once("recorded_key"), packed_once:
        yield
