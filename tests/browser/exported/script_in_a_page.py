"""Modules of the page's in a window without a page, linked to one script as in an exported page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Any

from app.export.linker import linked
from app.server.build import assets_folder


def linked_entry(folder: Path, text: str, addresses: Mapping[str, str] | None = None) -> str:
    """The script of a module with this text, which may import the page's and an export's: "./export/…"."""
    for part in ("export", "page"):
        copytree(assets_folder() / part, folder / part, dirs_exist_ok=True)
    (folder / "entry.js").write_text(text, encoding="utf-8")
    return linked(folder, "entry.js", addresses)


@contextmanager
def linked_window(browser: Any, folder: Path, text: str) -> Iterator[Any]:
    """A window in which the script of a module with this text has run."""
    page = browser.new_page()
    page.evaluate(linked_entry(folder, text))
    yield page
    page.close()
