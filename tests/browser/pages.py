"""The page as its visitor sees it."""

from __future__ import annotations

import hashlib
import math
from typing import Any

FIRST_DOT = "#landscapes-0 .scatterlayer .point"
SLOTS = ("samples", "reconstructions", "traversal")
SAME_PLACE = 6  # pixels: a second click that near selects the next of overlapping dots

BEGIN_AGAIN = """() => {
    for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
    document.activeElement?.blur();
    document.getElementById('own-clear')?.click();
    scrollTo(0, 0);
    hvae.screen.set({ ...hvae.screen.first });
}"""
"""Back to what a visitor sees first, without loading the page."""

FIRST_SEEN = """(slots) => {
    const { data, layout } = document.querySelector('#landscapes-0 .js-plotly-plot');
    const { size, color } = data.find((trace) => trace.ids).marker;
    const shown = (slot) => ({ ...document.getElementById(slot + '-picture').dataset, frames: 0 });
    const { type, title } = layout.xaxis;
    return JSON.stringify([size, color, type, title, slots.map(shown), location.search]);
}"""
"""What tells whether the first view shows what it shows first."""

PICTURES = "(slots) => slots.map((slot) => document.getElementById(slot + '-picture').dataset.pictureUrl)"
"""The addresses of what slots show."""

UNDRAWN = """() => [...document.querySelectorAll('.view:not([hidden]) .linked-figure')].filter(
    (figure) => figure.offsetParent && !figure.querySelector('.scatterlayer .point, .annotation'))"""
"""The places of the view on screen whose figures cannot be seen yet."""

CAN_BE_SCROLLED_TO = """(one) => {
    for (let place = one.parentElement; place; place = place.parentElement) {
        const { overflowX } = getComputedStyle(place);
        if (['auto', 'scroll'].includes(overflowX) && place.scrollWidth > place.clientWidth)
            return place.getBoundingClientRect().right <= innerWidth + 0.5;
    }
    return false;
}"""
"""Whether something lies in a row that a finger moves sideways, as figures and tabs do on a phone."""


WATCH = """(view) => {
    window.places = [];
    (function look() {
        for (const plot of document.querySelectorAll(`#view-${view} .js-plotly-plot`)) {
            if (!plot.offsetParent || !plot.querySelector('.point, .annotation')) continue;
            const { y, height } = plot.getBoundingClientRect();
            places.push(`${plot.closest('.figure-graph').id} ${Math.round(y)} ${Math.round(height)}`);
        }
        window.watching = requestAnimationFrame(look);
    })();
}"""
"""Note where figures stand, in each frame in which they can be seen."""


