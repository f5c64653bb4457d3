"""A full hall: serve a page to simulated viewers, and print their waiting times.

    python bench/hall.py [ATLAS] [--viewers 100] [--seconds 60] [--workers N]
    python bench/hall.py [ATLAS] --clicks 10000 [--viewers 8] [--workers N]
    python bench/hall.py [ATLAS] --followers 100 [--seconds 60]

A server is started (`python -m app ATLAS --no-browser`). The viewers (bench/visitors/viewers.py) run in this
process, on the same cores. They open the page within the first twenty seconds, and then pick dots, draw again
and drag sliders, with pauses like people. Printed are the times of each kind of request, all answers without
success (such as 503), frames per second, and the server's CPU and memory (Linux only). With --workers,
gunicorn runs that many processes; memory is then the sum of all of them.

With --clicks, viewers click on all points of all atlases in turn, one click after another without a pause,
with new noise in each round. This shows whether the server's memory grows. With --followers, a lecturer
changes the screen every second or so, and so many phones follow (bench/visitors/followers.py); printed is
how long it takes until they know. The script ends by itself, after
--seconds at the latest, with exit code 0 if every printed target was met, else with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from visitors.followers import Lecture
from visitors.viewers import Browser, Point, Tally, Viewer

from app.atlases.catalogue import served_atlases
from app.page.points import points_data

RAMP = 20.0
"""Seconds within which everybody opens the page."""

MOST_MS, MOST_GIB, FLAT = 300, 1.0, 0.03
SAMPLED_EVERY = 0.25


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("atlas", nargs="?", type=Path, help="default: those that ship")
    parser.add_argument("--viewers", type=int, help="default: 100, with --clicks 8")
    parser.add_argument("--seconds", type=float, help="until they leave; default: 60, with --clicks 3600")
    parser.add_argument("--clicks", type=int, help="how many clicks, all viewers together")
    parser.add_argument("--workers", type=int, help="serve with gunicorn, by this many processes")
    parser.add_argument("--followers", type=int, help="how many phones follow a lecturer")
    arguments = parser.parse_args()
    if arguments.followers:
        return follow(arguments.atlas, arguments.followers, arguments.seconds or 60)
    viewers = arguments.viewers or (8 if arguments.clicks else 100)
    seconds = arguments.seconds or (3600 if arguments.clicks else 60)
    points = all_points(arguments.atlas)
    port = free_port()
    server = serve(arguments.atlas, port, arguments.workers)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and no server is left behind
    try:
        watched = asyncio.run(hall(server, port, viewers, points, seconds, arguments.clicks))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
    return report(watched, viewers, arguments.clicks)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def serve(atlas: Path | None, port: int, workers: int | None) -> subprocess.Popen:
    """Start the server to be watched."""
    command, environment = [sys.executable, "-m"], dict(os.environ)
    if workers:
        command += ["gunicorn", "app.wsgi:server", "--bind", f"127.0.0.1:{port}", "--workers", str(workers)]
        command += ["--threads", "64", "--log-level", "error"]
        if atlas:
            environment["HVAE_APP_ATLAS"] = str(atlas)
    else:
        command += ["app", *([str(atlas)] if atlas else []), "--no-browser", "--port", str(port)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)


def follow(atlas: Path | None, followers: int, seconds: float) -> int:
    """Lead a lecture, print how long followers wait for each screen, and return the exit status."""
    port = free_port()
    command = [sys.executable, "-m", "app", *([str(atlas)] if atlas else []), "--no-browser", "--follow"]
    server = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.PIPE, text=True)
    try:
        _, leading, following = (server.stdout.readline().split()[-1] for _ in range(3))
        key, code = leading.partition("lead=")[2], following.partition("follow=")[2]
        queries = [f"atlas={point.atlas}&view=landscapes&point={point.name}" for point in all_points(atlas)]
        lecture = Lecture(port, code, key, queries)
        asyncio.run(lecture.run(followers, seconds))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
    table = times_table(f"{followers} followers, {lecture.screens} screens")
    table.add_row("screen → follower", *spread(lecture.waits))
    Console(width=110).print(table)
    everybody = len(lecture.waits) == followers * lecture.screens
    met = {
        "every follower gets every screen": everybody,
        f"95 % within {MOST_MS} ms": 1000 * quantiles(lecture.waits)[1] <= MOST_MS,
    }
    print("; ".join(f"{target}: {'holds' if holds else 'MISSED'}" for target, holds in met.items()))
    return 0 if all(met.values()) else 1


def all_points(path: Path | None) -> list[Point]:
    """Return every point of every atlas that is served."""
    return [
        Point(name, point, tuple(entry["dimension"] for entry in known["dimensions"]))
        for name, atlas in served_atlases([path] if path else []).items()
        for point, known in points_data(atlas).items()
    ]


class Watched:
    """The server seen from outside: its CPU, and its resident bytes after so many clicks, measured often."""

    def __init__(self, process: int, tally: Tally) -> None:
        self._process, self.tally = process, tally
        self.memory: list[tuple[int, int]] = []

    def family(self) -> list[int]:
        """Return the server's process, and those that it has started."""
        children = Path(f"/proc/{self._process}/task/{self._process}/children").read_text()
        return [self._process, *map(int, children.split())]

    def cpu(self) -> float:
        """Return the CPU seconds of the server so far."""
        ticks = 0
        for process in self.family():
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    async def look(self) -> None:
        """Note the server's memory until cancelled."""
        while True:
            pages = sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in self.family())
            self.memory.append((self.tally.clicks, pages * os.sysconf("SC_PAGE_SIZE")))
            await asyncio.sleep(SAMPLED_EVERY)


