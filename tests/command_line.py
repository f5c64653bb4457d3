"""`python -m precompute`, as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SMALL = ["--jobs", "1", "--dataset", "digits", "--betas", "0.1:10:2", "--refine-epochs", "2", "--epochs", "3"]


def precompute(*arguments: object) -> subprocess.CompletedProcess:
    """Run to the end and return what it printed."""
    command = [sys.executable, "-m", "precompute", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
