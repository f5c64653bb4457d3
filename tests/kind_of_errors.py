"""The kind of picture that docs/extending.md walks through, in a module of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from documents import ROOT, blocks, section

from app.pictures import kinds as home
from app.pictures import registry
from app.pictures.kind import Kind

PAGE = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
MODULE = blocks(section(PAGE, "Add a kind of picture"), "python")[0]


@contextmanager
def registered(folder: Path) -> Iterator[Kind]:
    """The kind, found in `folder` as if that belonged to the package."""
    (folder / "errors.py").write_text(MODULE, encoding="utf-8")
    with mock.patch.object(home, "__path__", [*home.__path__, str(folder)]):
        registry.REGISTRY.discover()
        try:
            yield next(kind for kind in registry.kinds() if kind.name == "errors")
        finally:
            registry.REGISTRY.unregister("errors")
            del sys.modules[f"{home.__name__}.errors"]
