"""A real browser for the tests, one for each process of them.

It is a Chromium found on the machine ($CHROMIUM, or one of the usual names), else Playwright's own, which is
installed where that is possible. With none to be had the tests fail under CI=true and are skipped elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

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
