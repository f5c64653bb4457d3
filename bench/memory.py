"""Peak host memory of `precompute run` on MNIST: parent, one point, every metric, in a separate process.

    python bench/memory.py --data-dir DIR [--device auto] [--dataset mnist]

More points or epochs take more time, not more memory. Takes some minutes on two cores; with --dataset digits
half a minute, to see that it runs.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dataset", default="mnist", help="claims are about mnist (default)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        options = [
            "--dataset",
            arguments.dataset,
            "--betas",
            "1:1:1",
            "--epochs",
            "1",
            "--device",
            arguments.device,
        ]
        command = [sys.executable, "-m", "precompute", "run", f"{folder}/atlas"]
        subprocess.run([*command, *options, "--data-dir", str(arguments.data_dir)], check=True)
    # Kilobytes; on macOS, bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    print(f"Peak host memory: {peak / 2**30:.2f} GiB.")


if __name__ == "__main__":
    main()
