"""What must hold on a GPU, checked on a make-believe one: each check yields what is wrong, a line each.

    python gpu_checks.py [CHECK …]     # prints JSON: check → what is wrong; some seconds

`test_on_a_gpu.py` runs this in a process of its own, because `fake_cuda` patches torch.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import io
import json
import logging
import sys
import tempfile
import traceback
import warnings
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import torch
from fake_cuda import FakeCuda

from hvae import HVAEConfig
from hvae.datasets import Images
from hvae.training import cuda_steps
from hvae.training.fleet import Fleet
from hvae.training.recipe import Recipe
from hvae.training.train import initial_model, initial_parent

CONFIG = HVAEConfig(width=4, top_dim=4, channels=2)
LADDER = dataclasses.replace(CONFIG, inference="ladder")
ONE_LAYER = dataclasses.replace(CONFIG, layers=1)
RECIPE = Recipe(epochs=100, batch_size=8)
CHECKS: list[Callable[[], Iterator[str]]] = []


def check(function: Callable[[], Iterator[str]]) -> Callable[[], Iterator[str]]:
    """Add a check to those that are run."""
    CHECKS.append(function)
    return function


def pictures(device: str = "cpu", n: int = 64) -> Images:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (n, 1, 32, 32), generator=generator, dtype=torch.uint8)
    return Images(pixels, torch.arange(n) % 10, tuple("0123456789")).to(device)


def a_fleet(
    images: Images, models: int, formulation: str | None = None, config: HVAEConfig = CONFIG
) -> Fleet:
    """A fleet of points; of none, the parent."""
    cpu = pictures()  # to begin with
    if not models:
        return Fleet([initial_parent(config, cpu, 0, (0.1, 10.0))], ["parent"], None, images, RECIPE)
    betas = [[1.0 + number] * config.layers for number in range(models)]
    initial = [initial_model(config, cpu, 0)] * models
    return Fleet(initial, [str(row) for row in range(models)], betas, images, RECIPE, 0, formulation)


@contextlib.contextmanager
def eager_steps(n: int = 0) -> Iterator[None]:
    with patch.object(cuda_steps, "EAGER_STEPS", n):
        yield


def few_operations() -> contextlib.AbstractContextManager:
    """Within this, points are trained in the formulation that takes the fewest: here each costs its time."""
    return patch("hvae.training.fleet.usual_formulation", lambda device: "grouped")


@contextlib.contextmanager
def what_is_said() -> Iterator[list[str]]:
    """The lines that training says meanwhile."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    cuda_steps.say_once.cache_clear()
    cuda_steps.log.addHandler(handler)
    try:
        yield said
    finally:
        cuda_steps.log.removeHandler(handler)


def trained_in_a_graph(make: Callable[[Images], Fleet], device: str) -> Iterator[str]:
    """Two steps: one that captures, and one that is only replayed."""
    with FakeCuda() as cuda, eager_steps(), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        fleet = make(pictures(device))
        fleet.inputs()  # orders and noise, which come once for many steps
        for phase in ("capture", "replay"):
            with cuda.during(phase):
                fleet.step()
        yield from cuda.problems
        yield from (f"waits for the device: {what}" for what in cuda.waits["replay"])
        yield from (f"warns: {one.message}" for one in warned if "FakeTensor" not in str(one.message))
        graphs = [graph for reference in cuda.graphs if (graph := reference())]
        if [graph.replays for graph in graphs] != [2]:
            yield f"of 2 steps {[graph.replays for graph in graphs]} are replays"
        del graphs
        watched = weakref.ref(fleet)
        del fleet
        if watched():
            yield "a fleet refers to itself: its memory waits for the garbage collector"


@check
def every_formulation_and_size_of_stack_trains_in_a_graph() -> Iterator[str]:
    for models, formulation, config, device in (
        (1, "loop", ONE_LAYER, "cuda"),
        (4, "matmul", CONFIG, "cuda:1"),
        (64, "grouped", ONE_LAYER, "cuda"),
        (2, "einsum", LADDER, "cuda"),
        (4, "grouped_last", LADDER, "cuda:1"),
    ):
        for wrong in trained_in_a_graph(
            lambda images, of=(models, formulation, config): a_fleet(images, *of), device
        ):
            yield f"{models} points, {formulation}, {device}: {wrong}"


