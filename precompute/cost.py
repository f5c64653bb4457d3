"""What a run would take, known before it starts: its size, memory, disk, and its time on this device."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from rich.console import Console
from torch import nn

from hvae import datasets
from hvae.atlas.metrics_table import is_measured
from hvae.atlas.point import Point
from hvae.datasets import Images
from hvae.datasets.contents import Contents
from hvae.files import user_path
from hvae.layers import HVAEConfig
from hvae.metrics.limits import limits
from hvae.metrics.registry import EvaluationData, metric_columns
from hvae.numerics import denormals_flushed, one_thread
from hvae.training import resume
from hvae.training.fleet import State
from hvae.training.recipe import Recipe
from hvae.training.train import initial_model, initial_parent
from precompute.device import choose_device
from precompute.engines.local import smaller_stack
from precompute.engines.stack_size import stack_size
from precompute.engines.training_job import Job
from precompute.folder import (
    EXAMPLE_IMAGES,
    device_name,
    new_manifest,
    refuse_what_is_no_atlas,
    sound_parent,
    what_is_there,
)
from precompute.plan import Plan, model_config
from precompute.progress import duration, stderr_console
from precompute.run import refuse_inside_pictures

MEASURED_SECONDS = 2.5
"""How long the parent's steps are measured, and how long the points'."""
WARM_UP_STEPS = 5
"""Steps that are not measured: in the first ones libraries set up, and CUDA records its graph."""
METRIC_SECONDS, METRIC_SECONDS_PER_IMAGE = 10, 1 / 3000
"""What the metrics of a point take on one CPU core, about: measured, 10 s with digits, 32 s with MNIST."""

BYTES = {"float32": 4, "float16": 2}
CHECKPOINT_OVERHEAD = 8_000
CLASSIFIER_BYTES = 250_000
ROW_BYTES = 1_000


@dataclass(frozen=True)
class Cost:
    """What is left of a plan, and what it should take.

    parameters, parent_parameters: of one model; no parent has 0.
    images, pixels: the number of training images, and the values in each.
    points_done, unmeasured: points that are trained; points of which a metric is missing.
    parent_steps, point_steps: steps left, the latter summed over points.
    stack: how many points train at once in a process.
    jobs: how many processes train and measure points at once.
    parent_pace, stack_pace: seconds that a step of the parent takes, and one of so many points together.
    host_memory: the most bytes that this process has held, data included; None where it is not known.
    device_memory: the most bytes that training takes of a GPU of its own; None without one.
    contents: of a user's own folder, what becomes of its files.
    limits: what cannot be measured on these images, a sentence each.
    """

    plan: Plan
    device: str
    parameters: int
    parent_parameters: int
    images: int
    pixels: int
    points_done: int
    unmeasured: int
    parent_steps: int
    point_steps: int
    stack: int
    jobs: int
    parent_pace: float
    stack_pace: float
    host_memory: int | None
    device_memory: int | None
    contents: Contents | None = None
    limits: tuple[str, ...] = ()

    @property
    def parent_seconds(self) -> float:
        """Until the parent is trained."""
        return self.parent_steps * self.parent_pace

    @property
    def points_seconds(self) -> float:
        """Until the points are trained, once the parent is."""
        return self.point_steps / self.stack * self.stack_pace / self.jobs

    @property
    def metrics_seconds(self) -> float:
        """To measure one point: a rough guess, nothing is timed."""
        return METRIC_SECONDS + self.images * METRIC_SECONDS_PER_IMAGE

    @property
    def disk(self) -> int:
        """Bytes of the finished atlas."""
        point = BYTES[self.plan.weights] * self.parameters + CHECKPOINT_OVERHEAD + ROW_BYTES
        parent = BYTES["float32"] * self.parent_parameters
        parent += CHECKPOINT_OVERHEAD if parent else 0
        return len(self.plan.points) * point + parent + CLASSIFIER_BYTES + EXAMPLE_IMAGES * self.pixels


def describe(cost: Cost) -> str:
    """The cost in a few lines, one subject each."""
    plan, images = cost.plan, cost.images
    points = len(plan.points)
    done = f", {cost.points_done} of them done" if cost.points_done else ""
    parent, training = "", training_text("each point", plan.recipe, images)
    if plan.parent_recipe:
        parent = f", {cost.parent_parameters:,} of the parent"
        training = f"{training_text('the parent', plan.parent_recipe, images)}; {training}"
    memory = [f"{size(cost.host_memory)} so far in this process"] if cost.host_memory else []
    if cost.device_memory:
        memory.append(f"{size(cost.device_memory)} on the device")
    times = f"the points {duration(cost.points_seconds)}"
    if plan.parent_recipe:
        times = f"the parent {duration(cost.parent_seconds)}, {times}"
    total = duration(cost.parent_seconds + cost.points_seconds)
    metrics = cost.metrics_seconds
    all_metrics = duration(metrics * cost.unmeasured / cost.jobs)
    pictures = {"pictures": cost.contents.text} if cost.contents else {}
    lines = pictures | {
        "points": f"{points}{done}, {cost.stack * cost.jobs} trained at once",
        "model": f"{cost.parameters:,} parameters{parent}",
        "training": f"{images:,} images; {training}",
        "memory": ", ".join(memory) or "not known",
        "disk": size(cost.disk),
        "device": cost.device,
        "time left": f"about {total}: {times}, judged from a few seconds of training here",
        "metrics": f"come on top: about {metrics:.0f} s a point on one CPU core, {all_metrics} in all",
    }
    notes = [("but", sentence) for sentence in cost.limits]
    return "\n".join(f"{name:<10} {text}" for name, text in [*lines.items(), *notes])


def training_text(what: str, recipe: Recipe, images: int) -> str:
    """How long something trains, in epochs and steps."""
    if not recipe.epochs:
        return f"{what} is its fold"
    epochs = "1 epoch" if recipe.epochs == 1 else f"{recipe.epochs} epochs"
    return f"{what} {epochs} = {recipe.steps(images):,} steps of {recipe.batch_size}"


def size(n: int) -> str:
    """A number of bytes, for people."""
    return f"{n / 1e9:.1f} GB" if n >= 1e9 else f"{n / 1e6:.1f} MB"


class Left(NamedTuple):
    """What an atlas's folder lacks; see Cost."""

    points: list[Point]
    unmeasured: int
    parent_steps: int
    point_steps: int


