"""The cost of a run, predicted before it starts: size, memory, disk space, and time on this device."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from rich.console import Console
from torch import nn

from hvae import datasets
from hvae.atlas.metrics_table import is_measured
from hvae.atlas.point import Point
from hvae.config import HVAEConfig
from hvae.datasets import Images
from hvae.datasets.contents import Contents
from hvae.datasets.dataset import SIDE
from hvae.files import user_path
from hvae.metrics.limits import limits
from hvae.metrics.registry import EvaluationData, metric_columns
from hvae.numerics import denormals_flushed, is_out_of_memory, release_memory
from hvae.training import resume
from hvae.training.arithmetic import USUAL, Arithmetic
from hvae.training.fleet import State
from hvae.training.recipe import Recipe
from hvae.training.train import initial_model, initial_parent
from precompute.atlas_folder.folder import sound_parent, what_is_there
from precompute.atlas_folder.new_manifest import device_name, new_manifest, recorded_threads
from precompute.atlas_folder.place import refuse_inside_pictures, refuse_what_is_no_atlas
from precompute.device import choose_device
from precompute.engines.engine import smaller_stack
from precompute.engines.pace import Pace, best_threads, pace
from precompute.engines.stack_size import stack_size
from precompute.engines.training_job import Job
from precompute.evaluate import measuring_processes
from precompute.planning.options import Options
from precompute.planning.outlook import outlook, stored_spectrum
from precompute.planning.plan import Plan, model_config
from precompute.planning.sizes import atlas_bytes, parameter_counts, size
from precompute.progress import duration, stderr_console

MEASURED_SECONDS = 2.5
"""Seconds of measuring the parent's steps, and the points' steps."""
METRIC_SECONDS, METRIC_SECONDS_PER_IMAGE = 10, 1 / 3000
"""Rough seconds for the metrics of a point on one CPU core; they grow with the pictures' area.

