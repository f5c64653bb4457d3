"""Whether another checkout gives the same answers: `python bench/same_answers.py OTHER_CHECKOUT`.

Serves the atlases that ship from this checkout and from the other, asks both for the same addresses (every
kind of picture, rates, estimates; points and folds), and compares status and bytes. Exits with 1 where they
differ.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from hvae.atlas.atlas import Atlas, shipped_names

ROOT = Path(__file__).parent.parent
QUERIES = {
    "samples": ("n=16", "n=32&seed=3", "n=5&temperature=0.5"),
    "traversal": ("", "z2.0=1.5&z2.3=-2", "z1.0=2&seed=4"),
    "dimensions": ("", "latent=z1&rows=3"),
    "resample": ("", "images=0,1", "rows=2&seed=7"),
    "layers": ("images=0",),
    "reconstructions": ("images=0,1,2,3",),
    "examples": ("images=0,1,2",),
    "mix": ("images=0,1,2,3",),
    "interpolation": ("images=0,1",),
}
NUMBERS = ("rates/{}/{}.json?images=0,1", "estimates/{}/{}.json?n=16", "atlases/{}/metrics.csv")
FOLD = "fold_b2-0.5_b1-0.7"


@contextmanager
def served(checkout: Path) -> Iterator[str]:
    """The address of the page that a checkout serves, without anybody's own points."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(checkout), "HVAE_DATA_DIR": folder}
        command = [sys.executable, "-m", "app", "--no-browser", "--port", "0"]
        with subprocess.Popen(
            command, cwd=checkout, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                line = process.stdout.readline()
                yield next(word for word in line.split() if word.startswith("http"))
            finally:
                process.terminate()


def addresses() -> Iterator[str]:
    """What both are asked for: each query of each kind at another point and at a fold."""
    for name in shipped_names():
        points = [Path(file).stem for file in Atlas.shipped(name).metrics["checkpoint"]]
        queries = [(kind, query) for kind, of_kind in QUERIES.items() for query in of_kind]
        for index, (kind, query) in enumerate(queries):
            for point in (points[7 * index % len(points)], FOLD):
                yield f"pictures/{name}/{point}/{kind}.png?{query}"
        for pattern in NUMBERS:
            yield pattern.format(name, points[0])


def answer(page: str, address: str) -> tuple[int, bytes]:
    """Status and body."""
    try:
        with urlopen(page + address) as response:
            return response.status, response.read()
    except HTTPError as error:
        return error.code, error.read()


def main() -> int:
    """Print each address that is answered otherwise, and how many there are."""
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "app").is_dir():
        print("Name the folder of another checkout: python bench/same_answers.py FOLDER", file=sys.stderr)
        return 2
    asked = list(addresses())
    with served(ROOT) as here, served(Path(sys.argv[1]).resolve()) as there:
        ours = [answer(here, address) for address in asked]
        theirs = [answer(there, address) for address in asked]
    differ = [address for address, own, other in zip(asked, ours, theirs, strict=True) if own != other]
    for address in differ:
        print(address)
    refused = sum(status != 200 for status, _ in ours)
    print(f"{len(asked)} addresses, {len(asked) - refused} of them answered with 200: {len(differ)} differ.")
    return 1 if differ or refused else 0


if __name__ == "__main__":
    sys.exit(main())
