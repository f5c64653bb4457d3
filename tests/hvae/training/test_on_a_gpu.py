"""Training, planning and measuring on a make-believe GPU, under CUDA's rules (see `gpu_checks.py`)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from gpu_checks import CHECKS

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What each check found, from a process of its own: the make-believe GPU patches torch."""
    project = str(HERE.parents[2])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([project, os.environ.get("PYTHONPATH", "")]),
        "HVAE_CACHE_DIR": str(tmp_path_factory.mktemp("cache")),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-W", "ignore", str(HERE / "gpu_checks.py")]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.parametrize("check", [check.__name__ for check in CHECKS])
def test_on_a_gpu(found, check):
    assert found[check] == []