@check
def the_parent_trains_in_a_graph_on_the_gpu_that_was_asked_for() -> Iterator[str]:
    yield from trained_in_a_graph(lambda images: a_fleet(images, 0), "cuda:1")


@check
def eager_steps_share_one_stream_and_neither_wait_nor_warn() -> Iterator[str]:
    with FakeCuda() as cuda, eager_steps(3), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        fleet = a_fleet(pictures("cuda:1"), 1, "loop", ONE_LAYER)
        fleet.inputs()
        kept = []
        for _ in range(3):
            with cuda.during("step"):
                fleet.step()
            kept.append(sum(cuda.kept.values()))
        if kept[2] > 1.2 * kept[0]:
            yield f"the allocator keeps {kept} bytes after so many steps"
        yield from cuda.problems
        yield from (f"waits for the device: {what}" for what in cuda.waits["step"])
        yield from (f"warns: {one.message}" for one in warned if "FakeTensor" not in str(one.message))


@check
def a_capture_that_fails_is_freed_and_training_goes_on_eagerly() -> Iterator[str]:
    for error in (
        RuntimeError("CUDA error: operation not permitted"),
        torch.OutOfMemoryError("out of memory"),
    ):
        with FakeCuda(fail_capture=error) as cuda, eager_steps(), what_is_said() as said:
            fleet = a_fleet(pictures("cuda:1"), 1, "loop", ONE_LAYER)
            fleet.inputs()
            stream, alive = torch.cuda.current_stream(1), sum(cuda.alive)
            for _ in range(2):
                fleet.step()
            if torch.cuda.current_stream(1) is not stream:
                yield "the stream of the capture stays the current one"
            if cuda.pools or len(cuda.graphs) != 1:
                yield f"{len(cuda.graphs)} captures, {len(cuda.pools)} still in memory"
            if cuda.alive_when_emptied[-1] > 1.5 * alive:  # with the inputs of a step
                yield f"given back while {cuda.alive_when_emptied[-1]} bytes are alive, not {alive}"
            if fleet.done != 2 or len(said) != 1 or "without a CUDA graph" not in said[0]:
                yield f"{fleet.done} steps, said: {said}"


@check
def a_replay_that_trains_nothing_is_noticed() -> Iterator[str]:
    with FakeCuda() as cuda, eager_steps(), what_is_said() as said:
        fleet = a_fleet(pictures("cuda"), 1, "loop", ONE_LAYER)
        with patch.object(torch.cuda.CUDAGraph, "replay", lambda graph: None):
            fleet.step()
        if not said or cuda.pools:
            yield f"said: {said}, graphs in memory: {len(cuda.pools)}"


@check
def a_stack_that_memory_is_too_short_for_is_halved_and_freed() -> Iterator[str]:
    from rich.console import Console

    from hvae.atlas.point import Point
    from hvae.training.fleet import State
    from precompute.engines.local import LocalEngine
    from precompute.engines.training_job import Job
    from precompute.planning.cost import stack_and_pace

    one_step = Recipe(epochs=1, batch_size=64)
    job = Job(CONFIG, one_step, 0, (Point(1.0, 1.0), Point(2.0, 1.0)))
    state, console = State.initial([job.template()] * 2), Console(file=io.StringIO(), width=200)
    error = RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate")
    with FakeCuda(fail_capture=error) as cuda, eager_steps(), few_operations(), what_is_said():
        images = pictures("cuda")
        alive = sum(cuda.alive)
        engine = LocalEngine(images, 2, 60.0, console)
        ended = [interval for interval in engine.run([(job, state)], lambda *_: None) if interval.is_finished]
        if [len(interval.job.points) for interval in ended] != [1, 1]:
            yield f"stacks of {[len(interval.job.points) for interval in ended]} points"
        if console.file.getvalue().count("Out of memory") != 1:
            yield f"said: {console.file.getvalue()}"
        if min(cuda.alive_when_emptied[:3]) > 1.05 * alive:
            yield f"given back while {cuda.alive_when_emptied[:3]} bytes are alive, not {alive}"
    calls = []

    def pace(job: Job, state: object, images: Images, seconds: float) -> float:
        holds = torch.zeros(10**6, device=images.images.device)
        calls.append(len(job.points))
        if len(job.points) > 1:
            raise torch.OutOfMemoryError
        return float(len(holds) > 0)

    with FakeCuda() as cuda:
        images = pictures("cuda")
        alive = sum(cuda.alive)
        stack_and_pace(job, job.template(), images, 2, Console(file=io.StringIO()), 0.0, pace)
        if calls != [2, 1] or cuda.alive_when_emptied != [alive]:
            yield f"plan: stacks of {calls}, {cuda.alive_when_emptied} bytes alive, not {alive}"


