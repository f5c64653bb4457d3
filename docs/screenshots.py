"""Take the pictures of every view: `python docs/screenshots.py [ATLAS …]` writes docs/views/VIEW-WIDTH.webp.

Of atlases beside the first, two views are enough: docs/views/NAME-VIEW-WIDTH.webp.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from io import BytesIO
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

import waitress
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from app.atlases.catalogue import served_atlases
from app.page.lecture import lecture
from app.page.views import VIEWS
from app.server.build import create_app

SIZES = {1440: 900, 390: 844}
OTHERS = ("landscapes", "model")
OUT = Path(__file__).parent / "views"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
COMPLETE = """() => {
    const seen = [...document.querySelectorAll('.picture')].filter((image) => image.offsetParent && image.id);
    const plots = [...document.querySelectorAll('.dash-graph')].filter((graph) => graph.offsetParent);
    return seen.every((image) => image.dataset.state === 'shown')
        && plots.every((graph) => graph.querySelector('.main-svg'));
}"""


def main() -> None:
    atlases = served_atlases(list(map(Path, sys.argv[1:])))
    first, *_ = atlases
    server = waitress.create_server(create_app(atlases).server, host="127.0.0.1", port=0, threads=32)
    threading.Thread(target=server.run, daemon=True).start()
    address = f"http://127.0.0.1:{server.effective_port}/"
    OUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        for name, atlas in atlases.items():
            # The lecture knows what is worth showing in which view.
            screens = {step.screen["view"]: step.screen for step in reversed(lecture(atlas))}
            for (width, height), view in product(SIZES.items(), VIEWS if name == first else OTHERS):
                page = browser.new_page(viewport={"width": width, "height": height})
                said = {"atlas": name, **screens.get(view, {}), "view": view}
                said = {
                    field: ",".join(value) if isinstance(value, list) else value
                    for field, value in said.items()
                }
                page.goto(f"{address}?{urlencode(said)}")
                take(page, OUT / f"{'' if name == first else f'{name}-'}{view}-{width}.webp")
                page.close()
        browser.close()
    server.close()


def take(page: Page, path: Path) -> None:
    """Wait until all that is to be seen is there, and write a picture of the whole page."""
    page.wait_for_selector(".view-tab[aria-selected=true]")
    page.wait_for_timeout(500)
    page.wait_for_function(COMPLETE)
    page.wait_for_timeout(500)
    taken = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
    taken.save(path, lossless=True, method=6)


if __name__ == "__main__":
    main()