@denormals_flushed()
def predicted_cost(
    out: Path | None,
    dataset: str,
    make_plan: Callable[[int], Plan],
    data_dir: Path,
    device: str = "auto",
    stack: int | None = None,
    jobs: int = 1,
) -> Cost:
    """Measure what a run with the same arguments would take, in about 5 seconds, and write nothing.

    out: where an atlas of the same plan may be in the making; only what it lacks is counted.
    Raises UserError where the run would: the data set, the device or the folder will not do.
    """
    out = out and user_path(out)
    if out:
        refuse_inside_pictures(out, dataset)
        refuse_what_is_no_atlas(out)
    chosen = choose_device(device)
    train, test = (datasets.load(dataset, split, data_dir, device=chosen) for split in ("train", "test"))
    plan, config = make_plan(len(train)), model_config(train)
    left = what_is_left(out, plan, config, EvaluationData(train, test, plan.seed), chosen)
    model, parent, parent_job = initial_model(config, train, plan.seed), None, None
    if plan.parent_recipe:
        parent = initial_parent(config, train, plan.seed, plan.beta_range)
        parent_job = Job(config, plan.parent_recipe, plan.seed, (), plan.beta_range)
    job = Job(config, plan.recipe, plan.seed, tuple(left.points))
    # Before anything is trained, as in a run: it looks at how much memory is free.
    at_once = min(stack or stack_size(job, train), max(1, len(left.points)))
    parent_pace = pace(parent_job, State.initial([parent]), train) if left.parent_steps else 0.0
    stack_pace = 0.0
    if left.point_steps:
        at_once, stack_pace = stack_and_pace(job, model, train, at_once, stderr_console())
    return Cost(
        plan=plan,
        device=device_name(chosen),
        parameters=parameters(model),
        parent_parameters=parameters(parent) if parent else 0,
        images=len(train),
        pixels=train.images[0].numel(),
        points_done=len(plan.points) - len(left.points),
        unmeasured=left.unmeasured,
        parent_steps=left.parent_steps,
        point_steps=left.point_steps,
        stack=at_once,
        jobs=max(1, min(jobs, len(plan.points))) if chosen.type == "cpu" else 1,
        parent_pace=parent_pace,
        stack_pace=stack_pace,
        host_memory=host_memory(),
        device_memory=torch.cuda.max_memory_reserved(chosen) if chosen.type == "cuda" else None,
        contents=train.contents,
        limits=tuple(limit.sentence for limit in limits(train, test)),
    )


def what_is_left(
    out: Path | None, plan: Plan, config: HVAEConfig, data: EvaluationData, device: torch.device
) -> Left:
    """What the folder `out` lacks of a plan. Raises UserError where it holds something else."""
    images = len(data.train)
    steps = plan.recipe.steps(images)
    parent_steps = plan.parent_recipe.steps(images) if plan.parent_recipe else 0
    if out is None:
        return Left(plan.points, len(plan.points), parent_steps, steps * len(plan.points))
    manifest, rows = what_is_there(out, new_manifest(plan, config, data, device))
    points = [point for point in plan.points if point.checkpoint not in rows]
    measured = [row for row in rows.values() if is_measured(row, metric_columns(), manifest)]
    begun = {name: saved.state.step for saved in resume.saved(out, manifest) for name in saved.names}
    if sound_parent(out, manifest):
        parent_steps = 0
    return Left(
        points,
        len(plan.points) - len(measured),
        max(0, parent_steps - begun.get("parent", 0)),
        sum(max(0, steps - begun.get(point.name, 0)) for point in points),
    )


def stack_and_pace(
    job: Job, model: nn.Module, images: Images, at_once: int, console: Console
) -> tuple[int, float]:
    """How many of the job's points the device's memory takes at once, and the pace of so many.

    Raises UserError where not even one fits.
    """
    while True:
        several = job.with_points(at_once)
        try:
            return at_once, pace(several, State.initial([model] * at_once), images)
        except torch.OutOfMemoryError:
            at_once = smaller_stack(several, console)
            if images.images.device.type == "cuda":
                torch.cuda.reset_peak_memory_stats()


def pace(job: Job, state: State, images: Images) -> float:
    """Seconds that a step of the job takes on the device of `images`, after a warm-up.

    Raises torch.OutOfMemoryError where the device's memory is too small.
    """
    fleet = job.fleet(images, state)
    with one_thread() if job.points else nullcontext():  # as the engines do
        for _ in range(WARM_UP_STEPS):
            fleet.step()
        wait_for(images.images.device)
        started, steps = time.monotonic(), 0
        while not steps or time.monotonic() - started < MEASURED_SECONDS:
            fleet.step()
            steps += 1
        wait_for(images.images.device)
        return (time.monotonic() - started) / steps


def wait_for(device: torch.device) -> None:
    """Wait until the device has done what it was asked to."""
    if device.type != "cpu":
        torch.accelerator.synchronize()


def parameters(model: nn.Module) -> int:
    """The number of a model's weights."""
    return sum(parameter.numel() for parameter in model.parameters())


def host_memory() -> int | None:
    """The most bytes that this process has held; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