@check
def the_size_of_a_stack_is_judged_by_the_memory_of_its_own_device() -> Iterator[str]:
    from hvae.atlas.point import Point
    from precompute.engines.pace import wait_for
    from precompute.engines.stack_size import peak_memory, stack_size
    from precompute.engines.training_job import Job

    job = Job(CONFIG, RECIPE, 0, tuple(Point(1.0 + number, 1.0) for number in range(100)))
    with FakeCuda() as cuda, eager_steps(), few_operations():
        images = pictures("cuda:1")
        of_four = peak_memory(job, images, 4)
        if not of_four:
            yield f"four points take {of_four} bytes"
        wait_for(images.images.device)
        if cuda.waited_for != [1]:
            yield f"clocks wait for device {cuda.waited_for}, not for 1"
    for memory, expected in ((0.5 * of_four, range(1, 2)), (6 * of_four, range(6, 40))):
        with FakeCuda(memory) as cuda, eager_steps(), few_operations():
            chosen = stack_size(job, pictures("cuda:1"))
            if chosen not in expected:
                yield f"{memory / of_four} times the memory of four points takes {chosen}"
            if cuda.alive_when_emptied[-1] > 0.1 * of_four:
                yield "memory is given back while the traceback still holds the fleet"


@check
def ways_to_train_are_measured_in_full_float32_and_in_bfloat16_on_their_own_gpu() -> Iterator[str]:
    from hvae.atlas.point import Point
    from hvae.training.arithmetic import Arithmetic
    from precompute.engines import tuner
    from precompute.engines.training_job import Job

    job = Job(CONFIG, RECIPE, 0, tuple(Point(1.0 + number, 1.0) for number in range(4)))
    device = torch.device("cuda:1")
    ways = tuner.candidates(Arithmetic("grouped_last"), device)
    with FakeCuda() as cuda, eager_steps(), patch.object(tuner, "EACH_SECONDS", 0.0):
        # Gradients are noise here.
        with patch.object(tuner, "gradients", lambda *_: torch.ones(2, 3)):
            found = tuner.measured(pictures(), job, "cuda:1", ways, 0, 4, seconds=1000.0)
        if set(found) != {"grouped_last bfloat16 4", "grouped_last float32 4"}:
            yield f"measured: {found}"
        yield from cuda.problems
        yield from (f"in TF32: {what}" for what in cuda.rounded)
        if cuda.peak[0] > 0:
            yield f"device 0 is used, too: {cuda.peak[0]} bytes"


