"""A batch job that is killed leaves nobody behind that talks about it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

JOB = """
import os, sys, time
from precompute.__main__ import pass_over_semaphores
pass_over_semaphores()
from joblib.externals.loky import ProcessPoolExecutor
ProcessPoolExecutor(1).submit(int).result()
print("begun", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_nobody_warns_of_semaphores_when_a_job_is_killed():
    job = subprocess.Popen(
        [sys.executable, "-c", JOB], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert job.stdout.readline() == "begun\n"
    finally:
        job.send_signal(signal.SIGKILL)
    # It is written by a process that outlives the job, which has the same stderr.
    assert job.stderr.read() == ""
    job.wait(60)
