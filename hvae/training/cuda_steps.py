"""Steps on a CUDA device: the first ones eager, then one that is captured into a graph, and its replays.

A replay starts hundreds of kernels at once, which Python would start one by one. Where a graph cannot be
captured, steps stay eager: the weights are the same, to rounding, and take longer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from hvae.errors import one_line
from hvae.numerics import is_out_of_memory, release_memory

EAGER_STEPS = 3
"""How many steps come before the capture, as CUDA graphs ask, so that libraries have set up."""

log = logging.getLogger(__name__)


class CudaSteps:
    """Takes the steps of one training on `device`, which need not be the current one.

    lone: whether the training cannot be split. Then it goes on without a graph where memory is short; else
    torch.OutOfMemoryError says so.
    """

    def __init__(self, device: torch.device, lone: bool) -> None:
        self._device, self._lone = device, lone
        # One for all steps: what is freed on a stream is kept for that stream.
        self._stream = torch.cuda.Stream(device)
        self._eager_steps, self._may_capture = 0, True
        self._graph: tuple[torch.cuda.CUDAGraph, tuple[Tensor, ...]] | None = None

    def take(self, update: Callable[[tuple], None], inputs: tuple, counter: Tensor) -> None:
        """One step.

        update: takes it with a tuple such as `inputs`, without waiting for the device. Not kept, and nor is
        what it belongs to. counter: a tensor that every step changes.
        Raises torch.OutOfMemoryError, with weights as they were, where memory is too small for a graph.
        """
        with torch.cuda.device(self._device):
            if self._graph:
                self._replay(inputs)
            elif self._eager_steps < EAGER_STEPS or not self._may_capture:
                self._eager(update, inputs)
            else:
                self._first_replay(update, inputs, counter)

    def _eager(self, update: Callable[[tuple], None], inputs: tuple) -> None:
        self._eager_steps += 1
        current = torch.cuda.current_stream()
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            update(inputs)
        current.wait_stream(self._stream)

    def _replay(self, inputs: tuple) -> None:
        graph, static = self._graph
        for there, value in zip(static, inputs, strict=True):
            there.copy_(value)
        graph.replay()

    def _first_replay(self, update: Callable[[tuple], None], inputs: tuple, counter: Tensor) -> None:
        """Capture, and replay what was captured; an eager step where that fails or does nothing."""
        self._may_capture = False
        if self._capture(update, inputs):
            before = counter.clone()
            self._replay(inputs)
            if not torch.equal(counter, before):
                return
            self._give_up("its replay trains nothing")
        self._eager(update, inputs)

    def _capture(self, update: Callable[[tuple], None], inputs: tuple) -> bool:
        """Whether a graph was captured. The weights stay as they are: what is captured is not computed."""
        graph, static = torch.cuda.CUDAGraph(), type(inputs)(*(value.clone() for value in inputs))
        current, why, is_short = torch.cuda.current_stream(), None, False
        try:
            with torch.cuda.graph(graph, stream=self._stream):
                update(static)
        except RuntimeError as error:
            why, is_short = one_line(error), is_out_of_memory(error)
        finally:
            torch.cuda.set_stream(current)  # which stays the captured one where ending the capture fails
        self._graph = graph, static
        if why is None:
            return True
        del graph, static
        # Only here: until the end of `except` its traceback holds what was captured.
        self._give_up(None if is_short and not self._lone else why)
        if is_short and not self._lone:
            raise torch.OutOfMemoryError(why)
        return False

    def _give_up(self, why: str | None) -> None:
        """Free the graph and its memory, and say why."""
        self._graph[0].reset()
        self._graph = None
        release_memory()
        if why:
            say_once(f"Training goes on without a CUDA graph, more slowly ({why}).")


@lru_cache
def say_once(sentence: str) -> None:
    """Say it on stderr, the first time in this process: every interval of a run captures anew."""
    log.warning("%s", sentence)
