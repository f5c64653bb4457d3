"""Forge a small atlas many times, open each forgery as the app does, and count what happens.

    python fuzz/forgeries.py [--count 2000] [--seed 0] [--sparing]

A forgery must open, or be refused in one line. Anything else is a fault: another exception than UserError,
a second line, a worker that dies, 5 s of CPU, 60 s without an answer, or 1 GiB of resident memory (of the
whole process, with torch and the page in it). The same count and seed make the same forgeries. Takes three
minutes of CPU. With --sparing, as in the tests, it takes 40 s: only for one forgery in 20 the page is laid
out and the files that were not forged are loaded.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

MOST_SECONDS = 5.0
MOST_BYTES = 2**30
NO_ANSWER = 60.0


class Seen(NamedTuple):
    """The result of one forgery. outcome: `opened`, `refused`, `part refused` or `fault`."""

    index: int
    way: str
    what: str
    outcome: str
    said: list[str]
    seconds: float
    peak: int


def open_as_the_app_does(folder: Path, template: Path, whole: bool) -> tuple[bool, list[str]]:
    """Return whether the atlas opens, and the sentences that refuse it or its parts.

    whole: lay out the page, load every model and verify; otherwise only load models that differ from
    `template`.
    """
    from app.page.points import points_data
    from app.server.build import page
    from hvae.atlas.atlas import PARENT, Atlas
    from hvae.atlas.verify import problems
    from hvae.errors import UserError

    said: list[str] = []

    def attempt(make):
        try:
            return make()
        except UserError as error:
            said.append(str(error))

    atlas = attempt(lambda: Atlas.open(folder))
    if atlas is not None:
        page("forged", atlas) if whole else points_data(atlas)
        attempt(atlas.examples)
        for name in atlas.metrics["checkpoint"][:4]:
            if not whole and is_same(folder / name, template / name):
                continue
            model = attempt(lambda name=name: atlas.load_checkpoint(name))
            if model is not None:
                model.sample(2)
        if PARENT in atlas.manifest.files and (whole or not is_same(folder / PARENT, template / PARENT)):
            parent = attempt(atlas.load_parent)
            if parent is not None:
                parent.fold(parent.beta_range)
    return atlas is not None, said + (problems(folder) if whole else [])


def is_same(one: Path, other: Path) -> bool:
    """Return whether two files have the same content; False if one is no file."""
    if one.is_symlink() or not one.is_file() or not other.is_file() or one.stat().st_size > 2**20:
        return False
    return one.read_bytes() == other.read_bytes()


def judged(index: int, seed: int, sparing: bool, template: Path, place: Path) -> Seen:
    """Make one forgery in its own folder, open it, and return what happened."""
    from mutations import forge

    folder = place / str(index)
    shutil.copytree(template, folder)
    rng = random.Random(f"{seed} {index}")
    way, what = forge(folder, rng)
    forget_peak()
    before = time.process_time()
    try:
        opened, said = open_as_the_app_does(folder, template, whole=not sparing or index % 20 == 0)
        outcome = "refused" if not opened else "part refused" if said else "opened"
        if not all(line.isprintable() and 0 < len(line) <= 1000 for line in said):
            outcome, said = "fault", ["more than one printable line", *map(repr, said)]
    except BaseException as error:  # whatever it is, it is a fault
        outcome, said = "fault", [repr(error), *trace(error)]
    seconds, peak = time.process_time() - before, peak_memory()
    if outcome != "fault" and (seconds > MOST_SECONDS or peak > MOST_BYTES):
        outcome, said = "fault", [f"{seconds:.1f} s, {peak / 2**20:.0f} MiB", *said]
    for left in (folder, place / f"{folder.name}-aside"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
    return Seen(index, way, what, outcome, said[:8], seconds, peak)


def trace(error: BaseException) -> list[str]:
    """Return where an exception came from, innermost last."""
    import traceback

    return [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ][-6:]


def forget_peak() -> None:
    """Reset the peak of resident memory, if the platform can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def peak_memory() -> int:
    """Return the peak of this process's resident memory, bytes."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def work(pipe: Connection, seed: int, sparing: bool, template: Path, place: Path) -> None:
    """In a worker process: judge the forgeries whose numbers come through the pipe."""
    sys.path.insert(0, str(Path(__file__).parent))
    import warnings

    import torch

    import app.server.build  # noqa: F401
    import hvae.atlas.verify  # noqa: F401

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    while True:
        try:
            index = pipe.recv()
        except EOFError:
            return
        pipe.send(judged(index, seed, sparing, template, place))


def forgeries(count: int, seed: int, sparing: bool = False) -> Iterator[Seen]:
    """Make `count` forgeries one after another; a worker that hangs or dies is a fault and is replaced."""
    from honest_atlas import honest_atlas

    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="forgeries-") as place:
        template = honest_atlas(Path(place) / "sound")
        worker = None
        for index in range(count):
            if worker is None:
                ours, theirs = context.Pipe()
                worker = context.Process(
                    target=work, args=(theirs, seed, sparing, template, Path(place)), daemon=True
                )
                worker.start()
                theirs.close()
                waiting = 5 * NO_ANSWER  # it has torch to import
            ours.send(index)
            try:
                answered = ours.poll(waiting)
                seen = ours.recv() if answered else Seen(index, "?", "?", "fault", ["no answer"], waiting, 0)
            except EOFError:
                answered, seen = False, Seen(index, "?", "?", "fault", ["the worker died"], 0.0, 0)
            waiting = NO_ANSWER
            if not answered:
                worker.kill()
                worker.join()
                worker = None
            yield seen
        if worker is not None:
            ours.close()
            worker.join(NO_ANSWER)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sparing", action="store_true", help="as the tests do; see above")
    parser.add_argument("--verbose", action="store_true", help="every forgery, as it is judged")
    arguments = parser.parse_args()
    all_seen = []
    for seen in forgeries(arguments.count, arguments.seed, arguments.sparing):
        all_seen.append(seen)
        if seen.outcome == "fault" or arguments.verbose:
            print(
                f"{seen.index} {seen.outcome}: {seen.way}: {seen.what}", *seen.said, sep="\n    ", flush=True
            )
    outcomes = ("opened", "part refused", "refused", "fault")
    counts = Counter((seen.way, seen.outcome) for seen in all_seen)
    print(f"{'forged':20}" + "".join(f"{outcome:>14}" for outcome in outcomes))
    for way in sorted({seen.way for seen in all_seen}):
        print(f"{way:20}" + "".join(f"{counts[way, outcome]:14}" for outcome in outcomes))
    total = Counter(seen.outcome for seen in all_seen)
    print(f"{'all':20}" + "".join(f"{total[outcome]:14}" for outcome in outcomes))
    slowest, largest = max(all_seen, key=lambda seen: seen.seconds), max(all_seen, key=lambda seen: seen.peak)
    print(f"Slowest: {slowest.seconds:.2f} s of CPU ({slowest.index}: {slowest.way}: {slowest.what}).")
    print(f"Peak memory: {largest.peak / 2**20:.0f} MiB ({largest.index}: {largest.way}: {largest.what}).")
    return 1 if total["fault"] else 0


if __name__ == "__main__":
    sys.exit(main())