async def hall(
    server: subprocess.Popen, port: int, viewers: int, points: list[Point], seconds: float, clicks: int | None
) -> Watched:
    """Fill the hall, and return when everybody has left."""
    tally = Tally()
    await answers(server, port, points[0])
    watched = Watched(server.pid, tally)
    looking = asyncio.create_task(watched.look())
    before, own_before, began = watched.cpu(), time.process_time(), time.perf_counter()
    audience = [Viewer("127.0.0.1", port, points, tally, random.Random(number)) for number in range(viewers)]
    if clicks:
        todo = iter(list(itertools.islice(rounds(points), clicks)))
        await asyncio.gather(*(click(viewer, todo, began + seconds) for viewer in audience))
    else:
        arrivals = (RAMP * number / viewers for number in range(viewers))
        comings = zip(audience, arrivals, strict=True)
        await asyncio.gather(*(come(viewer, after, began + seconds) for viewer, after in comings))
    watched.lasted = time.perf_counter() - began
    watched.server_cpu, watched.own_cpu = watched.cpu() - before, time.process_time() - own_before
    looking.cancel()
    return watched


async def answers(server: subprocess.Popen, port: int, point: Point) -> None:
    """Wait until the server gives a picture: torch has been imported."""
    browser, url = Browser("127.0.0.1", port, Tally()), f"/pictures/{point.atlas}/{point.name}/samples.png"
    while (await browser.get("", url)).status != 200:
        if server.poll() is not None:
            sys.exit("The server did not start.")
        await asyncio.sleep(0.1)
    browser.close()
    await asyncio.sleep(5)  # models are loaded meanwhile


async def come(viewer: Viewer, after: float, until: float) -> None:
    await asyncio.sleep(after)
    await viewer.watch(until)


def rounds(points: list[Point]) -> Iterator[tuple[Point, int]]:
    """Yield (point, seed) for ever: all points in a new order each round, with other noise."""
    order = random.Random(0)
    for seed in itertools.count():
        for point in order.sample(points, len(points)):
            yield point, seed


async def click(viewer: Viewer, todo: Iterator[tuple[Point, int]], until: float) -> None:
    for point, seed in todo:
        await viewer.pick(point, seed)
        if time.perf_counter() > until:
            return


