"""The architecture of docs/extending.md, which a user's own file registers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from documents import ROOT, blocks

from hvae.architectures.registry import PLUGIN, REGISTRY


def linear_architecture() -> str:
    """The content of `linear.py`, as the page has it."""
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    (code,) = (block for block in blocks(page, "python") if 'Architecture("linear"' in block)
    return code


@contextmanager
def without_plugins() -> Iterator[None]:
    """What is registered within is forgotten afterwards, also by processes that are started then."""
    before, named = dict(REGISTRY.by_name), os.environ.pop(PLUGIN, None)
    try:
        yield
    finally:
        REGISTRY.by_name.clear()
        REGISTRY.by_name.update(before)
        os.environ.pop(PLUGIN, None)
        if named is not None:
            os.environ[PLUGIN] = named