Measured were 10 s with digits, 32 s with MNIST.
"""


@dataclass(frozen=True)
class Cost:
    """The remaining work of a plan, and its predicted cost.

    config: of every model. images: the number of training images.
    points_done, unmeasured: number of trained points; number of points with a missing metric.
    parent_steps, point_steps: steps left; those of points are summed.
    stack: how many points train at once in a process.
    jobs, measuring_jobs: how many processes train points at once, and how many measure them.
    parent_pace, stack_pace: seconds for a step of the parent, and for a step of `stack` points together.
    host_memory: peak memory of this process in bytes, with the data; None if unknown.
    device_memory: peak memory of training on a GPU in bytes; None without a GPU.
    contents: counts of the files in a user's own folder.
    limits: sentences about metrics that cannot be measured on these images.
    outlook: clauses about where theory puts the points.
    """

    plan: Plan
    device: str
    config: HVAEConfig
    images: int
    points_done: int
    unmeasured: int
    parent_steps: int
    point_steps: int
    stack: int
    jobs: int
    measuring_jobs: int
    parent_pace: float
    stack_pace: float
    host_memory: int | None
    device_memory: int | None
    contents: Contents | None = None
    limits: tuple[str, ...] = ()
    outlook: tuple[str, ...] = ()

    @property
    def parent_seconds(self) -> float:
        """Seconds until the parent is trained."""
        return self.parent_steps * self.parent_pace

    @property
    def points_seconds(self) -> float:
        """Seconds to train the points, after the parent."""
        return self.point_steps / self.stack * self.stack_pace / self.jobs

    @property
    def metrics_seconds(self) -> float:
        """Seconds to measure one point: a rough guess, without timing."""
        relative = math.prod(self.config.image_shape[1:]) / SIDE**2
        return (METRIC_SECONDS + self.images * METRIC_SECONDS_PER_IMAGE) * relative

    @property
    def disk(self) -> int:
        """Bytes of the finished atlas."""
        return atlas_bytes(self.plan, self.config)


def describe(cost: Cost) -> str:
    """Return the cost in a few lines, one subject each."""
    plan, images = cost.plan, cost.images
    of_point, of_parent = parameter_counts(plan, cost.config)
    points = len(plan.points)
    done = f", {cost.points_done} of them done" if cost.points_done else ""
    parent, training = "", training_text("each point", plan.recipe, images)
    if plan.parent_recipe:
        parent = f", {of_parent:,} of the parent"
        training = f"{training_text('the parent', plan.parent_recipe, images)}; {training}"
    memory = [f"{size(cost.host_memory)} so far in this process"] if cost.host_memory else []
    if cost.device_memory:
        memory.append(f"{size(cost.device_memory)} on the device")
    times = f"the points {duration(cost.points_seconds)}"
    if plan.parent_recipe:
        times = f"the parent {duration(cost.parent_seconds)}, {times}"
    total = duration(cost.parent_seconds + cost.points_seconds)
    metrics = cost.metrics_seconds
    all_metrics = duration(metrics * cost.unmeasured / cost.measuring_jobs)
    pictures = {"pictures": cost.contents.text} if cost.contents else {}
    lines = pictures | {
        "points": f"{points}{done}, {cost.stack * cost.jobs} trained at once",
        "model": f"{of_point:,} parameters{parent}",
        "training": f"{images:,} images; {training}",
        "memory": ", ".join(memory) or "not known",
        "disk": size(cost.disk),
        "device": cost.device,
        "time left": f"about {total}: {times}, estimated from a few seconds of training here",
        "metrics": f"in addition: about {metrics:.0f} s a point on one CPU core, {all_metrics} in all",
    }
    notes = [("but", sentence) for sentence in cost.limits]
    notes += [("" if index else "theory", clause) for index, clause in enumerate(cost.outlook)]
    return "\n".join(f"{name:<10} {text}" for name, text in [*lines.items(), *notes])


def training_text(what: str, recipe: Recipe, images: int) -> str:
    """Return a clause about the length of a training, in epochs and steps."""
    if not recipe.epochs:
        return f"{what} is its fold"
    epochs = "1 epoch" if recipe.epochs == 1 else f"{recipe.epochs} epochs"
    return f"{what} {epochs} = {recipe.steps(images):,} steps of {recipe.batch_size}"


class Left(NamedTuple):
    """The missing parts of an atlas; see Cost.

    threads: CPU threads for its parent, if they are already chosen.
    """

    points: list[Point]
    unmeasured: int
    parent_steps: int
    point_steps: int
    threads: int | None


def predicted_cost(out: Path | None, options: Options) -> Cost:
    """Predict the cost of a run with the same arguments, in about 5 seconds, and write nothing.

    out: the folder of the atlas. If it holds an unfinished atlas of the same plan, only the missing part
    counts.
    Raises UserError if the run would do so: the data set, the device or the folder is not usable.
    """
    out = out and user_path(out)
    if out:
        refuse_inside_pictures(out, options.dataset)
        refuse_what_is_no_atlas(out)
    device = choose_device(options.device)
    train, test = (
        datasets.load(options.dataset, split, options.data_dir, device=device, size=options.size)
        for split in ("train", "test")
    )
    plan = options.plan(len(train))
    data = EvaluationData(train, test, plan.seed)
    config = model_config(plan, train)
    asked = options.arithmetic
    cost = cost_of(out, plan, config, data, options.stack, options.processes, MEASURED_SECONDS, asked)
    return replace(cost, outlook=tuple(outlook(stored_spectrum(train), config, plan.betas)))


@denormals_flushed()
def cost_of(
    out: Path | None,
    plan: Plan,
    config: HVAEConfig,
    data: EvaluationData,
    stack: int | None = None,
    jobs: int = 1,
    seconds: float = MEASURED_SECONDS,
    arithmetic: Arithmetic = USUAL,
    pace: Pace = pace,
) -> Cost:
    """Return the remaining work of the plan in `out`, and its predicted cost on the device of `data`.

    stack, jobs: see Cost. seconds: how long each kind of step is measured. arithmetic: of the models.
    """
    train = data.train
    device = train.images.device
    left = what_is_left(out, plan, config, data, device)
    job = Job(config, plan.recipe, plan.seed, tuple(left.points), arithmetic=arithmetic)
    # Before any training, as in a run: it depends on the free memory.
    at_once = min(stack or stack_size(job, train), max(1, len(left.points)))
    parent_pace = stack_pace = 0.0
    if left.parent_steps:
        state = State.initial([initial_parent(config, train, plan.seed, plan.beta_range)])
        parents = Job(config, plan.parent_recipe, plan.seed, (), plan.beta_range)
        parents = replace(parents, arithmetic=arithmetic)
        parents = replace(parents, threads=left.threads or best_threads(parents, state, train))
        parent_pace = pace(parents, state, train, seconds)
    if left.point_steps:
        model = initial_model(config, train, plan.seed)
        at_once, stack_pace = stack_and_pace(job, model, train, at_once, stderr_console(), seconds, pace)
    at_most = max(1, min(jobs, len(plan.points)))
    return Cost(
        plan=plan,
        device=device_name(device),
        config=config,
        images=len(train),
        points_done=len(plan.points) - len(left.points),
        unmeasured=left.unmeasured,
        parent_steps=left.parent_steps,
        point_steps=left.point_steps,
        stack=at_once,
        jobs=at_most if device.type == "cpu" else 1,
        measuring_jobs=measuring_processes(device, at_most),
        parent_pace=parent_pace,
        stack_pace=stack_pace,
        host_memory=host_memory(),
        device_memory=torch.cuda.max_memory_reserved(device) if device.type == "cuda" else None,
        contents=train.contents,
        limits=tuple(limit.sentence for limit in limits(train, data.test)),
    )


def what_is_left(
    out: Path | None, plan: Plan, config: HVAEConfig, data: EvaluationData, device: torch.device
) -> Left:
    """Return the missing parts of a plan in the folder `out`. Raises UserError if it holds something else."""
    images = len(data.train)
    steps = plan.recipe.steps(images)
    parent_steps = plan.parent_recipe.steps(images) if plan.parent_recipe else 0
    if out is None:
        return Left(plan.points, len(plan.points), parent_steps, steps * len(plan.points), None)
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
        recorded_threads(manifest),
    )


def stack_and_pace(
    job: Job, model: nn.Module, images: Images, at_once: int, console: Console, seconds: float, pace: Pace
) -> tuple[int, float]:
    """Return how many of the job's points fit into the device's memory at once, and the pace of so many.

    Raises UserError if not even one fits.
    """
    while True:
        several = job.with_points(at_once)
        try:
            return at_once, pace(several, State.initial([model] * at_once), images, seconds)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        release_memory()  # only here: until the end of `except` its traceback holds the fleet
        at_once = smaller_stack(several, console)
        if images.images.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(images.images.device)


def host_memory() -> int | None:
    """Return the peak memory of this process in bytes; None if the system does not report it."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
