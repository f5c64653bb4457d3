"""How fast the page is: `python bench/latency.py [ATLAS] [--grid N]` prints a table.

A server is started (`python -m app ATLAS --no-browser`) and a headless Chromium opens its page, both on this
machine. The page measures times itself: from an input event's time stamp to the beginning of the animation
frame with the requested picture. "painted": until the next frame begins, by when that one was painted.

- server answers: from the start of its process to its first answer to GET /.
- first paint: from the page's request to the first paint of anything.
- first load: from the start of the server's process to all three pictures on the screen.
- click: on 60 dots, from the button's release to that dot's samples and to the last of its three pictures;
  first like a hand, then as only a script can. Between dots, the pointer is away from all dots for 0.15 s.
  No dot is clicked twice, because a browser keeps the pictures that it has had.
  As a hand: the pointer arrives, rests on the dot for 150 ms, and the button is down for 60 ms; the page
  requests the pictures of a dot under the pointer ahead. At once: the pointer jumps onto the dot and the
  button goes down and up in the same moment, so that nothing can be requested ahead.
- hover: over 40 further dots, from the pointer's arrival to that dot's card with its numbers and samples.
- view: from the key that switches to another view of figures, each seen before, to the next frame.
- draw again: 40 clicks on the button, 80 ms after the samples of the last, each to the new samples.
- drag: a slider moved at constant speed for 3 s by real mouse moves, in both directions. A move is an `input`
  event of the slider; it counts as drawn if the picture of its value was on the screen. Frames/s: pictures
  drawn, divided by the time from the first to the last input event.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table
from stand_in import stand_in

from hvae.atlas.atlas import Atlas

CLICKS = 60
DRAWS = 40
HOVERS = 40
DRAG_SECONDS = 3.0
DRAGS = 3
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
CLICK = "40 / 100 ms"
REST_MS = 150
PRESS_MS = 60
SLOTS = ["samples", "reconstructions", "traversal"]
ALL_SHOWN = "() => document.querySelectorAll('.picture[data-state=shown]').length === 3"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("atlas", nargs="?", help="default: the one that ships")
    parser.add_argument("--grid", type=int, help="time a stand-in of N × N points (bench/stand_in.py)")
    parser.add_argument("--moves-per-second", type=int, default=60, help="mouse moves while dragging")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.grid:
            atlas = Atlas.open(arguments.atlas) if arguments.atlas else Atlas.default()
            arguments.atlas = str(stand_in(atlas, arguments.grid, Path(folder) / atlas.name))
        measure(arguments.atlas, arguments.moves_per_second)


def measure(atlas: str | None, moves_per_second: int) -> None:
    """Start a server and a browser, and print the table."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    table = Table(title=f"Latency, headless Chromium, {os.cpu_count()} cores")
    for heading in ("what", "median", "95th percentile", "target"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        began = time.monotonic()
        command = [sys.executable, "-m", "app", *([atlas] if atlas else [])]
        server = subprocess.Popen([*command, "--no-browser", "--port", str(port)], stdout=subprocess.DEVNULL)
        try:
            wait_for(url, server)
            table.add_row("server answers after its start", seconds(time.monotonic() - began), "", "3 s")
            page = open_page(browser, url)
            shown = time.monotonic() - began
            table.add_row("first paint after the request", seconds(first_paint(page)), "", "1.5 s")
            table.add_row("first load: all pictures shown", seconds(shown), "", "5 s")
            page.wait_for_timeout(2000)
            watch_paints(page)
            for manner, rest, press, dots_from in (
                ("as a hand clicks", REST_MS, PRESS_MS, 0),
                ("at once", 0, 0, CLICKS),
            ):
                first, painted, last = clicks(page, rest, press, dots_from)
                table.add_section()
                table.add_row(f"click on a dot, {manner} ({len(first)}) → its samples", *spread(first), CLICK)
                table.add_row("  its samples painted", *spread(painted), "")
                table.add_row("  all its pictures", *spread(last), "60 ms")
            table.add_section()
            seen = hovers(page)
            table.add_row(f"hover over a dot → its card ({len(seen)})", *spread(seen), "50 ms")
            switched = switches(page)
            table.add_row(f"key → another view of figures ({len(switched)})", *spread(switched), "")
            drawn = draws(page)
            table.add_row(f"draw again → new samples ({len(drawn)})", *spread(drawn), CLICK)
            for number in range(DRAGS):
                report_drag(table, number, drag(page, moves_per_second))
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(10)
            browser.close()
    Console(width=110).print(table)


def find_browser() -> str | None:
    """Return a Chromium on this machine; None for Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def wait_for(url: str, server: subprocess.Popen) -> None:
    """Wait until `url` answers."""
    while server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    sys.exit("The server did not start.")


def open_page(browser: Browser, url: str) -> Page:
    """Return the page with its first pictures shown and its dots clickable."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url)
    page.wait_for_function(ALL_SHOWN)
    page.wait_for_selector("#landscapes-0 .scatterlayer .point")
    return page


def first_paint(page: Page) -> float:
    """Return the seconds from the request of the page to its first paint."""
    return page.evaluate("performance.getEntriesByName('first-paint')[0].startTime") / 1000


def dots(page: Page) -> list[dict]:
    """Return where the dots are: point, x, y in the window."""
    return page.evaluate(
        """() => {
            const plot = document.querySelector('#landscapes-0 .js-plotly-plot');
            const box = plot.getBoundingClientRect(), layout = plot._fullLayout;
            const trace = plot.data.find((trace) => trace.name === 'points');
            return trace.ids.map((point, i) => ({
                point,
                x: box.left + layout._size.l + layout.xaxis.l2p(trace.x[i]),
                y: box.top + layout._size.t + layout.yaxis.l2p(trace.y[i]),
            }));
        }"""
    )


def drawn_since(page: Page, slot: str, since: float) -> list[dict]:
    return page.evaluate(
        "([slot, since]) => hvae.pictures.drawn.filter((one) => one.slot === slot && one.since >= since)",
        [slot, since],
    )


def settle(page: Page, slots: list[str], since: float) -> list[float]:
    """Wait until every slot has drawn a picture requested after `since`; return how long each took, in ms."""
    page.wait_for_function(
        """([slots, since]) => slots.every((slot) =>
            hvae.pictures.drawn.some((one) => one.slot === slot && one.since >= since))""",
        arg=[slots, since],
    )
    return [one["drawn"] - one["since"] for slot in slots for one in drawn_since(page, slot, since)[-1:]]


def watch_paints(page: Page) -> None:
    """Note in `window.paints` when the frame after each picture begins: it is painted by then."""
    page.evaluate(
        """() => {
            window.paints = [];
            document.addEventListener('hvae:drawn', ({ detail: { slot } }) => {
                requestAnimationFrame((at) => window.paints.push({ slot, at }));
            });
        }"""
    )


def clicks(
    page: Page, rest_ms: int, press_ms: int, dots_from: int
) -> tuple[list[float], list[float], list[float]]:
    """Click on many dots far apart in the list; return ms to samples, to their paint, to all pictures."""
    first, painted, last = [], [], []
    for number in range(dots_from, dots_from + CLICKS):
        places = dots(page)
        place = nth(places, number)
        page.mouse.move(*beside(places))
        page.wait_for_timeout(150)
        since = page.evaluate("performance.now()")
        page.mouse.move(place["x"], place["y"])
        if rest_ms:
            page.wait_for_timeout(rest_ms)
        page.mouse.down()
        if press_ms:
            page.wait_for_timeout(press_ms)
        page.mouse.up()
        times = settle(page, SLOTS, since)
        first.append(times[0])
        last.append(max(times))
        page.wait_for_timeout(100)
        released = drawn_since(page, SLOTS[0], since)[-1]["since"]
        paints = page.evaluate("window.paints.filter(({ slot }) => slot === 'samples').map(({ at }) => at)")
        painted += [at - released for at in paints if at > released][:1]
    return first, painted, last


def nth(places: list[dict], number: int) -> dict:
    """Return the number-th dot to be visited: far from the last one in the list, and a new one each time.

    The browser still has pictures that it has shown, and would get them without decoding.
    """
    return places[(7 * number + 1) % len(places)]


def beside(places: list[dict]) -> tuple[float, float]:
    """Return a place in the window that is above all dots."""
    return min(place["x"] for place in places), min(place["y"] for place in places) - 30


def hovers(page: Page) -> list[float]:
    """Move the pointer over dots far apart in the list; return ms to the samples on each card."""
    times = []
    for number in range(2 * CLICKS, 2 * CLICKS + HOVERS):
        place = nth(dots(page), number)
        page.mouse.move(place["x"] + 60, place["y"] + 60)
        page.wait_for_timeout(80)
        since = page.evaluate("performance.now()")
        before = page.evaluate("document.querySelector('#hover-picture')?.dataset.pictureUrl || ''")
        page.mouse.move(place["x"], place["y"])
        page.wait_for_timeout(250)
        # The same model twice is no new picture.
        if page.evaluate("document.querySelector('#hover-picture')?.dataset.pictureUrl || ''") != before:
            times += [one["drawn"] - one["since"] for one in drawn_since(page, "hover", since)[-1:]]
    return times


def switches(page: Page) -> list[float]:
    """Switch between the views of figures, all drawn before; return ms to the next frame."""
    times = []
    for number in range(24):
        key = str(number % 4 + 1)
        page.evaluate(
            """() => addEventListener('keydown', (event) => requestAnimationFrame(() => requestAnimationFrame(
                () => { window.switched = performance.now() - event.timeStamp; })), { once: true })"""
        )
        page.keyboard.press(key)
        page.wait_for_timeout(1500 if number < 4 else 300)
        if number >= 4:
            times.append(page.evaluate("window.switched"))
    page.keyboard.press("1")
    page.wait_for_timeout(500)
    return times


def draws(page: Page) -> list[float]:
    """Click `draw again`; return ms to the new samples."""
    times = []
    for _ in range(DRAWS):
        since = page.evaluate("performance.now()")
        page.click("#draw-again")
        times += settle(page, ["samples"], since)
        page.wait_for_timeout(80)
    return times


def drag(page: Page, moves_per_second: int) -> dict:
    """Drag the first slider to its end and back at constant speed."""
    page.click("#traversal-reset")
    page.wait_for_timeout(300)
    box = page.locator("#traversal-sliders input").first.bounding_box()
    left, right = box["x"] + 12, box["x"] + box["width"] - 12
    y = box["y"] + box["height"] / 2
    page.evaluate(
        """() => {
            window.moves = [];
            const note = (event) => window.moves.push({ at: event.timeStamp, value: event.target.value });
            document.querySelector('#traversal-sliders input').oninput = note;
        }"""
    )
    page.mouse.move(left, y)
    page.mouse.down()
    page.wait_for_timeout(200)
    page.evaluate("window.moves = []")
    since = page.evaluate("performance.now()")
    total = int(DRAG_SECONDS * moves_per_second)
    began = time.perf_counter()
    for number in range(1, total + 1):
        there = 2 * number / total
        page.mouse.move(left + (right - left) * (there if there <= 1 else 2 - there), y)
        time.sleep(max(0, began + number / moves_per_second - time.perf_counter()))
    page.mouse.up()
    page.wait_for_timeout(500)
    moves = page.evaluate("window.moves")
    frames = drawn_since(page, "traversal", since)
    moved = {move["at"] for move in moves}
    frames = [frame for frame in frames if frame["since"] in moved]
    lasted = (moves[-1]["at"] - moves[0]["at"]) / 1000
    return {
        "sent": total,
        "moves": len(moves),
        "drawn": len(frames),
        "rate": len(frames) / lasted,
        "times": [frame["drawn"] - frame["since"] for frame in frames],
    }


def report_drag(table: Table, number: int, result: dict) -> None:
    moves, drawn = result["moves"], result["drawn"]
    table.add_section()
    table.add_row(f"drag {number + 1}: mouse moves sent, input events", f"{result['sent']}, {moves}", "", "")
    table.add_row("  events drawn", f"{drawn} ({100 * drawn / moves:.0f} %)", "", "95 %")
    table.add_row("  frames/s", f"{result['rate']:.0f}", "", "30")
    table.add_row("  input event → frame", *spread(result["times"]), "")


def spread(times: list[float]) -> tuple[str, str]:
    """Return the median and 95th percentile of times in ms."""
    high = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    return f"{statistics.median(times):.0f} ms", f"{high:.0f} ms"


def seconds(value: float) -> str:
    return f"{value:.1f} s"


if __name__ == "__main__":
    main()
