"""Simulated viewers of the page: the requests of their browsers, in the order and at the pace of people.

No browser runs. A viewer is a coroutine that requests the same addresses as the page's scripts, on at most
six connections, with its own cache of ETags and of files that may be kept for a year. As in
assets/page/core/pictures.js, a slot has one request in flight, and only its latest wish follows; a wish that
is refused with 503 is requested again if it is still the latest.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

CONNECTIONS = 6
"""Connections of a browser to one server."""

PATIENCE = 30.0
"""Seconds to wait for an answer, as in assets/page/server/connection.js."""

MOVES_PER_SECOND = 60
LINK = re.compile(r'(?:src|href)="(/[^"]+)"')
# The requests of Dash's scripts once they run.
BY_SCRIPTS = (
    "/_dash-component-suites/dash/dcc/async-graph.js",
    "/_dash-component-suites/plotly/package_data/plotly.min.js",
)


class Asked(NamedTuple):
    """One request: its kind, its time in seconds, and its status; 0 is no answer."""

    kind: str
    took: float
    status: int


@dataclass
class Tally:
    """The viewers' experience. waits: kind → seconds from an input to its picture.

    Dragged: seconds of all drags.
    """

    asked: list[Asked] = field(default_factory=list)
    waits: dict[str, list[float]] = field(default_factory=dict)
    dragged: float = 0.0
    clicks: int = 0

    def waited(self, kind: str, seconds: float) -> None:
        self.waits.setdefault(kind, []).append(seconds)


class Point(NamedTuple):
    """A dot: its atlas, its name, and the z₂ dimensions that have a slider."""

    atlas: str
    name: str
    dimensions: tuple[int, ...]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """A minimal kept-alive HTTP/1.1 connection."""

    def __init__(self, host: str, port: int) -> None:
        self._place = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, headers: dict[str, str], method: str = "GET", body: str = "") -> Answer:
        """Return the answer. Raises OSError, ValueError or asyncio.IncompleteReadError if it is not whole."""
        fresh = self._streams is None
        try:
            return await self._ask(path, headers, method, body)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            if fresh:
                raise
        # A server may close a connection that was idle for long; browsers then ask again.
        return await self._ask(path, headers, method, body)

    async def lines(self, path: str) -> AsyncIterator[str]:
        """Yield each line of an answer that is sent in parts, as soon as it is there.

        Raises ConnectionError if the server refuses, and what `ask` raises.
        """
        status, told = await self._begin(path, {}, "GET", "")
        if status != 200:
            raise ConnectionError(status)
        async for part in self._parts(told):
            for line in part.decode().splitlines():
                yield line
        self._end(told)

    async def _ask(self, path: str, headers: dict[str, str], method: str, body: str) -> Answer:
        status, told = await self._begin(path, headers, method, body)
        content = b"" if status == 304 else b"".join([part async for part in self._parts(told)])
        self._end(told)
        return Answer(status, told, content)

    async def _begin(
        self, path: str, headers: dict[str, str], method: str, body: str
    ) -> tuple[int, dict[str, str]]:
        """Send a request, and return the answer's status and headers."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._place)
        reader, writer = self._streams
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._place[0]}:{self._place[1]}"]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", body]).encode())
        status_line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        told = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest if line)}
        return int(status_line.split()[1]), told

    async def _parts(self, told: dict[str, str]) -> AsyncIterator[bytes]:
        """Yield the body as it comes. told: the answer's headers."""
        reader, _ = self._streams
        if told.get("transfer-encoding") != "chunked":
            yield await reader.readexactly(int(told["content-length"]))
            return
        while size := int(await reader.readline(), 16):
            yield (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)

    def _end(self, told: dict[str, str]) -> None:
        if told.get("connection", "").lower() == "close":
            self.close()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


class Browser:
    """One viewer's connections and cache."""

    def __init__(self, host: str, port: int, tally: Tally) -> None:
        self._idle = [Connection(host, port) for _ in range(CONNECTIONS)]
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._etags: dict[str, str] = {}
        self._for_good: set[str] = set()
        self._tally = tally

    async def get(self, kind: str, path: str) -> Answer:
        """Return the answer; status 0 if there is none.

        Files that are kept for ever are not requested again.
        """
        if path in self._for_good:
            return Answer(200, {}, b"")
        async with self._free:
            connection = self._idle.pop()
            began = time.perf_counter()
            known = {"If-None-Match": self._etags[path]} if path in self._etags else {}
            try:
                answer = await asyncio.wait_for(connection.ask(path, known), PATIENCE)
            except (OSError, ValueError, asyncio.IncompleteReadError, TimeoutError):
                connection.close()
                answer = Answer(0, {}, b"")
            finally:
                self._idle.append(connection)
        self._tally.asked.append(Asked(kind, time.perf_counter() - began, answer.status))
        if answer.status == 200:
            if "etag" in answer.headers:
                self._etags[path] = answer.headers["etag"]
            if "max-age" in answer.headers.get("cache-control", ""):
                self._for_good.add(path)
        return answer

    def close(self) -> None:
        for connection in self._idle:
            connection.close()


