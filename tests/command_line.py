"""`python -m precompute`: as a user runs it, and in this process."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from precompute.__main__ import main

ROOT = Path(__file__).parent.parent
GRID = ["--jobs", "1", "--betas", "0.1:10:2"]
SMALL = [*GRID, "--dataset", "digits", "--refine-epochs", "2", "--epochs", "3"]


class Finished(NamedTuple):
    """An atlas, and the options of `run` that made it."""

    atlas: Path
    options: list[str]


def precompute(*arguments: object) -> subprocess.CompletedProcess:
    """Run to the end in a process of its own and return what it printed."""
    command = [sys.executable, "-m", "precompute", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def called(*arguments: object) -> subprocess.CompletedProcess:
    """The same in this process, which has imported torch already. What is no UserError is raised here."""
    command = ["precompute", *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    with patch.object(sys, "argv", command), redirect_stdout(out), redirect_stderr(err):
        code = main()
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())
