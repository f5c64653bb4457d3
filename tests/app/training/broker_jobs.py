"""Jobs for tests; and a worker that offers them, where Celery is: `celery -A broker_jobs worker`."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from hvae.errors import UserError

PATIENCE_SECONDS = 120


def tell(report, setting, wish):
    report({"step": 1})
    return {"setting": setting, "wish": wish, "process": os.getpid()}


def complain(report, setting, wish):
    raise UserError("This cannot be done: do that instead.")


def fail(report, setting, wish):
    raise ValueError("nobody thought of this")


def die(report, setting, wish):
    os.abort()


def wait_for_ever(report, setting, wish):
    marker = Path(setting)
    try:
        marker.touch()
        time.sleep(PATIENCE_SECONDS)
    finally:
        marker.unlink(missing_ok=True)


def stay_until_told(report, setting, wish):
    """Wait for the file `told`; the file `runs` has a line for each time that this was started."""
    folder = Path(setting)
    with open(folder / "runs", "a") as runs:
        runs.write("once\n")
    while not (folder / "told").exists():
        time.sleep(0.02)
    return "done"


with suppress(ImportError):
    from app.tasks import celery as celery
    from app.tasks import offer

    for job in (tell, complain, fail, die, wait_for_ever, stay_until_told):
        offer(job)