class Explorer:
    """One open page. `page` is Playwright's."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self._first_seen = ""
        self._first_pictures: dict[tuple[str, ...], list[str]] = {}

    def open(self, address: str, ready: str = FIRST_DOT) -> Explorer:
        """Go there and wait until everything can be seen and clicked; `ready`: what is drawn last."""
        self.page.goto(address)
        self.page.wait_for_selector(ready)
        self.wait_until_shown()
        return self

    def open_to_last(self, address: str) -> Explorer:
        """The same, for a page that can be brought back to how it is now."""
        self.open(address)
        self._first_seen = self.page.evaluate(FIRST_SEEN, list(SLOTS))
        return self

    def begin_again(self) -> None:
        """Bring the page back to what a visitor sees first, and wait until that is seen."""
        self.page.unroute_all()
        self.page.mouse.up()
        self.page.mouse.move(0, 0)
        self.page.evaluate(BEGIN_AGAIN)
        self.page.wait_for_function(
            f"([slots, first]) => ({FIRST_SEEN})(slots) === first", arg=[list(SLOTS), self._first_seen]
        )

    def wait_until_shown_as_first(self, slots: tuple[str, ...]) -> None:
        """Wait until slots of a view that was just opened show what they showed when this was first called.

        On a page that has begun again, those of views that are hidden still show the last test's pictures.
        """
        if slots not in self._first_pictures:
            self.wait_until_shown("", slots)
            self._first_pictures[slots] = self.page.evaluate(PICTURES, list(slots))
        self.page.wait_for_function(
            f"([slots, first]) => String(({PICTURES})(slots)) === String(first)",
            arg=[list(slots), self._first_pictures[slots]],
        )

    @property
    def address(self) -> str:
        """What the address bar says, asked of the page: Playwright's own `url` follows it a moment later."""
        return self.page.evaluate("location.href")

    def wait_until_shown(self, part: str = "", slots: tuple[str, ...] = SLOTS) -> None:
        """Wait until the slots show pictures whose address contains `part`."""
        self.page.wait_for_function(
            """([slots, part]) => slots.every((slot) => {
                const image = document.getElementById(slot + '-picture');
                return image?.dataset.state === 'shown' && image.dataset.pictureUrl.includes(part);
            })""",
            arg=[list(slots), part],
        )

    def turn_away_once(self, addresses: str) -> list[str]:
        """Answer the first request for such an address as a busy server does; returns it, once asked."""
        refused: list[str] = []

        def answer(route: Any) -> None:
            if refused:
                return route.continue_()
            refused.append(route.request.url)
            return route.fulfill(status=503, headers={"Retry-After": "0.1"}, json={"error": "Ask again."})

        self.page.route(addresses, answer)
        return refused

    def picture(self, slot: str) -> str:
        """A fingerprint of the pixels that the slot shows."""
        pixels = self.page.evaluate(
            """(id) => {
                const image = document.getElementById(id);
                const canvas = document.createElement('canvas');
                [canvas.width, canvas.height] = [image.width, image.height];
                canvas.getContext('2d').drawImage(image, 0, 0);
                return canvas.toDataURL();
            }""",
            f"{slot}-picture",
        )
        return hashlib.sha256(pixels.encode()).hexdigest()

    def dots(self, figure: str = "landscapes-0") -> dict[str, dict[str, float]]:
        """Point → centre x, y in the window and diameter, in one of the figures."""
        return self.page.evaluate(
            """(figure) => {
                const plot = document.querySelector(`#${figure} .js-plotly-plot`);
                const box = plot.getBoundingClientRect(), { _size, xaxis, yaxis } = plot._fullLayout;
                const trace = plot.data.find((trace) => trace.name === 'points');
                return Object.fromEntries(trace.ids.map((point, i) => [point, {
                    x: box.left + _size.l + xaxis.d2p(trace.x[i]),
                    y: box.top + _size.t + yaxis.d2p(trace.y[i]),
                    size: trace.marker.size[i],
                }]));
            }""",
            figure,
        )

    def click_dot(self, point: str, figure: str = "landscapes-0") -> None:
        """Click a dot, and again if it had moved meanwhile."""
        for _ in range(3):
            dot = self.dots(figure)[point]
            self.page.mouse.click(dot["x"], dot["y"])
            now = self.dots(figure)[point]
            if math.hypot(now["x"] - dot["x"], now["y"] - dot["y"]) < SAME_PLACE:
                return

    def select(self, point: str) -> None:
        """Click a dot and wait for its pictures."""
        self.click_dot(point)
        self.wait_until_shown(f"/{point}/")

    def places_of_figures(self, view: str) -> list[str]:
        """Open a view; returns all places in which its figures are seen until all is drawn and written."""
        self.page.evaluate(WATCH, view)
        self.page.click(f"#tab-{view}")
        self.page.wait_for_function(f"() => !({UNDRAWN})().length")
        self.page.wait_for_timeout(500)
        return self.page.evaluate("() => { cancelAnimationFrame(watching); return [...new Set(places)]; }")

    def expect_ring_around(self, point: str, figure: str = "landscapes-0") -> None:
        """Wait until the ring of a figure lies around a dot, and is larger.

        Both are looked at in the same moment: a line of text that wraps moves the whole figure.
        """
        self.page.wait_for_function(
            """([figure, point]) => {
                const plot = document.querySelector(`#${figure} .js-plotly-plot`);
                const around = document.querySelector(`.linked-figure:has(#${figure}) .ring`);
                const ring = around.getBoundingClientRect(), box = plot.getBoundingClientRect();
                const { _size, xaxis, yaxis } = plot._fullLayout;
                const trace = plot.data.find((trace) => trace.name === 'points');
                const i = trace.ids.indexOf(point);
                const right = box.left + _size.l + xaxis.d2p(trace.x[i]) - (ring.left + ring.width / 2);
                const down = box.top + _size.t + yaxis.d2p(trace.y[i]) - (ring.top + ring.height / 2);
                return Math.hypot(right, down) < 1 && ring.width > trace.marker.size[i] + 6;
            }""",
            arg=[figure, point],
        )

    def wait_until_drawn(self, view: str, count: int = 3) -> None:
        """Wait until the figures of a view can be seen and clicked."""
        self.page.wait_for_function(
            """([view, count]) => {
                const plots = [...document.querySelectorAll(`#view-${view} .js-plotly-plot`)];
                return plots.length === count && plots.every((plot) => plot.offsetParent
                    && plot._fullLayout?._size && plot.querySelector('.scatterlayer .point, .annotation'));
            }""",
            arg=[view, count],
        )

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def slide(self, index: int, value: float) -> None:
        """Set a slider as a hand would: by its input event."""
        self.page.locator("#traversal-sliders input").nth(index).fill(str(value))
