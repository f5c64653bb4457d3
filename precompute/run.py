"""Train a grid: the parent first, then every point from its fold, or every point from scratch."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress

from hvae import datasets
from hvae.atlas.point import Point
from hvae.errors import UserError
from hvae.files import user_path
from hvae.metrics.limits import limits
from hvae.metrics.registry import EvaluationData
from hvae.numerics import denormals_flushed
from hvae.training import resume
from hvae.training.fleet import State, with_weights
from hvae.training.train import initial_model, initial_parent
from precompute.device import choose_device
from precompute.engines.local import Engine, LocalEngine, PoolEngine, Work
from precompute.engines.stack_size import stack_size
from precompute.engines.training_job import Job
from precompute.engines.workers import as_many_as_fit
from precompute.evaluate import evaluate_folder
from precompute.folder import AtlasFolder
from precompute.plan import Plan, model_config
from precompute.progress import Stage, progress_bar, stderr_console

INTERVAL_SECONDS = 60.0


@denormals_flushed()
def run_plan(
    out: Path,
    dataset: str,
    make_plan: Callable[[int], Plan],
    data_dir: Path,
    device: str = "auto",
    stack: int | None = None,
    address: str | None = None,
    interval: float = INTERVAL_SECONDS,
    jobs: int = 1,
) -> None:
    """Train every point of a plan that `out` does not hold yet, and write the atlas there.

    make_plan: from the number of training images to the plan. stack: how many points train at once; by
    default as many as serve the device best. address: of the Ray cluster to train on; None trains here.
    interval: seconds between checkpoints of what is in training. jobs: on a CPU, how many processes train
    points and measure them; 1 is this one.
    Raises UserError where the data set, the device, the folder or the cluster will not do, and OSError where
    a file cannot be written; what was finished before stays.
    """
    out = user_path(out)
    refuse_inside_pictures(out, dataset)
    chosen = choose_device(device)
    console = stderr_console()
    # Both splits now: a damaged test picture should not surface after hours of training.
    train, test = (datasets.load(dataset, split, data_dir, device=chosen) for split in ("train", "test"))
    plan = make_plan(len(train))
    data = EvaluationData(train, test, plan.seed)
    atlas = AtlasFolder.prepare(out, plan, model_config(data.train), data, chosen)
    run = Run(atlas, plan, data, console)
    try:
        if train.contents:
            console.print(f"{train.contents.text}.")
        for limit in limits(train, test):
            console.print(limit.sentence)
        total = len(plan.points)
        console.print(f"{dataset}: {total} points, {atlas.done} done, on {chosen}.")
        if run.has_work:
            if address is None:
                size = stack or stack_size(run.job(tuple(run.left)), data.train)
                parents_engine: Engine = LocalEngine(data.train, size, interval, console)
                engine: Engine = parents_engine
                processes = min(as_many_as_fit(jobs, data.train), len(run.left))
                if chosen.type == "cpu" and processes > 1:
                    engine = PoolEngine(data.train, size, interval, processes)
            else:
                from precompute.engines.ray_engine import RayEngine

                points = len(run.left)
                engine = RayEngine(address, data.train, device, stack, interval, console, points)
                parents_engine = engine
            with progress_bar(console) as progress:
                run.train_parent(parents_engine, progress)
                run.train_points(engine, progress)
        resume.remove_all(out)
        evaluate_folder(atlas, data, console, jobs)
    except KeyboardInterrupt:
        console.print(f"Stopped. {out} holds {atlas.done} of {total} points; the same command continues.")
        raise
    finally:
        atlas.close()
    console.print(f"Done: {out} holds all {total} points. See it with: python -m app {shlex.quote(str(out))}")


def refuse_inside_pictures(out: Path, dataset: str) -> None:
    """Raise UserError where the atlas would lie among the user's own pictures."""
    if dataset.startswith("folder:"):
        pictures = user_path(dataset.removeprefix("folder:")).resolve()
        if out.resolve().is_relative_to(pictures):
            raise UserError(f"{out} lies inside the pictures' folder: name a folder elsewhere for the atlas.")


