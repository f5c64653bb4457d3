"""The separate process that talks to Ray: it gives workers their orders, and reports how they ended.

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
from collections import deque
from multiprocessing.connection import Connection
from typing import NamedTuple

import ray
from ray.actor import ActorHandle
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
    """The common part of all orders: the images, the interval, the device, and Ray's name for the device."""

    images: Images
    seconds: float
    device: str
    resource: str


class Ended(NamedTuple):
    """The end of an order: with a new state, or with a loss in Ray."""

    number: int
    reached: Reached | None = None
    lost: str = ""


class Turn(NamedTuple):
    """The answer to a list of orders: the slots that the cluster has now, and the orders that have ended."""

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
        trainers = None
        while True:
            asked = receive(connection)
            if isinstance(asked, Setup):
                trainers = Trainers(asked)
                send(connection, None)
            else:
                send(connection, trainers.turn(asked))
    except EOFError:
        ray.shutdown()  # ends the workers as well
    except RayTaskError as error:
        send(connection, explained(error))
    except Exception as error:  # Ray raises ConnectionError, RuntimeError, BrokenPipeError, RayError, …
        send(connection, ConnectionError(one_line(error) or type(error).__name__))


def explained(error: RayTaskError) -> Exception:
    """Return the simple exception behind the exception of a worker."""
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


class Trainers:
    """The workers of one run of the engine.

    Each is an actor: a process that keeps one CPU or GPU of the cluster until the run ends. A process of
    tasks is assigned another GPU from one to the next, and goes on with its first, which it cannot change.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        # In a list it stays a reference, and a worker that has the images does not copy them again.
        self._images = [ray.put(setup.images)]
        # Ray's own retries would begin an interval whose end the engine cannot see.
        self._hired = Trainer.options(
            num_cpus=int(setup.resource == "CPU"),
            num_gpus=int(setup.resource == "GPU"),
            max_restarts=0,
            max_task_retries=0,
        )
        self._waiting: deque[Order] = deque()
        self._starting: dict[ray.ObjectRef, ActorHandle] = {}
        self._idle: list[ActorHandle] = []
        self._running: dict[ray.ObjectRef, tuple[int, ActorHandle]] = {}

    def turn(self, orders: list[Order]) -> Turn:
        """Give the orders to idle workers, wait a little, and return those that have ended.

        Raises RayTaskError for a failure.
        """
        self._waiting.extend(orders)
        slots = int(ray.cluster_resources().get(self._setup.resource, 0))
        while self._waiting and self._idle:
            number, job, state = self._waiting.popleft()
            worker = self._idle.pop()
            self._running[worker.train.remote(job, state, self._setup.seconds)] = number, worker
        workers = len(self._starting) + len(self._idle) + len(self._running)
        for _ in range(min(len(self._waiting) - len(self._starting), slots - workers)):
            worker = self._hired.remote(self._images, self._setup.device)
            self._starting[worker.ready.remote()] = worker
        under_way = [*self._starting, *self._running]
        if under_way:
            landed, _ = ray.wait(under_way, timeout=WAIT_SECONDS)
        else:
            time.sleep(WAIT_SECONDS)
            landed = []
        return Turn(slots, [ended for reference in landed for ended in self._ended(reference)])

    def _ended(self, reference: ray.ObjectRef) -> list[Ended]:
        """Return the order that has ended with this call of a worker; none where it has only begun."""
        number, worker = self._running.pop(reference, (None, None))
        worker = worker or self._starting.pop(reference)
        try:
            reached = ray.get(reference)
        except RayTaskError:
            raise
        except RayError as error:
            self._idle.clear()  # they may have been on the same node; new ones take their place
            if number is None and self._waiting:  # so that it is noticed where no worker can begin
                number = self._waiting.popleft().number
            return [] if number is None else [Ended(number, lost=type(error).__name__)]
        self._idle.append(worker)
        return [] if number is None else [Ended(number, reached)]


@ray.remote
class Trainer:
    """A worker. images: a reference to them, in a list. device: where they are kept between its jobs."""

    def __init__(self, images: list[ray.ObjectRef], device: str) -> None:
        self._reference, self._device = images[0], device
        self._images: Images | None = None

    def ready(self) -> None:
        """Return as soon as the worker has its place in the cluster."""

    def train(self, job: Job, state: State, seconds: float) -> Reached:
        """Train a job for an interval. Raises UserError if the node has no such device."""
        if self._images is None:
            self._images = ray.get(self._reference).to(choose_device(self._device))
        with denormals_flushed():
            return carry_on(self._images, job, state, seconds)


def send(connection: Connection, message: object) -> None:
    """Send by value: `Connection.send` would move tensors to shared memory, a file descriptor for each."""
    connection.send_bytes(pickle.dumps(message))


def receive(connection: Connection) -> object:
    """Return what the other side sent. Raises EOFError if it is gone."""
    return pickle.loads(connection.recv_bytes())
