"""How long README's "Your own pictures" takes: its three commands on a folder of pictures, each timed.

    python bench/bring_your_own.py [--pictures 120 10000] [--betas 0.1:10:5] [--device auto]

Draws colour pictures of discs, squares and triangles, trains a 5 × 5 grid and its parent on them, checks the
atlas and opens the page. Prints one column of README's table for each number of pictures. `run` uses a GPU if
the machine has one. Takes about a quarter of an hour on two cores; with --pictures 30 --betas 1:1:1 half a
minute, to see that it runs.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw

ROOT = Path(__file__).parent.parent
SHAPES = ("disc", "square", "triangle")


class Spent(NamedTuple):
    """Wall-clock seconds, and CPU seconds of a command and all processes that it waited for."""

    wall: float
    cpu: float


def drawing(shape: str, generator: np.random.Generator) -> Image.Image:
    """Return a picture of one shape, anywhere, of any colour, on a dark ground of any colour."""
    image = Image.new("RGB", (48, 40), tuple(generator.integers(0, 60, 3).tolist()))
    (x, y), size = generator.integers(14, 26, 2).tolist(), int(generator.integers(7, 12))
    corners = [x - size, y - size, x + size, y + size]
    pen, colour = ImageDraw.Draw(image), tuple(generator.integers(80, 256, 3).tolist())
    if shape == "disc":
        pen.ellipse(corners, fill=colour)
    elif shape == "square":
        pen.rectangle(corners, fill=colour)
    else:
        pen.polygon([(x, y - size), (x - size, y + size), (x + size, y + size)], fill=colour)
    return image


def draw_pictures(folder: Path, count: int, mode: str = "RGB") -> None:
    """Write `count` pictures in a mode of Pillow, with a sub-folder for each shape."""
    generator = np.random.default_rng(0)
    for number in range(count):
        place = folder / SHAPES[number % len(SHAPES)]
        place.mkdir(parents=True, exist_ok=True)
        drawing(place.name, generator).convert(mode).save(place / f"{number}.png")


def timed(*arguments: object, cwd: Path) -> Spent:
    """Run `python -m …` to its end; raises CalledProcessError where it fails."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([sys.executable, "-m", *map(str, arguments)], cwd=cwd, env=environment(cwd), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(time.monotonic() - started, cpu)


def until_it_answers(atlas: str, cwd: Path) -> float:
    """Return the seconds from the command to the page's first answer."""
    command = [sys.executable, "-m", "app", atlas, "--port", "0", "--no-browser"]
    started = time.monotonic()
    server = subprocess.Popen(command, cwd=cwd, env=environment(cwd), stdout=subprocess.PIPE, text=True)
    try:
        address = re.search(r"http://\S+/", server.stdout.readline())[0]
        with urllib.request.urlopen(address, timeout=60) as answer:
            answer.read()
        return time.monotonic() - started
    finally:
        server.terminate()
        server.communicate(timeout=30)


def environment(folder: Path) -> dict[str, str]:
    """Return an environment with this code and with an empty cache of measured numbers."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "HVAE_CACHE_DIR": str(folder / "cache")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pictures", type=int, nargs="+", default=[120, 10_000])
    parser.add_argument("--betas", default="0.1:10:5", help="the grid (default: README's 0.1:10:5)")
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    rows = []
    for count in arguments.pictures:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            draw_pictures(place / "my-pictures", count)
            options = ["--dataset", "folder:my-pictures", "--betas", arguments.betas]
            options += ["--device", arguments.device]
            run = timed("precompute", "run", "my-atlas", *options, cwd=place)
            verify = timed("precompute", "verify", "my-atlas", cwd=place)
            rows.append((count, run, verify, until_it_answers("my-atlas", place)))
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    print(f"\n{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {gpu}; seconds\n")
    print(f"{'pictures':>9}{'run':>9}{'CPU':>9}{'verify':>9}{'CPU':>9}{'app answers':>13}")
    for count, run, verify, app in rows:
        print(f"{count:9,}{run.wall:9.1f}{run.cpu:9.1f}{verify.wall:9.1f}{verify.cpu:9.1f}{app:13.1f}")


if __name__ == "__main__":
    main()
