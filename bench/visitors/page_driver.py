"""What bench/latency.py does with the page, and when the page says that it happened.

The page measures times itself: from an input event's time stamp to the beginning of the animation frame with
the requested picture. "painted": until the next frame begins, by when that one was painted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence

from playwright.sync_api import Browser, Page

CLICKS = 60
DRAWS = 40
MORPHS = 20
MORPH_MS = 400  # a little less than images of the map move
HOVERS = 40
DRAG_SECONDS = 3.0
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
SLOTS = ["samples", "reconstructions", "traversal"]
FIRST_LOAD = """(() => {
    window.firstLoad = {};
    const look = () => {
        const { firstLoad } = window, now = performance.now();
        const places = [...document.querySelectorAll('#view-landscapes .linked-figure')];
        const plots = places.filter((place) => !place.hidden);
        const pictures = document.querySelectorAll('canvas.picture[data-state=shown]');
        if (pictures.length >= 3) firstLoad.pictures ??= now;
        if (plots.length && plots.every((place) => place.querySelector('.point'))) firstLoad.plots ??= now;
        if (!firstLoad.pictures || !firstLoad.plots) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})()"""
"""When pictures and plots of the first load stand, in ms after navigation."""

WORKER = "**/assets/worker/worker.js"


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


def open_page(browser: Browser, url: str, by_server: bool) -> tuple[Page, dict[str, float]]:
    """Return the page of a fresh profile, pictures and dots shown, and how long its first load took.

    by_server: in a browser that cannot run the models. First load: ms after navigation to the first `paint`
    of anything, to all `pictures`, to the `plots`.
    """
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(FIRST_LOAD)
    if by_server:
        page.route(WORKER, lambda route: route.abort())
    page.goto(url)
    page.wait_for_function("() => firstLoad.pictures && firstLoad.plots")
    paint = page.evaluate("performance.getEntriesByName('first-paint')[0].startTime")
    return page, {"paint": paint, **page.evaluate("firstLoad")}


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


def clicks(page: Page, rest_ms: int, press_ms: int, numbers: Sequence[int]) -> dict[str, list[float]]:
    """Click on many dots far apart in the list; return ms to samples, to their paint, to all pictures."""
    first, painted, last = [], [], []
    for number in numbers:
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
    return {"samples": first, "painted": painted, "all": last}


def switch_metric(page: Page) -> list[float]:
    """Choose other sizes of dots in the first plane; return ms to the frame after its dots have changed."""
    times = []
    names = page.evaluate("Object.keys(hvae.screen.fields.sizes.choices)")
    for number in range(12):
        name = names[number % len(names)]
        if page.evaluate("hvae.screen.current.sizes[0]") == name:
            continue
        times.append(
            page.evaluate(
                """(name) => new Promise((resolve) => {
                    const began = performance.now();
                    const plot = document.querySelector('#landscapes-0 .js-plotly-plot');
                    plot.once('plotly_afterplot', () =>
                        requestAnimationFrame(() => resolve(performance.now() - began)));
                    hvae.screen.set({ sizes: [name, ...hvae.screen.current.sizes.slice(1)] });
                })""",
                name,
            )
        )
        page.wait_for_timeout(300)
    return times


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
    for number in range(3 * CLICKS, 3 * CLICKS + HOVERS):
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


def drag_slider(page: Page, moves_per_second: int, sliders: str, slot: str) -> dict:
    """Drag the first of the sliders to its end and back. slot: where its pictures are drawn."""
    box = page.locator(f"{sliders} input").first.bounding_box()
    return _drag(page, moves_per_second, f"{sliders} input", "input", slot, box, along=(12, 0.5, 0.5))


def drag_betas(page: Page, moves_per_second: int) -> dict:
    """Drag over the plane of β, from corner to corner and back."""
    box = page.locator("#beta-plane").bounding_box()
    return _drag(
        page, moves_per_second, "#beta-plane", "pointermove", "parent-samples", box, along=(12, 0.9, 0.1)
    )


def drag_over_map(page: Page, moves_per_second: int) -> dict:
    """Drag over the map of z₂, from corner to corner and back."""
    box = page.locator("#z2-map").bounding_box()
    return _drag(page, moves_per_second, "#z2-map", "pointermove", "z2-place", box, along=(12, 0.9, 0.1))


def morphs(page: Page) -> list[float]:
    """Select other models while the map of z₂ is shown; return frames/s while its images move."""
    rates = []
    points = page.evaluate("Object.keys(hvae.screen.points).filter((name) => !hvae.screen.points[name].fold)")
    for number in range(MORPHS):
        rates.append(
            page.evaluate(
                """([point, lasts]) => new Promise((resolve) => {
                    const map = document.getElementById('z2-map'), former = map.dataset.map;
                    let [began, frames] = [0, 0];
                    const look = (now) => {
                        if (!began && map.dataset.map !== former) began = now;
                        else if (began) frames++;
                        if (began && now - began >= lasts) resolve(1000 * frames / (now - began));
                        else requestAnimationFrame(look);
                    };
                    requestAnimationFrame(look);
                    hvae.screen.set({ point });
                })""",
                [points[(7 * number + 3) % len(points)], MORPH_MS],
            )
        )
        page.wait_for_timeout(300)
    return rates


def _drag(
    page: Page,
    moves_per_second: int,
    what: str,
    event: str,
    slot: str,
    box: dict,
    along: tuple[float, float, float],
) -> dict:
    """Drag to and fro at constant speed, and return moves and frames.

    along: pixels from the sides, and the heights, as shares, at which it begins and turns.
    """
    margin, low, high = along
    left, right = box["x"] + margin, box["x"] + box["width"] - margin
    bottom, top = (box["y"] + share * box["height"] for share in (low, high))
    page.evaluate(
        """([what, name]) => {
            window.moves = [];
            const note = (event) => window.moves.push({ at: event.timeStamp });
            document.querySelector(what).addEventListener(name, note);
        }""",
        [what, event],
    )
    page.mouse.move(left, bottom)
    page.mouse.down()
    page.wait_for_timeout(200)
    page.evaluate("window.moves = []")
    since = page.evaluate("performance.now()")
    total = int(DRAG_SECONDS * moves_per_second)
    began = time.perf_counter()
    for number in range(1, total + 1):
        there = 2 * number / total
        share = there if there <= 1 else 2 - there
        page.mouse.move(left + (right - left) * share, bottom + (top - bottom) * share)
        time.sleep(max(0, began + number / moves_per_second - time.perf_counter()))
    page.mouse.up()
    page.wait_for_timeout(500)
    moves = page.evaluate("window.moves")
    frames = drawn_since(page, slot, since)
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
