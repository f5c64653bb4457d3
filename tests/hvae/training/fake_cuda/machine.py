"""The machine itself: the mode under which torch's operations run, and what it records."""

from __future__ import annotations

import contextlib
import sys
import weakref
from collections import Counter, defaultdict
from functools import cache

import torch
import torch._subclasses.fake_tensor as fake_tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from fake_cuda import without_a_driver
from fake_cuda.generators import Generator, GpuGenerator, RealGenerator
from fake_cuda.streams_and_graphs import MACHINES, Capture, Graph, Stream

aten = torch.ops.aten
RANDOM = ("rand", "normal", "bernoulli", "dropout", "multinomial", "uniform")
WAITING = {aten.nonzero.default, aten._unique2.default, aten.bincount.default, aten.masked_select.default}


class FakeCuda(TorchDispatchMode):
    """Within this context the machine has two CUDA devices, of `memory` bytes each.

    fail_capture: an error to raise in the middle of every capture.
    """

    def __init__(self, memory: float = 80e9, fail_capture: Exception | None = None) -> None:
        super().__init__()
        self.fake = _Mode(allow_non_fake_inputs=True, allow_fallback_kernels=False)
        self.memory, self.fail_capture = memory, fail_capture
        self.device_index, self.phase = 0, "other"
        self.streams: dict[int, Stream | None] = {0: None, 1: None}
        self.capturing: Graph | None = None
        self.graphs: list[weakref.ref] = []
        self.problems: Counter = Counter()
        self.waits: dict[str, Counter] = defaultdict(Counter)
        self.waited_for: list[int] = []
        self.rounded: Counter = Counter()
        self.alive, self.peak = [0, 0], [0, 0]
        self.captured_peak = 0
        self.kept: Counter = Counter()  # (device, stream) → bytes that the allocator keeps for it
        self.pools: dict[int, tuple[int, int]] = {}
        self.alive_when_emptied: list[int] = []
        self.versions: Counter = Counter()
        self._clones: dict[int, tuple[int, int]] = {}
        self._known: dict[int, weakref.ref] = {}
        self._noise = RealGenerator().manual_seed(0)

    def __enter__(self) -> FakeCuda:
        self._undo = contextlib.ExitStack()
        MACHINES.append(self)
        self._undo.callback(MACHINES.pop)
        self._undo.callback(torch._C._set_only_lift_cpu_tensors, torch._C._only_lift_cpu_tensors())
        torch._C._set_only_lift_cpu_tensors(True)
        torch._C._ensureCUDADeviceGuardSet()
        for owner, name, value in self._patches():
            self._undo.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, value)
        super().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._undo.close()

    def _patches(self):
        cuda = torch.cuda

        @contextlib.contextmanager
        def stream(chosen):
            before = self.streams[chosen.device_index], self.device_index
            self.set_stream(chosen)
            yield
            self.streams[chosen.device_index], self.device_index = before

        @contextlib.contextmanager
        def device(chosen):
            before, self.device_index = self.device_index, self.index_of(chosen)
            yield
            self.device_index = before

        def synchronize(chosen=None):
            self.waited_for.append(self.index_of(chosen))
            self.wait("synchronize")

        def of(numbers):
            return lambda chosen=None: numbers(self.index_of(chosen))

        def reset_peak(index):
            self.peak[index] = self.reserved(index)

        defaults = {0: Stream(0), 1: Stream(1)}
        yield cuda, "is_available", lambda: True
        yield cuda, "device_count", lambda: 2
        yield cuda, "current_device", lambda: self.device_index
        yield cuda, "set_device", lambda chosen: setattr(self, "device_index", self.index_of(chosen))
        yield cuda, "device", device
        yield cuda, "_lazy_init", lambda: None
        yield cuda, "is_bf16_supported", lambda *_, **__: True
        yield cuda, "get_device_capability", lambda *_: (9, 0)
        yield cuda, "get_device_name", lambda *_: "a make-believe GPU"
        yield cuda, "Stream", Stream
        yield cuda, "stream", stream
        yield cuda, "set_stream", self.set_stream
        current = of(lambda index: self.streams[index] or defaults[index])
        yield cuda, "current_stream", current
        yield torch.accelerator, "current_stream", current
        yield torch.accelerator, "current_accelerator", lambda *_, **__: torch.device("cuda")
        yield cuda, "CUDAGraph", Graph
        yield cuda, "graph", Capture
        yield cuda, "is_current_stream_capturing", lambda: self.capturing is not None
        yield cuda, "synchronize", synchronize
        yield torch.accelerator, "synchronize", synchronize
        yield cuda, "empty_cache", self.empty_cache
        yield cuda, "mem_get_info", of(lambda index: (self.memory - self.reserved(index), self.memory))
        yield cuda, "reset_peak_memory_stats", of(reset_peak)
        yield cuda, "max_memory_allocated", of(lambda index: self.peak[index])
        yield cuda, "max_memory_reserved", of(lambda index: self.peak[index])
        yield torch, "Generator", Generator
        yield torch.autograd, "grad", without_a_driver.grad
        yield torch.Tensor, "backward", without_a_driver.backward
        yield fake_tensor, "init_gpu_context", lambda *_: None
        yield torch.nn.Module, "_apply", without_a_driver.apply
        # Without a GPU torch says Slow2d; with one, cuDNN takes these, in channels_last where a side is.
        yield torch._C, "_select_conv_backend", lambda *_, **__: torch._C._ConvBackend.Cudnn
        yield torch._C, "_conv_determine_backend_memory_format", without_a_driver.cudnn_format

    def index_of(self, device: object) -> int:
        """The number of a device; the current one's where none is named."""
        index = device if device is None or isinstance(device, int) else torch.device(device).index
        return self.device_index if index is None else index

    def set_stream(self, stream: Stream) -> None:
        self.streams[stream.device_index], self.device_index = stream, stream.device_index

    # ----------------------------------------------------------------------------------------- what is seen

    @contextlib.contextmanager
    def during(self, phase: str):
        """Within this, what waits for the device is noted in `waits[phase]`."""
        before, self.phase = self.phase, phase
        try:
            yield
        finally:
            self.phase = before

    def wait(self, what: str) -> None:
        self.waits[self.phase][f"{what}{_place()}"] += 1
        if self.capturing is not None:
            self.problem(f"{what} while a graph is captured")

    def problem(self, what: str) -> None:
        self.problems[f"{what}{_place()}"] += 1

    def reserved(self, index: int) -> int:
        """Bytes of a device that are taken, by what is alive or by a graph."""
        return self.alive[index] + sum(size for of, size in self.pools.values() if of == index)

    def empty_cache(self) -> None:
        self.kept.clear()
        self.alive_when_emptied.append(sum(self.alive))

    # ----------------------------------------------------------------------------------------- operations

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # that would import the compiler

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        leaves = tree_leaves((args, kwargs))
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        wanted = kwargs.get("device")
        to_gpu = wanted is not None and torch.device(wanted).type == "cuda"
        on_gpu = [tensor for tensor in tensors if tensor.device.type == "cuda"]
        if (not on_gpu and not to_gpu) or func is torch.ops.prim.device.default:
            return func(*args, **kwargs)  # the CPU's, and real
        if _is_composite(func):
            with self:  # in inference mode these arrive whole
                return func.decompose(*args, **kwargs)
        if func is aten._local_scalar_dense.default:
            self.wait("a number of the device's")
            return True if args[0].dtype is torch.bool else 0.5 if args[0].dtype.is_floating_point else 1
        if func is aten.is_nonzero.default:
            self.wait("a truth of the device's")
            return True
        if func is aten.equal.default:
            self.wait("torch.equal")
            return self._is_unchanged(*args)
        if func is aten._to_copy.default and on_gpu and wanted is not None and not to_gpu:
            self.wait("a copy to the CPU")
            return self._values(args[0], kwargs.get("dtype"))
        if func is aten._to_copy.default and to_gpu and not on_gpu:
            self.wait("a copy to the device")
        if func is aten.copy_.default and args[0].device.type != args[1].device.type:
            self.wait("a copy between CPU and device")
            if args[0].device.type == "cpu":
                return args[0].copy_(self._values(args[1], args[0].dtype).reshape(args[1].shape))
        if func in WAITING:
            self.wait(str(func))
            return self._of_unknown_shape(func, args, kwargs)
        self._check(func, tensors, leaves, bool(on_gpu) or to_gpu)
        if "_fused_adam" in str(func):  # in place, and nothing knows it without values
            out = None
        else:
            with self.fake:
                out = func(*args, **kwargs)
        self._note(func, args, kwargs, on_gpu, out)
        return out

    def _check(self, func, tensors, leaves, on_gpu: bool) -> None:
        strict = "_fused_adam" in str(func)  # which binds even single numbers as the device's
        devices = {str(one.device) for one in tensors if one.dim() or one.device.type == "cuda" or strict}
        if len(devices) > 1 and func not in (aten.copy_.default, aten._to_copy.default):
            if func in (aten.index.Tensor, aten.index_put_.default):
                self.wait("an index of the CPU's")
            else:
                self.problem(f"{func} of {sorted(devices)}")
                raise RuntimeError(f"{func}: tensors of {sorted(devices)}")
        for generator in leaves:
            if isinstance(generator, RealGenerator):
                if on_gpu and generator.initial_seed() not in GpuGenerator.seeds:
                    raise RuntimeError("Expected a 'cuda' device type for generator but found 'cpu'")
        if self.capturing is not None and any(word in str(func) for word in RANDOM):
            self.problem("random numbers that a graph does not renew")

    def _values(self, tensor: torch.Tensor, dtype: torch.dtype | None = None) -> torch.Tensor:
        dtype, shape = dtype or tensor.dtype, tuple(tensor.shape)
        if not dtype.is_floating_point:
            # As labels are, should they be labels.
            return (torch.arange(tensor.numel()) % 10).reshape(shape).to(dtype)
        return torch.randn(shape, generator=self._noise).mul_(0.02).abs_().to(dtype)

    def _of_unknown_shape(self, func, args, kwargs):
        device = args[0].device
        with self.fake:
            if func is aten._unique2.default:
                values = torch.empty(10, dtype=args[0].dtype, device=device)
                return values, torch.empty_like(args[0]), torch.empty(10, dtype=torch.int64, device=device)
            if func is aten.bincount.default:
                least = kwargs.get("minlength", args[2] if len(args) > 2 else 0)
                return torch.empty(max(10, least), dtype=torch.int64, device=device)
        raise NotImplementedError(str(func))

    def _note(self, func, args, kwargs, inputs, out) -> None:
        outputs = [
            one for one in tree_leaves(out) if isinstance(one, torch.Tensor) and one.device.type == "cuda"
        ]
        graph = self.capturing
        for tensor in inputs if graph else ():
            key = tensor.untyped_storage()._cdata
            if key not in graph.made:
                graph.reads.setdefault(key, weakref.ref(tensor.untyped_storage()))
        for tensor in outputs:
            self._allocated(tensor.untyped_storage(), tensor.device.index or 0)
        written = {one.untyped_storage()._cdata for one in _written(func, args, kwargs)}
        if graph:
            graph.writes |= written
        else:
            self.versions.update(dict.fromkeys(written, 1))
        if func in (aten.clone.default, aten._to_copy.default) and inputs and outputs:
            key = inputs[0].untyped_storage()._cdata
            self._clones[outputs[0].untyped_storage()._cdata] = key, self.versions[key]
        if func is aten.convolution.default and args[0].dtype is torch.float32:
            if torch.backends.cudnn.allow_tf32:
                self.rounded[f"{self.phase}{_place()}"] += 1
        if graph and not _returns_a_view(func):
            if any((one.device.index or 0) != graph.device_index for one in (*inputs, *outputs)):
                self.problem("work that a capture does not see: it is on another device")
            else:
                graph.kernels += 1
            if self.fail_capture and graph.kernels > 20:
                raise type(self.fail_capture)(*self.fail_capture.args)  # one that nobody else holds

    def _is_unchanged(self, a: torch.Tensor, b: torch.Tensor) -> bool:
        """Whether a tensor is as it was when it was cloned; yes of any two others."""
        a, b = a.untyped_storage()._cdata, b.untyped_storage()._cdata
        for tensor, clone in ((a, b), (b, a)):
            if clone in self._clones and self._clones[clone][0] == tensor:
                return self._clones[clone][1] == self.versions[tensor]
        return True

    def _allocated(self, storage, index: int) -> None:
        key = storage._cdata
        known = self._known.get(key)
        if known is not None and known() is storage:
            return
        size = -(-storage.nbytes() // 512) * 512
        if self.reserved(index) + size > self.memory:
            raise torch.OutOfMemoryError(f"CUDA out of memory: {size} bytes more are too many")
        self.alive[index] += size
        self.peak[index] = max(self.peak[index], self.reserved(index))
        place = None if self.capturing else (index, id(self.streams[index]))
        if place:
            self.kept[place] = max(0, self.kept[place] - size)
        else:
            self.capturing.made.add(key)
            self.captured_peak = max(self.captured_peak, self.alive[index])
        self._known[key] = weakref.ref(storage)
        weakref.finalize(storage, self._freed, key, size, index, place)

    def _freed(self, key: int, size: int, index: int, place) -> None:
        self.alive[index] -= size
        if place:
            self.kept[place] += size
        for known in (self._known, self.versions, self._clones):
            known.pop(key, None)


class _Mode(fake_tensor.FakeTensorMode):
    avoid_device_init = True  # as on a machine without a GPU, whatever torch.cuda.is_available says now


def _place() -> str:
    """The innermost line of the project that led here."""
    frame = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename.replace("\\", "/")
        if any(part in path for part in ("/hvae/", "/precompute/")) and "/tests/" not in path:
            return f" [{path.rsplit('/', 1)[1]}:{frame.f_lineno}]"
        frame = frame.f_back
    return ""


@cache
def _is_composite(func) -> bool:
    """Whether an operation has to be taken apart before its parts can be computed without values."""
    has = torch._C._dispatch_has_kernel_for_dispatch_key
    return has(func.name(), "CompositeImplicitAutograd") and not has(func.name(), "Meta")


@cache
def _changed_arguments(func) -> list[tuple[int, str]]:
    """The places and names of arguments that an operation changes in place."""
    return [
        (place, argument.name)
        for place, argument in enumerate(func._schema.arguments)
        if argument.alias_info is not None and argument.alias_info.is_write
    ]


@cache
def _returns_a_view(func) -> bool:
    return any(
        result.alias_info is not None and not result.alias_info.is_write for result in func._schema.returns
    )


def _written(func, args, kwargs):
    """The tensors that an operation changes in place."""
    for place, name in _changed_arguments(func):
        value = args[place] if place < len(args) else kwargs.get(name)
        yield from (one for one in tree_leaves(value) if isinstance(one, torch.Tensor))