def report(watched: Watched, viewers: int, clicks: int | None) -> int:
    """Print the results, and return the exit status."""
    tally = watched.tally
    table = times_table(f"{viewers} viewers, {watched.lasted:.0f} s")
    times: dict[str, list[float]] = {}
    for one in tally.asked:
        if one.status in (200, 304):
            times.setdefault(one.kind, []).append(one.took)
    pictures = [took for kind, list_of in times.items() if ":" in kind for took in list_of]
    for kind in sorted(times):
        table.add_row(kind, *spread(times[kind]))
    table.add_section()
    table.add_row("all pictures", *spread(pictures))
    everything = [took for list_of in times.values() for took in list_of]
    table.add_row("all requests", *spread(everything))
    table.add_section()
    for kind, waits in sorted(tally.waits.items()):
        if ":" not in kind or kind.startswith("drag"):
            table.add_row(f"input → picture, {kind}" if ":" in kind else kind, *spread(waits))
    console = Console(width=110)
    console.print(table)
    wrong = Counter(one.status for one in tally.asked if one.status not in (200, 304))
    told = ", ".join(f"{count} × {status or 'no answer'}" for status, count in wrong.items()) or "none"
    memory = [size / 2**30 for _, size in watched.memory]
    print(f"errors: {told}")
    print(f"pictures: {len(pictures) / watched.lasted:.0f}/s", end="")
    if tally.dragged:
        frames = len(tally.waits.get("drag: traversal", []))
        print(f"; {frames / tally.dragged:.0f} frames/s for each hand that drags", end="")
    print(
        f"\nCPU: server {100 * watched.server_cpu / watched.lasted:.0f} %, viewers "
        f"{100 * watched.own_cpu / watched.lasted:.0f} % of one core"
        f"; {1000 * watched.server_cpu / max(1, len(pictures)):.1f} ms of the server's for each picture"
    )
    sizes = f"{memory[0]:.3f} GiB at first, {max(memory):.3f} at most, {memory[-1]:.3f} at last"
    print(f"server's resident memory: {sizes}")
    _, p95, _ = quantiles(pictures)
    met = {"no errors": not wrong, f"at most {MOST_GIB:g} GiB": max(memory) <= MOST_GIB}
    if clicks:
        later = [size for done, size in watched.memory if done >= tally.clicks / 2]
        growth = (max(later) - min(later)) / min(later)
        last = f"the last {tally.clicks - tally.clicks // 2:,} of {tally.clicks:,} clicks"
        print(f"over {last} it varied by {100 * growth:.1f} %")
        met[f"flat within {FLAT:.0%}"] = growth <= FLAT
    else:
        met[f"95 % of pictures within {MOST_MS} ms"] = 1000 * p95 <= MOST_MS
        _, p95, _ = quantiles(everything)
        met[f"95 % of all requests within {MOST_MS} ms"] = 1000 * p95 <= MOST_MS
    print("; ".join(f"{target}: {'holds' if holds else 'MISSED'}" for target, holds in met.items()))
    return 0 if all(met.values()) else 1


def times_table(title: str) -> Table:
    """Return an empty table of waiting times."""
    table = Table(title=f"{title}, {os.cpu_count()} cores for all")
    for heading in ("what", "how many", "p50", "p95", "p99"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    return table


def quantiles(times: list[float]) -> tuple[float, float, float]:
    """Return p50, p95 and p99."""
    if len(times) < 2:
        return (times[0],) * 3 if times else (float("nan"),) * 3
    cuts = statistics.quantiles(times, n=100)
    return cuts[49], cuts[94], cuts[98]


def spread(times: list[float]) -> tuple[str, ...]:
    return (f"{len(times):,}", *(f"{1000 * time:.0f} ms" for time in quantiles(times)))


if __name__ == "__main__":
    sys.exit(main())
