"""A real browser on a real server.

The browser is a Chromium found on the machine ($CHROMIUM, or one of the usual names), else Playwright's own,
which is installed where that is possible. With none to be had the tests fail under CI=true and are skipped
elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import waitress
from pages import FIRST_DOT, Explorer
from windows import Windows

from app.server.build import create_app
from hvae.atlas.atlas import Atlas

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_chromium() -> str | None:
    """The Chromium of this machine."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def install_chromium() -> None:
    """Have Playwright install its own; without a network it gives up soon."""
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    try:
        subprocess.run(command, capture_output=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        pass


@pytest.fixture(scope="session")
def browser() -> Iterator:
    from playwright.sync_api import Error, sync_playwright

    found = find_chromium()
    if found is None:
        install_chromium()
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        except Error as error:
            reason = f"No Chromium: set CHROMIUM, or install one ({str(error).strip().splitlines()[0]})"
            if os.environ.get("CI") == "true":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)
        yield browser
        browser.close()


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
