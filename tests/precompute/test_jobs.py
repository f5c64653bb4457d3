"""Points that several processes train and measure at once turn out as in one."""

import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import ROOT, precompute
from rich.console import Console
from small_runs import run_small, small_data, weights

from hvae import UserError
from hvae.atlas.verify import problems
from hvae.datasets import load
from hvae.files import sha256
from precompute.atlas_folder.folder import AtlasFolder
from precompute.engines.workers import PROCESS_BYTES, Workers, as_many_as_fit
from precompute.evaluate import evaluate_atlas

pytestmark = pytest.mark.usefixtures("quick_measuring")


@pytest.fixture
def blank_atlas(digits_atlas, tmp_path, monkeypatch):
    """A finished 2 × 2 atlas; of two points, each has lost what the other one has, and no cache knows it."""
    monkeypatch.setenv("HVAE_CACHE_DIR", str(tmp_path / "cache"))
    out = shutil.copytree(digits_atlas, tmp_path / "atlas")
    folder = AtlasFolder.open(out)
    for row, lost in zip(folder.rows.values(), (["mi_z2"], ["diversity", "acc_knn_z1"]), strict=False):
        row.update(dict.fromkeys(lost, np.nan))
    folder.write()
    folder.close()
    return out


def test_metrics_from_two_processes_are_those_from_one(blank_atlas, digits_atlas):
    said = Console(file=io.StringIO(), width=200)
    evaluate_atlas(blank_atlas, "data", console=said, jobs=2)
    expected = pd.read_parquet(digits_atlas / "metrics.parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet(blank_atlas / "metrics.parquet"), expected, check_exact=True
    )
    assert all(
        f"  {names}  (" in said.file.getvalue() for names in ("mutual information", "probes, generation")
    )
    assert problems(blank_atlas) == []


def test_what_a_process_had_reached_goes_on_in_another(tmp_path):
    data = small_data()
    run_small(tmp_path / "one", data)
    run_small(tmp_path / "stacks", data, stack=2, jobs=2, interval=0.01)  # several intervals a stack
    assert weights(tmp_path / "stacks") == weights(tmp_path / "one")


def begin(out: Path, options: list[str]) -> subprocess.Popen:
    command = [sys.executable, "-m", "precompute", "run", str(out), *options, "--jobs", "2"]
    # A group of its own, so that a signal to all of it is what a terminal's Ctrl-C is.
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)


def workers_of(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-ww", "--no-headers", "-o", "pid,args", "--ppid", str(pid)], capture_output=True, text=True
    )
    lines = [line.split(maxsplit=1) for line in found.stdout.splitlines()]
    return [int(pid) for pid, args in lines if "spawn_main" in args]


def wait_for(what) -> None:
    deadline = time.monotonic() + 120
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] == "Z"


linux = pytest.mark.skipif(sys.platform != "linux", reason="finds a run's processes as Linux does")


@linux
def test_ctrl_c_ends_the_processes_and_what_two_others_add_gives_the_bytes_of_a_run_in_one(
    unlabelled, tmp_path
):
    out = tmp_path / "atlas"
    run = begin(out, unlabelled.options)
    try:
        wait_for(lambda: list(out.glob("models/*.safetensors")))
        pids = workers_of(run.pid)
        os.killpg(run.pid, signal.SIGINT)
        _, said = run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode == 130, said
    assert "Traceback" not in said
    assert "the same command continues" in said
    assert pids
    wait_for(lambda: all(is_gone(pid) for pid in pids))
    assert problems(out) == []
    result = precompute("run", out, *unlabelled.options, "--jobs", 2)
    assert result.returncode == 0, result.stderr
    assert weights(out) == weights(unlabelled.atlas)
    assert sha256(out / "metrics.parquet") == sha256(unlabelled.atlas / "metrics.parquet")
    assert problems(out) == []


def wait_a_minute(world):
    time.sleep(60)


@linux
def test_a_worker_that_dies_is_one_sentence():
    large = np.zeros(2_000_000)  # more than what a pipe takes at once
    threading.Thread(target=kill_first_worker, daemon=True).start()
    with (
        pytest.raises(UserError, match="has died, perhaps because"),
        Workers(1, large) as workers,
    ):
        workers.result(workers.submit(wait_a_minute))


def kill_first_worker():
    wait_for(lambda: workers_of(os.getpid()))
    os.kill(workers_of(os.getpid())[0], signal.SIGKILL)


@linux
def test_workers_do_not_outlive_a_process_that_is_killed_nor_does_what_they_were_given(tmp_path):
    code = "from precompute.engines.workers import Workers; it = Workers(2, 0); "
    code += "[call.result() for call in [it.submit(max, 1), it.submit(max, 2)]]; "
    run = subprocess.Popen(
        [sys.executable, "-c", code + "print('begun', flush=True); input()"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert run.stdout.readline() == b"begun\n"
        pids = workers_of(run.pid)
    finally:
        run.kill()
        said = run.communicate()[1]
    assert len(pids) == 2
    assert said == b""
    wait_for(lambda: all(is_gone(pid) for pid in pids))
    assert not list(tmp_path.glob("hvae-*"))


def refuse(world, reason):
    raise UserError(f"{world}: {reason}")


def test_what_a_worker_raises_is_raised_here():
    with Workers(1, "the world") as workers, pytest.raises(UserError, match="the world: no"):
        workers.result(workers.submit(refuse, "no"))


def test_no_more_processes_than_memory_has_room_for(monkeypatch):
    images = load("digits", "test")
    monkeypatch.setattr("precompute.engines.workers.free_memory", lambda: 3.5 * PROCESS_BYTES / 0.8)
    assert as_many_as_fit(8, images) == 3
    assert as_many_as_fit(2, images) == 2
    assert as_many_as_fit(8, images, extra=10 * PROCESS_BYTES) == 1