class Run:
    """The training part of a run: what is left to do, and what to do with what engines bring back."""

    def __init__(self, atlas: AtlasFolder, plan: Plan, data: EvaluationData, console: Console) -> None:
        self.atlas, self.plan, self.data, self.console = atlas, plan, data, console
        self.config = model_config(data.train)
        self.parent = atlas.parent() if plan.parent_recipe else None
        self._seconds: dict[str, float] = {}
        self._saved = {tuple(saved.names): saved for saved in resume.saved(atlas.path, atlas.manifest)}
        for point in self.left:
            model = atlas.finished_model(point)
            if model is not None:  # killed between its checkpoint and its row
                self._add(point, model, 0.0)

    @property
    def left(self) -> list[Point]:
        """The points that are not done."""
        return [point for point in self.plan.points if not self.atlas.is_done(point)]

    @property
    def has_work(self) -> bool:
        """Whether anything is left to train."""
        return bool(self.left) or (self.plan.parent_recipe is not None and self.parent is None)

    def job(self, points: tuple[Point, ...]) -> Job:
        """The job of training these points; of none, the parent."""
        if points:
            return Job(self.config, self.plan.recipe, self.plan.seed, points)
        return Job(self.config, self.plan.parent_recipe, self.plan.seed, (), self.plan.beta_range)

    def train_parent(self, engine: Engine, progress: Progress) -> None:
        """Train the parent, unless it is there or not asked for."""
        if self.plan.parent_recipe is None or self.parent is not None:
            return
        job = self.job(())
        initial = initial_parent(self.config, self.data.train, self.plan.seed, self.plan.beta_range)
        saved = self._saved.get(("parent",))
        state = saved.state if saved else State.initial([initial])
        self._seconds["parent"] = saved.seconds if saved else 0.0
        steps = job.recipe.steps(len(self.data.train))
        stage = Stage(progress, self.console, "parent", steps, state.step, job.recipe.batch_size)
        with closing(engine.run([(job, state)], lambda _, step: stage.at(step))) as intervals:
            for interval in intervals:
                stage.at(interval.state.step)
                self._seconds["parent"] += interval.seconds
                if not interval.is_finished:
                    self._save(job, interval.state)
                    continue
                if not interval.state.weights.isfinite().all():
                    raise UserError("The parent's training diverged: use another --seed, or --from-scratch.")
                parent = with_weights(initial, interval.state.weights[0])
                cores = torch.get_num_threads() if self.data.train.images.device.type == "cpu" else 1
                self.atlas.add_parent(parent, self._seconds["parent"], cores)
                # As a run that continues reads it: in another memory layout a fold's last bit may differ.
                self.parent = self.atlas.parent()
                resume.remove(self.atlas.path, job.names[0])
                seconds = self._seconds["parent"]
                self.console.print(f"parent  {job.recipe.epochs} epochs  ({seconds:.0f} s)")

    def train_points(self, engine: Engine, progress: Progress) -> None:
        """Train all points that are not done, and add each to the atlas."""
        total, done = len(self.plan.points), self.atlas.done
        steps = self.plan.recipe.steps(len(self.data.train))
        unit = steps * self.plan.recipe.batch_size
        stage = Stage(progress, self.console, "points", total, done, unit)
        under_way: dict[tuple[str, ...], float] = {}

        def on_step(job: Job, step: int) -> None:
            under_way[tuple(job.names)] = len(job.points) * step / steps
            stage.at(self.atlas.done + sum(under_way.values()))

        # Closed at once, also by Ctrl-C: whatever the engine has started must not outlive the run.
        with closing(engine.run(self._work(engine), on_step)) as intervals:
            for job, state, seconds, is_finished in intervals:
                name = job.names[0]
                self._seconds[name] = self._seconds.get(name, 0.0) + seconds
                if not is_finished:
                    on_step(job, state.step)
                    self._save(job, state)
                    continue
                under_way.pop(tuple(job.names), None)
                template = job.template().to(self.data.train.images.device)
                for point, weights in zip(job.points, state.weights, strict=True):
                    model = with_weights(template, weights)
                    self._add(point, model, self._seconds[name] / len(job.points))
                    stage.at(self.atlas.done + sum(under_way.values()))
                resume.remove(self.atlas.path, job.names[0])

    def _work(self, engine: Engine) -> Iterator[Work]:
        """What was under way, then the rest in stacks; folds are made when their turn comes."""
        left = {point.name: point for point in self.left}
        for saved in self._saved.values():
            rows = [row for row, name in enumerate(saved.names) if name in left]
            if rows:
                job = self.job(tuple(left.pop(saved.names[row]) for row in rows))
                state = saved.state.rows(rows)
                self._seconds[job.names[0]] = saved.seconds * len(rows) / len(saved.names)
                if len(rows) < len(saved.names):  # killed while its points were added to the atlas
                    resume.remove(self.atlas.path, saved.names[0])
                    self._save(job, state)
                yield job, state
        waiting = list(left.values())
        while waiting:
            points, waiting = tuple(waiting[: engine.stack]), waiting[engine.stack :]
            yield self.job(points), State.initial([self._start(point) for point in points])

    def _start(self, point: Point) -> object:
        """The model that a point starts from."""
        if self.parent is None:
            return initial_model(self.config, self.data.train, self.plan.seed)
        return self.parent.fold(point.by_layer)

    def _save(self, job: Job, state: State) -> None:
        steps = job.recipe.steps(len(self.data.train))
        seconds = self._seconds[job.names[0]]
        resume.save(self.atlas.path, self.atlas.manifest, job.names, state, steps, seconds)

    def _add(self, point: Point, model: object, seconds: float) -> None:
        row = self.atlas.add(point, model, self.data.test, seconds)
        self.console.print(log_line(self.atlas.done, len(self.plan.points), point, row, seconds))


def log_line(number: int, total: int, point: Point, row: dict, seconds: float) -> str:
    """One line about a finished point."""
    return (
        f"{number}/{total}  β₂ {point.beta_2:g}  β₁ {point.beta_1:g}  R(z₂) {row['rate_z2']:.2f}  "
        f"R(z₁|z₂) {row['rate_z1']:.2f}  D {row['distortion']:.1f} nats  PSNR {row['psnr']:.2f} dB  "
        f"({seconds:.0f} s)"
    )
