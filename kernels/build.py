"""Build assets/worker/net.wasm from kernels/net.c.

    python kernels/build.py

The compiler is zig's clang, from the package `ziglang` (extra [test]). Its version is pinned, and nothing of
this machine enters the file: the same source gives the same bytes everywhere, and a test compares them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).parent / "net.c"
BUILT = Path(__file__).parent.parent / "assets" / "worker" / "net.wasm"
FLAGS = [
    *("-target", "wasm32-freestanding", "-msimd128", "-O2", "-std=c11", "-Wall", "-Wextra", "-Werror"),
    # As C says: a product and a sum are rounded one after the other, and NaN stays NaN.
    "-ffp-contract=off",
    *("-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all", "-Wl,-z,stack-size=65536"),
]


def build(out: Path) -> None:
    """Compile `SOURCE` to the WebAssembly module `out`. Raises CalledProcessError where that fails."""
    with tempfile.TemporaryDirectory() as folder:
        # By a relative name, which may be part of what is written.
        made = Path(folder) / "net.wasm"
        command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, "-o", str(made), SOURCE.name]
        subprocess.run(command, cwd=SOURCE.parent, check=True)
        out.write_bytes(made.read_bytes())


if __name__ == "__main__":
    BUILT.parent.mkdir(parents=True, exist_ok=True)
    build(BUILT)
    print(f"{BUILT.relative_to(BUILT.parents[2])}: {BUILT.stat().st_size:,} bytes")
