"""Kill runs again and again, or fill their disks, and compare the results with an undisturbed run.

    python fuzz/crashes.py [--kills 20] [--in-writes 6] [--full 6] [--seed 0]

All runs are `python -m precompute run` on a 2 × 2 grid of `digits`. SIGKILL comes at random moments of the
whole run, and some more times while a file is being written. After each kill, everything that `verify` calls
sound is compared with the undisturbed atlas; at the end, every byte is compared. Then the same on a disk (a
tmpfs, which needs root) that is full at random sizes and grows, and is read-only at the end. Prints a table
and exits with 1 if anything differs. Takes some minutes on two cores.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from hvae import Atlas
from hvae.atlas.atlas import MANIFEST, METRICS
from hvae.atlas.verify import problems
from hvae.files import sha256

ROOT = Path(__file__).parent.parent
PLAN = ["--dataset", "digits", "--betas", "0.1:10:2", "--epochs", "3", "--refine-epochs", "2"]
OFTEN, SELDOM = "0.2", "60"
"""Seconds between checkpoints of models in training."""
COSTS = ("command", "parent_seconds", "training_seconds", "metrics_seconds", "device_hours")
"""Entries of `made_with` in atlas.json that do not depend on the result: OUT is part of the command, and
seconds are never the same twice."""
LIMIT_SECONDS = 1200.0
SPARE_BYTES = 40_000
"""About the size of the folder, its lock and the first atlas.json.

On a smaller disk nothing is ever written.
"""


class Table:
    """Lines of a table; `wrong` counts those with faults."""

    def __init__(self) -> None:
        self.wrong = 0

    def line(self, what: str, seconds: float, said: str, faults: list[str]) -> None:
        """Print what was done, how long it took, and the result."""
        self.wrong += bool(faults)
        print(f"{what:<34} {seconds:6.1f} s  {'; '.join(faults).upper() or 'ok':<6} {said}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=20, help="at random moments")
    parser.add_argument("--in-writes", type=int, default=6, help="more kills, while a file is being written")
    parser.add_argument("--full", type=int, default=6, help="sizes at which the disk is full")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance, table = random.Random(arguments.seed), Table()
    with tempfile.TemporaryDirectory(prefix="crashes-") as name:
        place = Path(name)
        undisturbed = place / "undisturbed"
        started = time.monotonic()
        first_file, seconds = whole_run(undisturbed, place)
        table.line(
            "undisturbed",
            seconds,
            f"first file after {first_file:.1f} s",
            different(undisturbed, undisturbed),
        )
        killed(place, undisturbed, first_file, seconds, arguments, chance, table)
        full_disk(place, undisturbed, arguments.full, chance, table)
        left = [path.name for path in (place / "tmp").iterdir() if path.name.startswith("hvae-")]
        table.line("what killed runs left in TMPDIR", 0.0, "", left)
    print(f"{time.monotonic() - started:.0f} s in all; {table.wrong or 'nothing'} wrong.")
    return 1 if table.wrong else 0


def start(out: Path, place: Path, interval: str = OFTEN) -> subprocess.Popen:
    """Start `precompute run`, with its own cache and temporary folder."""
    cache = "cache-undisturbed" if out.name == "undisturbed" else "cache"
    (place / "tmp").mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HVAE_CACHE_DIR": str(place / cache),
        "TMPDIR": str(place / "tmp"),
        "OMP_NUM_THREADS": "1",
    }
    options = [*PLAN, "--jobs", "2", "--interval", interval]
    command = [sys.executable, "-m", "precompute", "run", str(out), *options]
    return subprocess.Popen(
        command, cwd=place, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )


def finish(process: subprocess.Popen) -> str:
    """Wait for the end of a run, and return the last line of its output."""
    _, said = process.communicate(timeout=LIMIT_SECONDS)
    return (said.strip().splitlines() or [""])[-1]


def whole_run(out: Path, place: Path) -> tuple[float, float]:
    """Run to the end, and return the seconds until the first file, and in all."""
    started = time.monotonic()
    process = start(out, place)
    wait_until(lambda: (out / MANIFEST).exists(), process)
    first_file = time.monotonic() - started
    said = finish(process)
    if process.returncode:
        raise SystemExit(f"The undisturbed run failed: {said}")
    return first_file, time.monotonic() - started


def killed(
    place: Path,
    undisturbed: Path,
    start_up: float,
    length: float,
    arguments: argparse.Namespace,
    chance: random.Random,
    table: Table,
) -> None:
    """Kill a run at random moments and while it writes, then let it finish."""
    out = place / "killed"
    # Moments of an undisturbed run. Each run starts where the one before was killed, after the start-up.
    moments = sorted(chance.uniform(0.0, length) for _ in range(arguments.kills))
    waits = [moments[0], *(start_up + b - a for a, b in zip(moments, moments[1:], strict=False))]
    in_writes = set(chance.sample(range(arguments.kills), min(arguments.in_writes, arguments.kills)))
    for number, seconds in enumerate(waits):
        kill(f"killed after {seconds:.1f} s", out, place, undisturbed, seconds, False, table)
        if number in in_writes:
            kill(
                "killed while it writes",
                out,
                place,
                undisturbed,
                start_up + chance.uniform(0, 2),
                True,
                table,
            )
    started = time.monotonic()
    process = start(out, place)
    said = finish(process)
    table.line("resumed to the end", time.monotonic() - started, said[:60], different(out, undisturbed))


def kill(
    what: str, out: Path, place: Path, undisturbed: Path, seconds: float, in_write: bool, table: Table
) -> None:
    """Start a run, kill it after some seconds or in the next write, and check what it left."""
    started = time.monotonic()
    process = start(out, place)
    wait_until(lambda: time.monotonic() - started > seconds, process)
    if in_write:
        wait_until(lambda: being_written(out), process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()  # not read to its end: the run's own processes have it, too, for two seconds
    faults, said = unsound(out, undisturbed), reached(out)
    if process.returncode == 0:  # faster than the undisturbed run
        said += ", at its end before"
    elif process.returncode != -signal.SIGKILL:
        faults.append(f"it ended with {process.returncode}")
    table.line(what, time.monotonic() - started, said, faults)


def wait_until(is_time: Callable[[], bool], process: subprocess.Popen) -> None:
    """Wait until it is time, or the process has ended."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not is_time() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.0002)


