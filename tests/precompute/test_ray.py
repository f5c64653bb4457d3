"""Runs on a Ray cluster, two nodes on this machine, while parts of it are killed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from command_line import ROOT, SMALL, called
from safetensors.torch import load_file

from hvae import Atlas
from hvae.atlas.verify import problems
from hvae.files import sha256

pytest.importorskip("ray", reason='Ray is not installed: pip install -e ".[ray]"')
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the processes of a node as Linux does")

TRAINS = "ray::Trainer.train"
"""What Ray calls a worker while it trains."""


class Node:
    """What one `ray start` leaves running: the processes of its session."""

    def __init__(self, *arguments: str) -> None:
        options = ["--num-cpus=1", "--object-store-memory=100000000", "--disable-usage-stats"]
        # Each is a Python process that nothing here needs.
        options += ["--no-monitor", "--include-log-monitor=false"]
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", *arguments, *options]
        # To a file: the daemons keep a pipe open.
        with tempfile.TemporaryFile("w+") as log:
            start = subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdout=log, stderr=log)
            self.session = start.pid
            try:
                code = start.wait(timeout=90)
            finally:
                if start.returncode != 0:
                    start.kill()
                    self.kill()
            log.seek(0)
            assert code == 0, log.read()

    def processes(self) -> dict[int, str]:
        """The command line of each process, by its id."""
        command = ["ps", "--no-headers", "-o", "pid,args", "-s", str(self.session)]
        lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
        return {int(pid): args for pid, args in (line.split(maxsplit=1) for line in lines)}

    def send(self, wanted: signal.Signals, to: Callable[[str], bool] = lambda args: True) -> None:
        """Send a signal to all processes whose command line will do."""
        for pid, args in self.processes().items():
            if to(args) and "<defunct>" not in args:
                with suppress(ProcessLookupError):  # it has ended since
                    os.kill(pid, wanted)

    def kill(self) -> None:
        """Kill them all; once more, for what had been about to start."""
        for _ in range(2):
            self.send(signal.SIGKILL)
            time.sleep(0.1)

    def stop_in_training(self) -> bool:
        """Stop every worker that trains at this moment; whether there was one."""
        self.send(signal.SIGSTOP, to=lambda args: args.startswith(TRAINS))
        if any(args.startswith(TRAINS) for args in self.processes().values()):
            return True
        self.send(signal.SIGCONT)
        return False


class Cluster(NamedTuple):
    """Two nodes of one CPU each. The head says that it has two GPUs."""

    address: str
    head: Node
    other: Node


@pytest.fixture(scope="module")
def head() -> Iterator[tuple[str, Node]]:
    """The address and the head of a cluster of our own, on a free port; nothing of it is left at the end."""
    port = free_port()
    # Not in pytest's folder: the path of a socket may not be long.
    folder = tempfile.mkdtemp(prefix="ray-")
    try:
        options = ["--include-dashboard=false", f"--temp-dir={folder}", "--num-gpus=2"]
        node = Node("--head", f"--port={port}", *options)
        yield f"127.0.0.1:{port}", node
        node.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def cluster(head: tuple[str, Node]) -> Iterator[Cluster]:
    """The head with another node; the last test kills the head."""
    address, node = head
    other = Node(f"--address={address}")
    yield Cluster(address, node, other)
    other.kill()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def on_ray(address: str) -> list[str]:
    return ["--engine", "ray", "--address", address, "--interval", "0.2", "--device", "cpu"]


def begin(out: Path, address: str, options: list[str]) -> subprocess.Popen:
    command = [sys.executable, "-m", "precompute", "run", str(out), *options, *on_ray(address)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def wait_until(happens: Callable[[], bool], run: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while not happens():
        assert run.poll() is None, run.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def finish(run: subprocess.Popen) -> str:
    """What it printed on stderr until it ended."""
    try:
        return run.communicate(timeout=120)[1]
    finally:
        run.kill()


def test_a_worker_keeps_the_gpu_that_it_was_given_for_all_jobs(head, tmp_path):
    log = tmp_path / "seen"
    command = [sys.executable, str(Path(__file__).parent / "gpus_on_ray.py"), head[0], str(log)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    seen = [line.split() for line in log.read_text().splitlines()]
    assert len(seen) == 16
    gpus = {worker: {gpu for one, gpu, _ in seen if one == worker} for worker, _, _ in seen}
    assert sorted(gpus.values(), key=min) == [{"0"}, {"1"}]
    # What the process of a worker may see of CUDA at its first look is all that it will ever see.
    assert all(visible == gpu for _, gpu, visible in seen)


def test_a_node_killed_in_training_changes_no_point_and_each_is_rounded_once(cluster, unlabelled, tmp_path):
    out = tmp_path / "atlas"
    run = begin(out, cluster.address, [*unlabelled.options, "--weights", "float16"])
    try:
        wait_until((out / "parent.safetensors").exists, run)
        wait_until(cluster.other.stop_in_training, run)
        cluster.other.kill()
    finally:
        printed = finish(run)
    assert run.returncode == 0, printed
    assert "Ray lost a worker with beta2" in printed
    assert "Traceback" not in printed
    assert problems(out) == []
    assert len(Atlas.open(out).metrics) == 4
    for path in unlabelled.atlas.glob("models/*.safetensors"):
        expected, found = load_file(path), load_file(out / "models" / path.name)
        assert all(torch.equal(found[name], expected[name].half()) for name in expected)


def test_a_lost_head_ends_the_run_with_a_line_and_leaves_a_usable_atlas(cluster, unlabelled, tmp_path):
    out = tmp_path / "atlas"
    run = begin(out, cluster.address, unlabelled.options)
    try:
        wait_until(lambda: any(out.glob("models/*.safetensors")), run)
        cluster.head.kill()
    finally:
        printed = finish(run)
    assert run.returncode == 2, printed
    assert "Traceback" not in printed
    errors = [line for line in printed.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, printed
    assert cluster.address in errors[0] and "the same command continues" in errors[0]
    assert problems(out) == []
    assert 1 <= len(Atlas.open(out).metrics) < 4
    assert called("run", out, *unlabelled.options).returncode == 0
    assert sha256(out / "metrics.parquet") == sha256(unlabelled.atlas / "metrics.parquet")


@pytest.mark.parametrize("address", ["nothing there", "ray://127.0.0.1:10001"])
def test_an_address_without_a_cluster_is_answered_with_one_line(address, tmp_path):
    address = f"127.0.0.1:{free_port()}" if address == "nothing there" else address
    result = called("run", tmp_path / "atlas", *SMALL, *on_ray(address))
    assert result.returncode == 2
    *_, error = result.stderr.strip().splitlines()  # before it stands what there is to do
    assert error.startswith("Error: ") and address in error
    assert "Traceback" not in result.stderr
    assert problems(tmp_path / "atlas") == []