class Slot:
    """A place for a picture: one request in flight, and the latest wish."""

    def __init__(self, browser: Browser, tally: Tally) -> None:
        self._browser, self._tally = browser, tally
        self._wish: tuple[str, str, float] | None = None
        self._work: asyncio.Task[None] | None = None

    def ask(self, kind: str, url: str) -> None:
        self._wish = (kind, url, time.perf_counter())
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._until_shown())

    async def settled(self) -> None:
        """Wait until the latest wish has been answered, or has failed."""
        if self._work is not None:
            await self._work

    async def _until_shown(self) -> None:
        while self._wish:
            wish, self._wish = self._wish, None
            kind, url, since = wish
            answer = await self._browser.get(kind, url)
            if answer.status == 503:
                await asyncio.sleep(float(answer.headers.get("retry-after", 1)))
                self._wish = self._wish or wish
            elif answer.status in (200, 304):
                self._tally.waited(kind, time.perf_counter() - since)


class Viewer:
    """A viewer with the page open; `choose` is their own random.Random."""

    def __init__(
        self, host: str, port: int, points: list[Point], tally: Tally, choose: random.Random
    ) -> None:
        self._browser = Browser(host, port, tally)
        self._tally, self._points, self._choose = tally, points, choose
        self._slots = {
            name: Slot(self._browser, tally) for name in ("samples", "reconstructions", "traversal")
        }
        self._point, self._seed = points[len(points) // 2], 0

    async def watch(self, until: float) -> None:
        """Open the page; then pick dots, draw again and drag until time.perf_counter() is `until`."""
        try:
            await self.open()
            while time.perf_counter() < until:
                await asyncio.sleep(self._choose.uniform(0.5, 4))
                await self._choose.choices((self.pick, self.draw_again, self.drag), (5, 2, 3))[0]()
        finally:
            self._browser.close()

    async def open(self) -> None:
        """Load the page, its links, layout and dependencies, late scripts, and the first pictures."""
        began = time.perf_counter()
        page = await self._browser.get("page", "/")
        await self._all("asset", dict.fromkeys(LINK.findall(page.body.decode())))
        await self._all("layout", ("/_dash-layout", "/_dash-dependencies"))
        await self._all("asset", BY_SCRIPTS)
        await self.pick(self._point)
        self._tally.waited("page, all of it", time.perf_counter() - began)

    async def pick(self, point: Point | None = None, seed: int | None = None) -> None:
        """Click on a dot, by default any: its samples, reconstructions and traversal."""
        self._point = point or self._choose.choice(self._points)
        self._seed = self._seed if seed is None else seed
        began = time.perf_counter()
        images = ",".join(map(str, range(16)))
        self._ask("samples", "click", f"n=32&seed={self._seed}")
        self._ask("reconstructions", "click", f"images={images}")
        self._ask("traversal", "click", f"seed={self._seed}")
        await self._settled()
        self._tally.clicks += 1
        self._tally.waited("click, all three", time.perf_counter() - began)

    async def draw_again(self) -> None:
        """New noise: samples and traversal."""
        self._seed = self._choose.randrange(2**31)
        self._ask("samples", "draw again", f"n=32&seed={self._seed}")
        self._ask("traversal", "draw again", f"seed={self._seed}")
        await self._settled()

    async def drag(self) -> None:
        """Drag one slider back and forth for one to three seconds, with an event for each step."""
        if not self._point.dimensions:
            return
        dimension = self._choose.choice(self._point.dimensions)
        began, lasts = time.perf_counter(), self._choose.uniform(1, 3)
        shown = 0.0
        while (passed := time.perf_counter() - began) < lasts:
            share = abs((passed / lasts * 2 + 0.5) % 2 - 1)  # 0.5 → 0 → 1 → 0.5
            shift = round((8 * share - 4) / 0.05) * 0.05
            if shift != shown:
                shown = shift
                self._ask("traversal", "drag", f"seed={self._seed}&z2.{dimension}={shift:.2f}")
            await asyncio.sleep(1 / MOVES_PER_SECOND)
        await self._settled()
        self._tally.dragged += lasts

    def _ask(self, picture: str, why: str, parameters: str) -> None:
        atlas, name, _ = self._point
        url = f"/pictures/{atlas}/{name}/{picture}.png?{parameters}"
        self._slots[picture].ask(f"{why}: {picture}", url)

    async def _settled(self) -> None:
        for slot in self._slots.values():
            await slot.settled()

    async def _all(self, kind: str, paths: Iterable[str]) -> None:
        await asyncio.gather(*(self._browser.get(kind, path) for path in paths))
