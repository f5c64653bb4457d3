"""The Ray engine: a worker on every CPU or GPU of a Ray cluster.

A worker trains a job for one interval and returns its state. The engine keeps the last state of every job. So
the loss of a worker or a node costs at most one interval: another worker goes on from that state.
If the head is lost, the run ends, and the same command continues it.

Importing this module raises UserError if Ray is not installed.
"""

from __future__ import annotations

import math
import multiprocessing
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from hvae.datasets import Images
from hvae.errors import UserError
from precompute.engines.engine import Engine, Landed, OnStep, Order
from precompute.engines.stack_size import CPU_STACK

try:
    from precompute.engines.ray_trainers import Setup, receive, send
except ImportError as error:
    if error.name != "ray":
        raise
    raise UserError('--engine ray needs Ray: pip install -e ".[ray]", here and on every node.') from None

MOST_LOSSES = 5
MOST_POINTS = 64
JOIN_SECONDS = 40
# A head may be too busy to answer at once.
TRIES, TRY_SECONDS = 4, 1.0
SERVE = "from precompute.engines.ray_trainers import main; main()"
START = "ray start --head --port=6379"


class RayEngine(Engine):
    """Runs jobs on a Ray cluster to which this machine belongs, as many at once as it has CPUs or GPUs.

    address: HOST:PORT of the cluster's head, or auto for the cluster that runs on this machine.
    images: the training images, on any device.
    device: auto takes the cluster's GPUs if it has any, else its CPUs.
    stack: how many points make a job; by default one on a CPU, on GPUs an equal share of `points` for each.
    interval: seconds until a worker returns its state.
    Raises UserError if there is no such cluster, or none with such a device.
    """

    def __init__(
        self,
        address: str,
        images: Images,
        device: str,
        stack: int | None,
        interval: float,
        console: Console,
        points: int = MOST_POINTS,
    ) -> None:
        super().__init__(len(images), stack or CPU_STACK, console)
        self.address, self.images, self.interval = address, images.to("cpu"), interval
        self._link: Link | None = Link(address)
        resources = self._link.resources
        on_gpus = device.startswith("cuda") or (device == "auto" and resources.get("GPU", 0) >= 1)
        self.resource = "GPU" if on_gpus else "CPU"
        self.slots = int(resources.get(self.resource, 0))
        if self.slots < 1:
            self._link.close()
            raise UserError(
                f"The Ray cluster at {address} has no {self.resource}: add a node that has one, "
                "or name another --device."
            )
        # Ray shows a worker only the one GPU that is its own, as number 0.
        self.device = "cuda" if on_gpus else "cpu" if device == "auto" else device
        share = min(MOST_POINTS, max(1, math.ceil(points / self.slots)))
        if on_gpus and stack is None:
            self.stack = share
        self._orders: dict[int, Order] = {}  # those under way
        self._losses: dict[int, int] = {}  # how often in a row each of them was lost
        self._lost: list[int] = []  # those to start again

    @contextmanager
    def ready(self) -> Iterator[None]:
        """See Engine."""
        link, self._link = self._link or Link(self.address), None
        self._open_link, self._orders, self._losses, self._lost = link, {}, {}, []
        try:
            link.send(Setup(self.images, self.interval, self.device, self.resource))
            link.answer()
            yield
        finally:
            link.close()

    def start(self, orders: list[Order]) -> None:
        """See Engine. Lost jobs start again from their last states, too."""
        again = [self._orders[number] for number in self._lost]
        self._lost = []
        self._orders |= {order.number: order for order in orders}
        self._open_link.send([*again, *orders])

    def landed(self, on_step: OnStep) -> list[Landed]:
        """See Engine. Raises UserError if the cluster is lost, or a job five times without progress."""
        # Slots are counted again every time, because nodes come and go.
        self.slots, ended = self._open_link.answer()
        for number, _, lost in ended:
            if lost:
                self._note_loss(number, lost)
            else:
                del self._orders[number]
                self._losses.pop(number, None)
        return [Landed(number, reached) for number, reached, lost in ended if not lost]

    def _note_loss(self, number: int, why: str) -> None:
        job, state = self._orders[number].job, self._orders[number].state
        self._losses[number] = self._losses.get(number, 0) + 1
        if self._losses[number] == MOST_LOSSES:
            raise UserError(
                f"The Ray cluster at {self.address} lost {job.names[0]} {MOST_LOSSES} times in a row "
                f"({why}): see Ray's logs there; the same command continues."
            )
        self.console.print(f"Ray lost a worker with {job.names[0]} ({why}): on again from step {state.step}.")
        self._lost.append(number)


class Link:
    """The process that talks to Ray (see `precompute.engines.ray_trainers`). It has joined the cluster.

    Raises UserError if it cannot.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        if address != "auto":
            if not host or not port.isdigit() or "/" in address:
                raise UserError(f"--address {address} is not an address: write HOST:PORT, or auto.")
            if not answers(address):
                raise UserError(f"Nothing listens at {address}: start a cluster there with {START}.")
        self.address, self._head = address, None
        self._connection, theirs = multiprocessing.Pipe()
        # A session of its own, because the terminal's Ctrl-C is for this process.
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE, address, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        try:
            # If something else listens, Ray would try for minutes.
            if not self._connection.poll(JOIN_SECONDS):
                raise UserError(f"What listens at {address} is no Ray cluster: start one with {START}.")
            self._head, self.resources = self.answer()
        except BaseException:
            self.close()
            raise

    def send(self, message: object) -> None:
        """Send a question. Raises UserError if the cluster is lost."""
        try:
            send(self._connection, message)
        except OSError:
            raise self._lost("Ray ended its process") from None

    def answer(self) -> object:
        """Wait for the answer. Raises UserError if the cluster is lost."""
        try:
            while not self._connection.poll(TRY_SECONDS):
                if self._head and not answers(self._head):
                    raise self._lost("its head no longer answers")
            answer = receive(self._connection)
        except (EOFError, OSError):
            raise self._lost("Ray ended its process") from None
        if isinstance(answer, ConnectionError):
            raise self._lost(f"Ray says: {answer}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """Leave the cluster, which ends our workers there."""
        self._connection.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:  # Ray waits for a head that is gone
            self._process.kill()
            self._process.wait()

    def _lost(self, why: str) -> UserError:
        if self._head is None:
            return UserError(f"Cannot join a Ray cluster at {self.address} ({why}): start one with {START}.")
        return UserError(
            f"The Ray cluster at {self.address} is lost ({why}): start it again; the same command continues."
        )


def answers(address: str) -> bool:
    """Return whether anything listens at HOST:PORT."""
    host, _, port = address.rpartition(":")
    for attempt in range(TRIES):
        if attempt:
            time.sleep(TRY_SECONDS)
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=TRY_SECONDS).close()
            return True
        except (OSError, OverflowError):
            continue
    return False
