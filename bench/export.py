"""How large pages without Python are, and how fast one opens from a disk: `python bench/export.py [ATLAS]`.

`python -m app ATLAS --export` writes one file with the parent alone, one with all models, and a folder, in
half a minute each. Chromium opens the first file by file://.

- one file: its size, of which a browser reads every byte.
- folder: its size, and that of the atlas's own files in it; the page must cost at most 4 MiB more.
- opened from a disk: from navigation, in a browser that has just started, to all three pictures and to the
  three plots; the median of several times, and the slowest. CPU time: of the page's process until then, all
  threads together, which other work on the machine changes less.
- load: of the machine, by the system's one-minute average, before and after.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table
from visitors import page_driver as driver

MIB = 2**20
TIMES = 5
TARGETS = {
    "one file, the parent alone": "5 MiB",
    "folder, without the atlas's files": "4 MiB",
    "from a disk: all pictures": "2.5 s",
    "from a disk: three plots": "3 s",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("atlas", nargs="?", help="default: MNIST, which ships")
    parser.add_argument("--times", type=int, default=TIMES, help="how many times it is opened")
    arguments = parser.parse_args()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        rows = sizes(arguments.atlas or "mnist", Path(folder))
        rows |= openings(Path(folder, "parent.html"), arguments.times)
    rows["load of the machine, before and after"] = f"{before:.1f}, {os.getloadavg()[0]:.1f}"
    table = Table(title=f"Pages without Python, headless Chromium, {os.cpu_count()} cores: median / slowest")
    for heading in ("what", "measured", "target"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for what, measured in rows.items():
        table.add_row(what, measured, TARGETS.get(what, ""))
    Console(width=100).print(table)


def sizes(atlas: str, folder: Path) -> dict[str, str]:
    """Write the exports, and return how large they are."""
    took = [export(atlas, folder / "parent.html"), export(atlas, folder / "all.html", "--models", "all")]
    took.append(export(atlas, folder / "site"))
    site = [path for path in (folder / "site").rglob("*") if path.is_file()]
    own = [path for path in site if path.relative_to(folder / "site").parts[0] == "atlases"]
    return {
        "one file, the parent alone": mib([folder / "parent.html"]),
        "one file, all models": mib([folder / "all.html"]),
        "folder": f"{mib(site)}, {len(site)} files",
        "folder, without the atlas's files": mib([path for path in site if path not in own]),
        "time to write each": ", ".join(f"{seconds:.0f} s" for seconds in took),
    }


def export(atlas: str, path: Path, *options: str) -> float:
    """Write an export as a visitor would; returns how many seconds it took."""
    began = time.monotonic()
    command = [sys.executable, "-m", "app", atlas, "--export", str(path), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def openings(file: Path, times: int) -> dict[str, str]:
    """Return how fast a file opens."""
    loads, work = [], []
    with sync_playwright() as playwright:
        for _ in range(times):
            # A browser that has just started: it has compiled none of the page's scripts.
            browser = playwright.chromium.launch(executable_path=driver.find_browser(), args=driver.FLAGS)
            page, load = driver.open_page(browser, file.as_uri(), by_server=False)
            loads.append(load)
            work.append(cpu_seconds(browser))
            browser.close()
    return {
        "from a disk: all pictures": spread([load["pictures"] for load in loads]),
        "from a disk: three plots": spread([load["plots"] for load in loads]),
        "from a disk: CPU time": spread([1000 * seconds for seconds in work]),
    }


def cpu_seconds(browser: Browser) -> float:
    """Return the CPU time of the processes that show pages."""
    listed = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return sum(process["cpuTime"] for process in listed if process["type"] == "renderer")


def mib(files: list[Path]) -> str:
    """Return the size of files together."""
    return f"{sum(file.stat().st_size for file in files) / MIB:.2f} MiB"


def spread(times: list[float]) -> str:
    """Return the median of times in ms and the longest, in seconds."""
    return f"{statistics.median(times) / 1000:.2f} / {max(times) / 1000:.2f} s"


if __name__ == "__main__":
    main()
