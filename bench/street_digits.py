"""Time to make the street digits, and the numbers of pictures, classes and typefaces.

    python bench/street_digits.py

Both splits are made on all cores, and are not kept. Takes about a minute on two cores.
"""

from __future__ import annotations

import os
import time

import numpy as np

from hvae.datasets.street_digits.dataset import COUNTS, SEEDS, street_digits
from hvae.datasets.street_digits.glyphs import FACES


def main() -> None:
    print(f"{len(FACES)} faces: {', '.join(FACES)}\n")
    print(f"{'split':>8} {'pictures':>9} {'of a class':>15} {'wall s':>7} {'CPU s':>6}")
    walls, cpus = [], []
    for split, count in COUNTS.items():
        wall, cpu = time.monotonic(), time.process_time()
        pictures, labels = street_digits(count, SEEDS[split])
        walls.append(time.monotonic() - wall)
        cpus.append(time.process_time() - cpu)
        classes = np.bincount(labels)
        of_a_class = f"{classes.min():,} to {classes.max():,}"
        print(f"{split:>8} {len(pictures):9,} {of_a_class:>15} {walls[-1]:7.1f} {cpus[-1]:6.1f}", flush=True)
    print(f"{'both':>8} {sum(COUNTS.values()):9,} {'':15} {sum(walls):7.1f} {sum(cpus):6.1f}")
    print(f"\n{pictures.shape[1:]} {pictures.dtype}, on {os.cpu_count()} cores; claimed: less than 120 s.")


if __name__ == "__main__":
    main()
