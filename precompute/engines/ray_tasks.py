"""The separate process that talks to Ray: it starts tasks, and reports how they ended.

If its cluster is lost, Ray prints pages, waits for a minute and then ends its process. The engine should
print one sentence instead. So Ray runs in a separate process, whose output is not shown, and the two take
turns: a question, an answer.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import time
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import NamedTuple

import ray
from ray.exceptions import RayError, RayTaskError

from hvae.architectures.registry import PLUGIN
from hvae.datasets import Images
from hvae.errors import UserError, one_line
from hvae.numerics import denormals_flushed
from hvae.training.fleet import State
from precompute.device import choose_device
from precompute.engines.engine import Order
from precompute.engines.training_job import Job, Reached, carry_on

WAIT_SECONDS = 1.0


class Joined(NamedTuple):
    """The first answer: where the cluster's head listens, and what the cluster has."""

    head: str
    resources: dict[str, float]


class Setup(NamedTuple):
    """The common part of all tasks: the images, the interval, the device, and Ray's name for the device."""

    images: Images
    seconds: float
    device: str
    resource: str


class Ended(NamedTuple):
    """The end of a task: with a new state, or with a loss in Ray."""

    number: int
    reached: Reached | None = None
    lost: str = ""


class Turn(NamedTuple):
    """The answer to a list of orders: the slots that the cluster has now, and the tasks that have ended."""

    slots: int
    ended: list[Ended]


def main() -> None:
    """Serve the process that started this one.

    Arguments: the cluster's address and a file descriptor to talk through.
    """
    address, descriptor = sys.argv[1:]
    serve(Connection(int(descriptor)), address)


def serve(connection: Connection, address: str) -> None:
    """Join the cluster, and answer a Setup with None and a list of Orders with a Turn until nobody asks.

    Errors are answers, too: UserError if a node cannot train, ConnectionError if Ray fails, and RuntimeError
    with the worker's traceback for anything else.
    """
    try:
        plugin = {PLUGIN: os.environ[PLUGIN]} if os.environ.get(PLUGIN) else {}
        ray.init(
            address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": plugin} if plugin else None,
        )
        send(connection, Joined(ray.get_runtime_context().gcs_address, ray.cluster_resources()))
        tasks = None
        while True:
            asked = receive(connection)
            if isinstance(asked, Setup):
                tasks = Tasks(asked)
                send(connection, None)
            else:
                send(connection, tasks.turn(asked))
    except EOFError:
        ray.shutdown()  # ends the tasks as well
    except RayTaskError as error:
        send(connection, explained(error))
    except Exception as error:  # Ray raises ConnectionError, RuntimeError, BrokenPipeError, RayError, …
        send(connection, ConnectionError(one_line(error) or type(error).__name__))


def explained(error: RayTaskError) -> Exception:
    """Return the simple exception behind the exception of a task."""
    if isinstance(error.cause, UserError):
        return UserError(f"A node of the Ray cluster cannot train: {error.cause}")
    text = str(error).strip()
    last = text.splitlines()[-1]
    # Ray's text ends with the module that a node could not import, in every exception.
    if last.startswith(("ModuleNotFoundError", "ImportError")):
        return UserError(
            f"A node of the Ray cluster needs this project at this version: install it ({last})."
        )
    return RuntimeError(text)


class Tasks:
    """The tasks of one run of the engine."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        # In a list it stays a reference, and a worker that has the images does not copy them again.
        self._images = [ray.put(setup.images)]
        # Ray's own retries would begin an interval whose end the engine cannot see.
        self._task = train.options(
            num_cpus=int(setup.resource == "CPU"), num_gpus=int(setup.resource == "GPU"), max_retries=0
        )
        self._running: dict[ray.ObjectRef, int] = {}

    def turn(self, orders: list[Order]) -> Turn:
        """Start the ordered tasks, wait a little, and return the ended ones.

        Raises RayTaskError for a failure.
        """
        for number, job, state in orders:
            started = self._task.remote(job, state, self._images, self._setup.seconds, self._setup.device)
            self._running[started] = number
        if self._running:
            ended, _ = ray.wait(list(self._running), timeout=WAIT_SECONDS)
        else:
            time.sleep(WAIT_SECONDS)
            ended = []
        slots = int(ray.cluster_resources().get(self._setup.resource, 0))
        return Turn(slots, [self._ended(reference) for reference in ended])

    def _ended(self, reference: ray.ObjectRef) -> Ended:
        number = self._running.pop(reference)
        try:
            return Ended(number, ray.get(reference))
        except RayTaskError:
            raise
        except RayError as error:
            return Ended(number, lost=type(error).__name__)


# Ray would start a new process for every task on a GPU.
@ray.remote(max_calls=0)
def train(job: Job, state: State, images: list[ray.ObjectRef], seconds: float, device: str) -> Reached:
    """Return the task, which trains a job for an interval.

    Raises UserError if the node has no such device.
    """
    with denormals_flushed():
        return carry_on(images_on(device, images[0]), job, state, seconds)


@lru_cache(maxsize=1)
def images_on(device: str, reference: ray.ObjectRef) -> Images:
    """Return the images on the worker's device, where they stay from one task to the next."""
    return ray.get(reference).to(choose_device(device))


def send(connection: Connection, message: object) -> None:
    """Send by value: `Connection.send` would move tensors to shared memory, a file descriptor for each."""
    connection.send_bytes(pickle.dumps(message))


def receive(connection: Connection) -> object:
    """Return what the other side sent. Raises EOFError if it is gone."""
    return pickle.loads(connection.recv_bytes())