@check
def a_run_its_plan_its_metrics_and_a_point_of_the_pages_take_their_gpu() -> Iterator[str]:
    from hvae.atlas.atlas import Atlas
    from hvae.atlas.point import Point
    from hvae.metrics import registry
    from hvae.metrics.metric import Budget
    from hvae.training.finish import finished
    from hvae.training.refinement import refined
    from hvae.training.ways_to_compute import Formulation
    from precompute.evaluate import evaluate_atlas
    from precompute.planning import cost
    from precompute.planning.options import Options
    from precompute.run import run_plan

    def load(name: str, split: str, *_: object, device: object = "cpu", **__: object) -> Images:
        return pictures(str(device), 64 if split == "train" else 32)

    options = Options(
        dataset="digits",
        betas="0.1:10:2",
        epochs=1,
        device="cuda:1",
        stack=4,
        jobs=1,
        formulation=Formulation.grouped_last,
    )
    keys = []

    class Cache:
        def get(self, key: dict) -> None:
            keys.append(key)

        def set(self, *_: object) -> None: ...

        def close(self) -> None: ...

    with contextlib.ExitStack() as changed, tempfile.TemporaryDirectory() as folder:
        for name, value in (
            ("hvae.datasets.load", load),
            ("precompute.run.model_config", lambda plan, images: CONFIG),
            ("precompute.planning.cost.model_config", lambda plan, images: CONFIG),
            ("precompute.planning.cost.MEASURED_SECONDS", 0.01),
            ("hvae.atlas.metrics_table.impossible", lambda *_: ()),  # noise is
            ("precompute.run.usable_cache", lambda *_: Cache()),
            ("hvae.metrics.cache.usable_cache", lambda *_: Cache()),
            ("hvae.metrics.metric.USUAL", Budget(samples=100, draws=300, steps=2)),
            ("hvae.metrics.classifier._MIN_BATCH_SIZE", 64),
        ):
            changed.enter_context(patch(name, value))
        # Not the probes: they are scikit-learn's, in processes that take long to start.
        few = {name: registry.REGISTRY.by_name[name] for name in ("reconstruction", "generation")}
        changed.enter_context(patch.dict(registry.REGISTRY.by_name, few, clear=True))
        cuda = changed.enter_context(FakeCuda())
        changed.enter_context(eager_steps())
        changed.enter_context(few_operations())
        changed.enter_context(contextlib.redirect_stderr(io.StringIO()))
        predicted = cost.predicted_cost(None, options)
        if predicted.stack != 4 or not predicted.device_memory:
            yield f"plan: {predicted.stack} points at once, {predicted.device_memory} bytes"
        torch.cuda.set_device(0)
        out = Path(folder) / "atlas"
        run_plan(out, options)
        atlas = Atlas.open(out)
        if len(atlas.metrics) != 4 or atlas.metrics.isna().any(axis=None) or atlas.manifest.failures:
            yield f"not whole: {atlas.metrics.isna().sum().to_dict()}, {atlas.manifest.failures}"
        made_with = atlas.manifest.made_with
        if (made_with.get("formulation"), made_with.get("precision")) != ("grouped_last", "bfloat16"):
            yield f"atlas.json says: {made_with}"
        if not keys or any(key.get("device") != "cuda" for key in keys):
            yield f"the cache takes a GPU's numbers for a CPU's: {keys[:1]}"
        changed_one = dataclasses.replace(registry.REGISTRY.by_name["generation"], version=99)
        changed.enter_context(patch.dict(registry.REGISTRY.by_name, {changed_one.name: changed_one}))
        evaluate_atlas(out, Path(folder), "cuda:1", jobs=1)
        point = Point(0.5, 0.5)
        train, test = (load("", split, device="cuda:1") for split in ("train", "test"))
        model = refined(atlas.load_parent("cuda:1"), point, atlas.manifest, train)
        finished(point, model, test, atlas.manifest)
        yield from cuda.problems
        yield from (f"measured in TF32: {what}" for what in cuda.rounded)
        if cuda.peak[0] > 0:
            yield f"device 0 is used, too: {cuda.peak[0]} bytes"


@check
def metrics_of_a_gpus_atlas_take_the_cpus_cores_where_there_are_many() -> Iterator[str]:
    from precompute.evaluate import measuring_processes

    for device, jobs, expected in (("cuda", 16, 16), ("cuda", 2, 1), ("cpu", 2, 2)):
        if measuring_processes(torch.device(device), jobs) != expected:
            yield f"{device} with {jobs} processes: {measuring_processes(torch.device(device), jobs)}"


def main() -> None:
    warnings.filterwarnings("ignore", "Accessing the data pointer of FakeTensor")
    wrong: dict[str, list[str]] = {}
    for one in CHECKS:
        if sys.argv[1:] and one.__name__ not in sys.argv[1:]:
            continue
        found = wrong.setdefault(one.__name__, [])
        try:
            found.extend(one())
        except Exception:
            found.append(traceback.format_exc())
        gc.collect()
    json.dump(wrong, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
