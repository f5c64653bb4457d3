"""What workers do for pages: `celery -A app.tasks worker`, the Redis named by HVAE_APP_BROKER.

A worker looks after one job at a time, which runs in a process of its own as it does without Celery: see
app.training.process. A worker that is told to end stops the job and puts it back in the queue.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Event
from typing import Any

from celery import Task, signals

from app.training.process import start, stop
from app.training.redis_broker import BROKER, WAITING_SECONDS, Slot, connect, job_name, queue
from app.training.train_point import TrainingSetting, train_point

LOOK_SECONDS = 0.5

celery = queue(os.environ.get(BROKER, "redis://127.0.0.1:6379/0"))
stopping = Event()


@signals.worker_shutting_down.connect
def stop_jobs(**_: object) -> None:
    """The job in progress is stopped as soon as its supervisor looks."""
    stopping.set()


def offer(function: Callable, read_setting: Callable[[Any], object] = lambda setting: setting) -> None:
    """Let pages ask for `function(report, setting, *inputs)`, see `app.training.managers.JobManager`.

    read_setting: the setting, from the JSON that it travels as.
    """

    @celery.task(name=job_name(function), bind=True, max_retries=None)
    def run(task: Task, key: str, progress_key: str, setting: Any, inputs: list | dict) -> None:
        supervise(task, key, progress_key, function, read_setting(setting), inputs)


def supervise(
    task: Task, key: str, progress_key: str, function: Callable, setting: object, inputs: list | dict
) -> None:
    """Run a job to its end, unless it is cancelled or this worker is; then it goes back to the queue."""
    address = task.app.conf.broker_url
    slot = Slot(connect(address), task.request.id)
    if not slot.extend():
        slot.free()  # cancelled while it waited, or given up
        return
    process = start(address, key, progress_key, function, setting, inputs)
    try:
        wanted = True
        while process.is_alive() and wanted and not stopping.is_set():
            process.join(LOOK_SECONDS)
            wanted = slot.extend()
    finally:
        stop(process)
    if process.exitcode != 0 and wanted and stopping.is_set() and slot.extend(WAITING_SECONDS):
        raise task.retry(countdown=0)
    slot.free()


offer(train_point, lambda setting: TrainingSetting(**setting))