def being_written(out: Path) -> list[str]:
    """Return the names of temporary files."""
    places = [out, out / "models", out / ".training"]
    return [name for place in places if place.is_dir() for name in os.listdir(place) if name.endswith(".tmp")]


def reached(out: Path) -> str:
    """Return the progress of a killed run, in a few words."""
    if not (out / METRICS).exists():
        return "nothing there"
    table = pd.read_parquet(out / METRICS)
    begun = len(list((out / ".training").glob("*.safetensors")))
    half = [name[1:].rsplit(".", 2)[0] for name in being_written(out)]
    text = f"{len(table)} points, {int(table['sharpness'].notna().sum())} measured, {begun} in training"
    return text + (f", half a {', '.join(half)}" if half else "")


def unsound(out: Path, undisturbed: Path) -> list[str]:
    """Return what `verify` calls sound in an unfinished atlas, but differs from the undisturbed atlas."""
    if problems(out):
        return ["verify finds a problem"] if (out / METRICS).exists() else []
    atlas = Atlas.open(out)
    faults = [
        f"{name} differs"
        for name in atlas.manifest.files.keys() - {METRICS}
        if sha256(out / name) != sha256(undisturbed / name)
    ]
    numbers, expected = (
        pd.read_parquet(folder / METRICS).set_index("checkpoint") for folder in (out, undisturbed)
    )
    expected = expected.loc[numbers.index, numbers.columns]
    if not (numbers.isna() | (numbers == expected)).all(axis=None):
        faults.append("a number differs")
    return faults


def different(out: Path, undisturbed: Path) -> list[str]:
    """Return what differs from the undisturbed atlas: bytes of files, and atlas.json except COSTS."""
    if found := problems(out):
        return found
    names = {
        str(path.relative_to(folder))
        for folder in (out, undisturbed)
        for path in folder.rglob("*")
        if path.is_file()
    }
    faults = []
    for name in sorted(names - {MANIFEST}):
        if not (out / name).exists() or not (undisturbed / name).exists():
            faults.append(f"{name} is in one only")
        elif (out / name).read_bytes() != (undisturbed / name).read_bytes():
            faults.append(f"{name} differs")
    if manifest_without_costs(out) != manifest_without_costs(undisturbed):
        faults.append(f"{MANIFEST} differs")
    return faults


def manifest_without_costs(folder: Path) -> dict:
    """Return atlas.json, parsed, without COSTS."""
    content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    for name in COSTS:
        content["made_with"].pop(name, None)
    return content


def full_disk(place: Path, undisturbed: Path, times: int, chance: random.Random, table: Table) -> None:
    """Run on a disk that is full at random sizes, and grows; then once more on it when it is read-only."""
    whole = sum(path.stat().st_size for path in undisturbed.rglob("*") if path.is_file())
    sizes = sorted(chance.randint(SPARE_BYTES, whole) // 4096 * 4096 for _ in range(times))
    with small_disk(place / "disk", sizes[0]) as disk:
        if disk is None:
            print("A full disk: not tried, because mounting a tmpfs is not permitted here.")
            return
        out = disk / "atlas"
        for size, interval in zip(sizes, itertools.cycle([SELDOM, OFTEN])):
            resize(disk, f"size={size}")
            started = time.monotonic()
            # Checkpoints of models in training need more room than the atlas; a run without them gets
            # further.
            process = start(out, place, interval)
            said = finish(process)
            faults = unsound(out, undisturbed)
            if process.returncode != 1 or not said.startswith(f"Error: {out}") or "No space left" not in said:
                faults.append(f"exit {process.returncode}, and no clear line")
            if being_written(out):
                faults.append("half a file is left")
            table.line(f"disk of {size // 1000} kB", time.monotonic() - started, said, faults)
        resize(disk, "size=100m")
        started = time.monotonic()
        said = finish(start(out, place))
        table.line(
            "with room, to the end", time.monotonic() - started, said[:60], different(out, undisturbed)
        )
        resize(disk, "ro")
        started = time.monotonic()
        process = start(out, place)
        said = finish(process)
        faults = different(out, undisturbed)
        if process.returncode != 1 or not said.startswith(f"Error: {out}"):
            faults.append(f"exit {process.returncode}, and no clear line")
        table.line("read-only", time.monotonic() - started, said, faults)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path | None]:
    """Mount a file system in memory of so many bytes; None if this user may not mount one."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size}"]
    mounted = (
        shutil.which("mount")
        and not subprocess.run(
            ["mount", *options, "crashes", str(folder)], stderr=subprocess.DEVNULL
        ).returncode
    )
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def resize(disk: Path, option: str) -> None:
    """Mount the disk again with another option."""
    subprocess.run(["mount", "-o", f"remount,{option}", str(disk)], check=True)


if __name__ == "__main__":
    sys.exit(main())
