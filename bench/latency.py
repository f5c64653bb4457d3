"""How fast the page is, with its models in the browser and on the server: `python bench/latency.py [ATLAS]`.

A server is started (`python -m app ATLAS --no-browser`) and a headless Chromium opens its page, both on this
machine: once as it is, once with the worker blocked, so that the server makes every picture. How times are
taken is in bench/visitors/page_driver.py.

- server answers: from the start of its process to its first answer to GET /.
- first load: from navigation, on a fresh profile, to the first paint of anything, to all three pictures, to
  the three plots.
- click: on 60 dots, from the button's release to that dot's samples painted, and to the last of its three
  pictures; first like a hand, then as only a script can. Between dots, the pointer is away from all dots
  for 0.15 s. As a hand: the pointer arrives, rests on the dot for 150 ms, and the button is down for 60 ms;
  the page makes the pictures of a dot under the pointer ahead. At once: the pointer jumps onto the dot and
  the button goes down and up in the same moment, so that nothing can be made ahead: no dot is clicked
  twice, so the model has to be fetched, unless it is a neighbour of the last one. Again: the same dots at
  once, their models being there.
- hover: over 40 further dots, from the pointer's arrival to that dot's card with its numbers and samples.
- view, metric: from the key that switches to another view of figures, each seen before, or from another
  size of dots, to the next frame.
- draw again: 40 clicks on the button, 80 ms after the samples of the last, each to the new samples.
- drag: real mouse moves at constant speed for 3 s, to and fro: a slider of the strip (16 pictures), one of
  the model view (a row of pictures for each of its two parts), over the map of z₂ (one picture), and the
  place in the plane of β (32 pictures, each of a new model). A move counts as drawn if the picture of its
  value was on the screen. Frames/s: pictures drawn, divided by the time from the first to the last move.
  Throttled: Chromium slows the page's thread down four times.
- map, another model: frames/s while the images of the map of z₂ move to their new places, 20 times.
- memory: of the server's process at the end, and whether it imported torch.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table
from visitors import page_driver as driver
from visitors.stand_in import stand_in

from hvae.atlas.atlas import Atlas

REST_MS = 150
PRESS_MS = 60
THROTTLE = 4
WAYS = ("in the page", "by the server")

Rows = dict[str, str]
"""What was measured, in words, and the result as text."""

TARGETS = {
    "server answers after its start": "1.5 s",
    "first load: all pictures": "1.2 s",
    "first load: three plots": "2 s",
    "click as a hand clicks → its samples painted": "16 / 35 ms",
    "click at once, again → its samples painted": "16 / 35 ms",
    "click at once → its samples painted": "60 ms",
    "hover over a dot → its card": "16 ms",
    "key → another view of figures": "50 ms",
    "another metric → its dots": "50 ms",
    "drag a slider of the strip: frames/s, drawn": "58, 100 %",
    "drag a slider of the model view: frames/s, drawn": "58, 100 %",
    "drag over β: frames/s, drawn": "55",
    "drag over the map of z₂: frames/s, drawn": "50",
    "map of z₂, another model: frames/s": "30",
    "drag a slider, throttled: frames/s, drawn": "30",
    "memory of the server": "250 MiB",
}
"""Of the page that runs the models itself; medians, or median / 95th percentile."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("atlas", nargs="?", help="default: the one that ships")
    parser.add_argument("--grid", type=int, help="time N × N points (bench/visitors/stand_in.py)")
    parser.add_argument("--moves-per-second", type=int, default=60, help="mouse moves while dragging")
    parser.add_argument("--only", choices=WAYS, help="one of the two ways")
    arguments = parser.parse_args()
    ways = [arguments.only] if arguments.only else WAYS
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        if arguments.grid:
            atlas = Atlas.open(arguments.atlas) if arguments.atlas else Atlas.default()
            arguments.atlas = str(stand_in(atlas, arguments.grid, Path(folder) / atlas.name))
        browser = playwright.chromium.launch(executable_path=driver.find_browser(), args=driver.FLAGS)
        results = {way: measure(browser, arguments.atlas, way, arguments.moves_per_second) for way in ways}
        browser.close()
    table = Table(title=f"Latency, headless Chromium, {os.cpu_count()} cores: median / 95th percentile")
    for heading in ("what", *ways, "target"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for what in next(iter(results.values())):
        table.add_row(what, *(rows.get(what, "") for rows in results.values()), TARGETS.get(what, ""))
    Console(width=130).print(table)


def measure(browser: Browser, atlas: str | None, way: str, moves_per_second: int) -> Rows:
    """Start a server, and use its page."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    began = time.monotonic()
    command = [sys.executable, "-m", "app", *([atlas] if atlas else []), "--no-browser", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        driver.wait_for(url, server)
        rows = {"server answers after its start": f"{time.monotonic() - began:.1f} s"}
        page, load = driver.open_page(browser, url, by_server=way == "by the server")
        rows["first load: first paint"] = f"{load['paint'] / 1000:.1f} s"
        rows["first load: all pictures"] = f"{load['pictures'] / 1000:.1f} s"
        rows["first load: three plots"] = f"{load['plots'] / 1000:.1f} s"
        page.wait_for_timeout(2000)
        rows |= latencies(page) | drags(page, moves_per_second)
        rows["memory of the server"] = memory(server.pid, url)
        page.context.close()
        return rows
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)


def latencies(page: Page) -> Rows:
    """Clicks, hovers and switches."""
    rows, count = {}, driver.CLICKS
    driver.watch_paints(page)
    for manner, rest, press, first in (
        ("as a hand clicks", REST_MS, PRESS_MS, 0),
        ("at once", 0, 0, count),
        ("at once, again", 0, 0, count),
    ):
        times = driver.clicks(page, rest, press, range(first, first + count))
        rows[f"click {manner} → its samples painted"] = spread(times["painted"])
        rows[f"click {manner} → all its pictures"] = spread(times["all"])
    rows["hover over a dot → its card"] = spread(driver.hovers(page))
    rows["key → another view of figures"] = spread(driver.switches(page))
    rows["another metric → its dots"] = spread(driver.switch_metric(page))
    rows["draw again → new samples"] = spread(driver.draws(page))
    return rows


def drags(page: Page, moves_per_second: int) -> Rows:
    """Sliders and the plane of β."""
    strip = ("#traversal-sliders", "traversal")
    page.click("#traversal-reset")
    page.wait_for_timeout(300)
    drag = partial(frames, driver.drag_slider, page, moves_per_second)
    rows = {"drag a slider of the strip: frames/s, drawn": drag(*strip)}
    throttle = page.context.new_cdp_session(page)
    throttle.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    rows["drag a slider, throttled: frames/s, drawn"] = drag(*strip)
    throttle.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    page.click("#tab-model")
    page.click("#part-tab-walks")
    page.wait_for_selector("#model-z2-picture[data-state=shown]")
    rows["drag a slider of the model view: frames/s, drawn"] = drag("#z2-sliders", "model-z2")
    page.click("#part-tab-map")
    page.wait_for_selector("#z2-place-picture[data-state=shown]")
    rows["drag over the map of z₂: frames/s, drawn"] = frames(driver.drag_over_map, page, moves_per_second)
    rates = driver.morphs(page)
    rows["map of z₂, another model: frames/s"] = f"{statistics.median(rates):.0f}, at least {min(rates):.0f}"
    page.click("#tab-parent")
    if page.locator("#beta-plane").count():
        page.wait_for_selector("#parent-samples-picture[data-state=shown]")
        rows["drag over β: frames/s, drawn"] = frames(driver.drag_betas, page, moves_per_second)
    return rows


def frames(drag: Callable[..., dict[str, Any]], *arguments: object) -> str:
    """Return frames per second and the share of moves that were drawn."""
    result = drag(*arguments)
    return f"{result['rate']:.0f}, {100 * result['drawn'] / max(result['moves'], 1):.0f} %"


def memory(pid: int, url: str) -> str:
    """Return what a process occupies, where /proc says it, and whether it imported torch."""
    with urllib.request.urlopen(f"{url}healthz") as answer:
        torch = "with torch" if json.load(answer)["torch"] else "without torch"
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return torch
    (kilobytes,) = (line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return f"{int(kilobytes) / 1024:.0f} MiB, {torch}"


def spread(times: list[float]) -> str:
    """Return the median and 95th percentile of times in ms."""
    if not times:
        return "–"
    high = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    return f"{statistics.median(times):.0f} / {high:.0f} ms"


if __name__ == "__main__":
    main()
