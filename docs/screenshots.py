"""Take the pictures of every view: `python docs/screenshots.py [ATLAS]` writes docs/views/VIEW-WIDTH.png."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path
from urllib.parse import urlencode

import waitress
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from app.lecture import lecture
from app.server import create_app
from app.state import VIEWS
from hvae.atlas import Atlas

SIZES = {1440: 900, 390: 844}
OUT = Path(__file__).parent / "views"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
COMPLETE = """() => {
    const seen = [...document.querySelectorAll('.picture')].filter((image) => image.offsetParent && image.id);
    const plots = [...document.querySelectorAll('.dash-graph')].filter((graph) => graph.offsetParent);
    return seen.every((image) => image.dataset.state === 'shown')
        && plots.every((graph) => graph.querySelector('.main-svg'));
}"""


def main() -> None:
    atlas = Atlas.open(sys.argv[1]) if len(sys.argv) > 1 else Atlas.default()
    server = waitress.create_server(create_app({atlas.name: atlas}).server, host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    address = f"http://127.0.0.1:{server.effective_port}/"
    OUT.mkdir(exist_ok=True)
    # The lecture knows what is worth showing in which view.
    screens = {step.screen["view"]: step.screen for step in reversed(lecture(atlas))}
    with sync_playwright() as playwright:
        found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        for width, height in SIZES.items():
            for view in VIEWS:
                page = browser.new_page(viewport={"width": width, "height": height})
                said = {**screens.get(view, {}), "view": view}
                said = {
                    name: ",".join(value) if isinstance(value, list) else value
                    for name, value in said.items()
                }
                page.goto(f"{address}?{urlencode(said)}")
                take(page, OUT / f"{view}-{width}.png")
                page.close()
        browser.close()
    server.close()


def take(page: Page, path: Path) -> None:
    """Wait until all that is to be seen is there, and write a picture of the whole page in few colours."""
    page.wait_for_selector(".view-tab[aria-selected=true]")
    page.wait_for_timeout(500)
    page.wait_for_function(COMPLETE)
    page.wait_for_timeout(500)
    page.screenshot(path=path, full_page=True)
    Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
