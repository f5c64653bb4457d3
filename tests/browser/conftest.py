"""A real browser, see chromium.py, on a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import waitress
from pages import FIRST_DOT, Explorer
from windows import Windows

from app.server.build import create_app
from hvae.atlas.atlas import Atlas


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., str]]:
    """Serve atlases on a free port; returns the address of the first one's page."""
    servers = []

    def start(*folders: Path) -> str:
        atlases = {atlas.name: atlas for atlas in map(Atlas.open, folders)}
        server = waitress.create_server(create_app(atlases).server, host="127.0.0.1", port=0)
        threading.Thread(target=server.run, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.effective_port}/"

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def tiny_address(serve: Callable[..., str], tiny_atlas: Path) -> str:
    return serve(tiny_atlas)


@pytest.fixture(scope="session")
def windows(browser) -> Windows:
    return Windows(browser)


@pytest.fixture
def open_page(windows: Windows) -> Iterator[Callable[..., Explorer]]:
    """Open an address in a window of its own; any error on the page fails the test."""
    taken = []

    def start(
        address: str, width: int = 1440, height: int = 900, ready: str = FIRST_DOT, **media: str
    ) -> Explorer:
        taken.append(windows.take(width, height, **media))
        return Explorer(taken[-1]).open(address, ready)

    yield start
    assert windows.give_back(taken) == []


@pytest.fixture
def explorer(open_page: Callable[..., Explorer], tiny_address: str) -> Explorer:
    """The page of the tiny atlas, its first pictures shown."""
    return open_page(tiny_address)
