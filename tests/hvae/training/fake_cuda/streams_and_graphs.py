"""The machine's streams and CUDA graphs, in place of those of torch.cuda."""

from __future__ import annotations

import contextlib
import weakref
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from fake_cuda.machine import FakeCuda

MACHINES: list[FakeCuda] = []


def machine() -> FakeCuda:
    """The innermost machine."""
    return MACHINES[-1]


class Stream:
    """torch.cuda.Stream, of the current device unless another is named."""

    def __init__(self, device: object = None, **_: object) -> None:
        self.device_index = machine().index_of(device)
        self.device = torch.device("cuda", self.device_index)

    def wait_stream(self, other: Stream) -> None: ...

    def is_capturing(self) -> bool:
        return machine().capturing is not None


class Graph:
    """torch.cuda.CUDAGraph: knows what it reads and writes, and keeps the memory of its capture."""

    def __init__(self, *_: object) -> None:
        self.kernels = self.replays = self.device_index = 0
        self.made: set[int] = set()
        self.reads: dict[int, weakref.ref] = {}
        self.writes: set[int] = set()
        machine().graphs.append(weakref.ref(self))

    def replay(self) -> None:
        if not self.kernels:
            machine().problem("the replay of an empty graph")
        if any(storage() is None for storage in self.reads.values()):
            machine().problem("a replay reads memory that is gone")
        self.replays += 1
        machine().versions.update(dict.fromkeys(self.writes, 1))

    def reset(self) -> None:
        machine().pools.pop(id(self), None)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.reset()


class Capture:
    """torch.cuda.graph."""

    def __init__(self, graph: Graph, stream: Stream | None = None) -> None:
        self.graph, self.stream = graph, stream or Stream()

    def __enter__(self) -> None:
        cuda = machine()
        cuda.wait("the begin of a capture")
        cuda.empty_cache()
        self.before = cuda.streams[self.stream.device_index], cuda.device_index
        cuda.set_stream(self.stream)
        self.graph.device_index = cuda.device_index
        cuda.capturing, self.alive = self.graph, cuda.alive[cuda.device_index]
        cuda.captured_peak = self.alive

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        cuda = machine()
        cuda.capturing = None
        cuda.pools[id(self.graph)] = self.graph.device_index, cuda.captured_peak - self.alive
        if kind:
            raise RuntimeError("CUDA error: operation failed due to a previous error during capture")
        cuda.streams[self.stream.device_index], cuda.device_index = self.before
