"""A real browser, see chromium.py, on a real server, see ways_to_serve.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pages import FIRST_DOT, Explorer
from ways_to_serve import HAS_SERVER, IS_OFFLINE, WAY, WAYS, WITHOUT_A_SERVER
from windows import Windows


def lifetime(fixture_name: str, config: pytest.Config) -> str:
    """How long servers live: as their module's tests, because each process of gunicorn takes its memory.

    The built-in one takes none, and lasts: at another address, Chromium would parse a page's scripts anew.
    """
    return "session" if WAY == "built-in" else "module"


@pytest.fixture(scope=lifetime)
def serve() -> Iterator[Callable[..., str]]:
    """Serve atlases in the way that HVAE_TEST_SERVER names; returns the address of the first one's page."""
    with ExitStack() as servers:
        yield lambda *folders: servers.enter_context(WAYS[WAY](*folders))


@pytest.fixture(scope=lifetime)
def tiny_address(serve: Callable[..., str], tiny_atlas: Path) -> str:
    return serve(tiny_atlas)


@pytest.fixture(scope="session")
def windows(browser) -> Windows:
    return Windows(browser, IS_OFFLINE)


@pytest.fixture
def open_page(windows: Windows) -> Iterator[Callable[..., Explorer]]:
    """Open an address in a window of its own; any error on the page fails the test."""
    taken = []

    def start(
        address: str,
        width: int = 1440,
        height: int = 900,
        ready: str = FIRST_DOT,
        by_server: bool = False,
        **media: str,
    ) -> Explorer:
        if by_server and not HAS_SERVER:
            pytest.skip(WITHOUT_A_SERVER.format("the server makes the pictures"))
        taken.append(windows.take(width, height, **media))
        if by_server:
            taken[-1].route("**/assets/worker/worker.js", lambda route: route.abort())
        return Explorer(taken[-1]).open(address, ready)

    yield start
    assert windows.give_back(taken) == []


@pytest.fixture(scope="module")
def lasting_address(tiny_address: str) -> str:
    """What `same_page` shows; a module may have another one."""
    return tiny_address


@pytest.fixture(scope="module")
def lasting_page(windows: Windows, lasting_address: str) -> Iterator[Explorer]:
    """A page that lasts for the tests of a module."""
    page = windows.take(1440, 900)
    yield Explorer(page).open_to_last(lasting_address)
    assert windows.give_back([page]) == []


@pytest.fixture
def same_page(windows: Windows, lasting_page: Explorer, lasting_address: str) -> Iterator[Explorer]:
    """The same page for all tests of a module that ask for it, each from what a visitor sees first.

    For tests that leave a state of the page behind, and nothing else. A page that cannot begin again is
    loaded anew.
    """
    from playwright.sync_api import Error

    try:
        lasting_page.begin_again()
    except Error:
        lasting_page.open_to_last(lasting_address)
    yield lasting_page
    assert windows.errors() == []


@pytest.fixture
def served_explorer(open_page: Callable[..., Explorer], tiny_address: str) -> Explorer:
    """The same in a browser that cannot run the models: the server makes all pictures."""
    return open_page(tiny_address, by_server=True)


@pytest.fixture
def explorer(open_page: Callable[..., Explorer], tiny_address: str) -> Explorer:
    """The page of the tiny atlas, its first pictures shown."""
    return open_page(tiny_address)
