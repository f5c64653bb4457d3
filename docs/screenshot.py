"""Take the README's picture: `python docs/screenshot.py [ATLAS]` writes docs/page.png."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path

import waitress
from playwright.sync_api import sync_playwright

from app.server import create_app
from hvae.atlas import Atlas

SHOWN = "() => document.querySelectorAll('.picture[data-state=shown]').length === 3"


def main() -> None:
    atlas = Atlas.open(sys.argv[1]) if len(sys.argv) > 1 else Atlas.default()
    server = waitress.create_server(create_app({atlas.name: atlas}).server, host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    with sync_playwright() as playwright:
        found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=found, args=["--headless", "--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"http://127.0.0.1:{server.effective_port}/")
        page.wait_for_function(SHOWN)
        page.wait_for_selector("#landscapes-0 .scatterlayer .point")
        page.wait_for_timeout(500)
        page.screenshot(path=Path(__file__).parent / "page.png")
        browser.close()
    server.close()


if __name__ == "__main__":
    main()
