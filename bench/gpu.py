"""What a GPU makes of a whole plane: run this first where there is one.

    python bench/gpu.py --data-dir DIR [fleet.py's options] [--dataset mnist] [--betas 0.1:10:13] [--epochs N]

First everything that `fleet.py` prints: model·images per second in every formulation, how many times as fast
as a plain research loop and as an eager loop over the same points with the data on the device, and the share
of the card's bf16 peak. Then a whole run on MNIST with all metrics, from nothing, without the cache of
numbers: its minutes, what of them went where, and the most memory that the device had in use meanwhile.

Without a GPU it does the same on the CPU. To see that it runs, in two minutes of CPU, on a busy machine with
OMP_NUM_THREADS=1: --seconds 0.05 --research-steps 3 --warm-up 1 --turns 1 --dataset digits --betas 1:1:1
--epochs 1
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fleet
import torch

from hvae import Atlas
from precompute.device import choose_device

LOOK_EVERY_SECONDS = 0.5


def memory_in_use(device: torch.device) -> int:
    """Bytes of the device that are taken now, by any process; 0 on a CPU."""
    if device.type != "cuda":
        return 0
    free, total = torch.cuda.mem_get_info(device)
    return total - free


def whole_run(arguments: argparse.Namespace, device: torch.device) -> tuple[float, int, dict]:
    """Seconds of `precompute run`, bytes of the device that it took at most, and atlas.json's `made_with`."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "atlas"
        command = [sys.executable, "-m", "precompute", "run", str(out), "--dataset", arguments.dataset]
        command += ["--data-dir", str(arguments.data_dir), "--device", arguments.device]
        command += ["--betas", arguments.betas]
        command += ["--epochs", str(arguments.epochs)] if arguments.epochs else []
        fresh = os.environ | {"HVAE_CACHE_DIR": str(Path(folder) / "cache")}
        if device.type == "cuda":
            torch.cuda.empty_cache()
        before = most = memory_in_use(device)
        started = time.perf_counter()
        with subprocess.Popen(command, env=fresh) as run:
            while run.poll() is None:
                most = max(most, memory_in_use(device))
                time.sleep(LOOK_EVERY_SECONDS)
        seconds = time.perf_counter() - started
        if run.returncode:
            raise SystemExit(f"The run failed: {' '.join(command)}")
        return seconds, most - before, Atlas.open(out).manifest.made_with


def main() -> None:
    parser = fleet.parser_of_fleet(__doc__)
    parser.add_argument("--dataset", default="mnist", help="of the whole run (default: mnist)")
    parser.add_argument("--betas", default="0.1:10:13", help="of the whole run (default: 0.1:10:13)")
    parser.add_argument("--epochs", type=int, help="of the parent (default: as `precompute run`)")
    arguments = parser.parse_args()
    device = choose_device(arguments.device)
    fleet.report(arguments, device)
    seconds, memory, made_with = whole_run(arguments, device)
    what = f"{arguments.dataset}, {arguments.betas}, all metrics"
    print(f"\nThe whole run ({what}): {seconds / 60:.1f} min on {made_with['device']}.")
    for name in ("parent_seconds", "training_seconds", "metrics_seconds"):
        print(f"{name.replace('_', ' '):20} {made_with.get(name, 0):10,.0f}, summed over processes")
    if memory:
        print(f"{'memory of the device':20} {memory / 2**30:10.2f} GiB at most")


if __name__ == "__main__":
    main()
