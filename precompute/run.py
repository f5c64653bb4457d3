"""Train a grid: the parent first, then every point from its fold, or every point from scratch."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress

from hvae import datasets
from hvae.atlas.point import Point
from hvae.errors import UserError
from hvae.files import user_path
from hvae.metrics.cache import MetricCache, NoCache, usable_cache
from hvae.metrics.limits import limits
from hvae.metrics.registry import EvaluationData
from hvae.numerics import denormals_flushed
from hvae.parent import Parent
from hvae.training import resume
from hvae.training.arithmetic import Arithmetic, recorded, usual
from hvae.training.fleet import State, with_weights
from hvae.training.train import initial_model, initial_parent
from precompute.atlas_folder.folder import AtlasFolder
from precompute.atlas_folder.new_manifest import device_name
from precompute.atlas_folder.place import refuse_place
from precompute.device import choose_device
from precompute.engines.engine import Engine, Work
from precompute.engines.local import LocalEngine, PoolEngine
from precompute.engines.pace import Pace, best_threads, pace
from precompute.engines.stack_size import stack_size
from precompute.engines.training_job import Job
from precompute.engines.tuner import is_worth_it, tuned
from precompute.engines.workers import as_many_as_fit, why_no_processes
from precompute.evaluate import evaluate_folder
from precompute.planning.options import Options
from precompute.planning.outlook import outlook
from precompute.planning.plan import Plan, model_config
from precompute.planning.sizes import atlas_bytes, refuse_full_disk
from precompute.progress import Stage, progress_bar, stderr_console

INTERVAL_SECONDS = 60.0


@denormals_flushed()
def run_plan(out: Path, options: Options) -> None:
    """Train all missing points of the options' plan, and write them to the atlas in `out`.

    Things that are needed later are checked first: the folder, the disk, the cache, and worker processes.
    Raises UserError if the data set, the device, the folder or the cluster is not usable, and OSError if a
    file cannot be written; finished points stay.
    """
    out = user_path(out)
    refuse_place(out, options.dataset)
    chosen = choose_device(options.device)
    console = stderr_console()
    # Both splits now: a damaged test picture should not be found only after hours of training.
    train, test = (
        datasets.load(options.dataset, split, options.data_dir, device=chosen, size=options.size)
        for split in ("train", "test")
    )
    plan = options.plan(len(train))
    data = EvaluationData(train, test, plan.seed)
    config = model_config(plan, train)
    refuse_full_disk(out, atlas_bytes(plan, config))
    total = len(plan.points)
    atlas = AtlasFolder.prepare(out, plan, config, data, chosen)
    try:
        run = Run(atlas, plan, data, console)
        if train.contents:
            console.print(f"{train.contents.text}.")
        for limit in limits(train, test):
            console.print(limit.sentence)
        console.print(f"{options.dataset}: {total} points, {atlas.done} done, on {chosen}.")
        atlas.describe_data(train)
        for clause in outlook(atlas.manifest.spectrum, config, plan.betas)[1:]:
            console.print(f"Theory: {clause}.")
        cache = usable_cache(console.print)
        processes = processes_to_use(options, console)
        train_what_is_left(run, options, processes, cache)
        evaluate_folder(atlas, data, console, processes, cache)
    except KeyboardInterrupt:
        console.print(f"Stopped. {out} holds {atlas.done} of {total} points; the same command continues.")
        raise
    finally:
        atlas.close()
    console.print(f"Done: {out} holds all {total} points. See it with: python -m app {shlex.quote(str(out))}")


def processes_to_use(options: Options, console: Console) -> int:
    """Return the number of processes that use the CPU; one, with a line, if workers are impossible."""
    processes = options.processes
    if processes > 1 and (why := why_no_processes()):
        console.print(f"Going on in one process: {why}.")
        return 1
    return processes


def train_what_is_left(run: Run, options: Options, processes: int, cache: MetricCache | NoCache) -> None:
    """Train the parent and the points that are not done, as the options say."""
    if run.has_work:
        run.choose_arithmetic(options, processes, cache)
        run.choose_threads(options.on_ray)
        parents_engine, engine = engines(options, run, processes)
        with progress_bar(run.console) as progress:
            run.train_parent(parents_engine, progress)
            run.train_points(engine, progress)
    resume.remove_all(run.atlas.path)


def engines(options: Options, run: Run, processes: int) -> tuple[Engine, Engine]:
    """Return the engine of the parent, and the engine of points. processes: how many use the CPU."""
    train, console, interval, points = run.data.train, run.console, options.interval, len(run.left)
    if options.on_ray:
        from precompute.engines.ray_engine import RayEngine

        engine = RayEngine(options.address, train, options.device, options.stack, interval, console, points)
        return engine, engine
    size = options.stack or run.stack or stack_size(run.job(tuple(run.left)), train)
    here = LocalEngine(train, size, interval, console)
    on_gpu = train.images.device.type != "cpu"
    processes = 1 if on_gpu else min(as_many_as_fit(processes, train), points)
    return here, PoolEngine(train, size, interval, console, processes) if processes > 1 else here


class Run:
    """The training part of a run: the remaining jobs, and the handling of an engine's results."""

    def __init__(self, atlas: AtlasFolder, plan: Plan, data: EvaluationData, console: Console) -> None:
        self.atlas, self.plan, self.data, self.console = atlas, plan, data, console
        self.config = model_config(plan, data.train)
        self.parent = atlas.parent() if plan.parent_recipe else None
        self.arithmetic = recorded(atlas.manifest, data.train.images.device)
        self.stack: int | None = None
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
        """Return the job of training these points; of none, the parent."""
        if points:
            return Job(self.config, self.plan.recipe, self.plan.seed, points, arithmetic=self.arithmetic)
        recipe, threads = self.plan.parent_recipe, self.atlas.threads or torch.get_num_threads()
        return Job(self.config, recipe, self.plan.seed, (), self.plan.beta_range, threads, self.arithmetic)

    def choose_arithmetic(self, options: Options, processes: int, cache: MetricCache | NoCache) -> None:
        """Choose how models are computed in training, once: atlas.json keeps it.

        Where training takes minutes, the fastest way is found by measuring. Weights depend on it: on a CPU
        their last bits. So a run that continues computes as before, unless the options say otherwise.
        """
        asked = options.arithmetic
        if options.on_ray:  # each node has what is usual there; a CPU's points go on as they began
            self.arithmetic = asked.otherwise(self.arithmetic) if options.device == "cpu" else asked
            return
        train, asked = self.data.train, asked.otherwise(self.arithmetic)
        device = train.images.device
        has_begun = self.atlas.done or self.parent is not None or self._saved
        job = replace(self.job(tuple(self.left)), arithmetic=asked)
        is_open = None in asked and not has_begun
        if is_open and is_worth_it(job, train, processes if device.type == "cpu" else 1):
            way = tuned(job, train, device_name(device), asked, options.stack, cache, self.console.print)
            if way:
                asked, self.stack = Arithmetic(*way[:2]), way.stack
        self.arithmetic = asked.otherwise(usual(device))
        made_with = dict(zip(Arithmetic._fields, self.arithmetic, strict=True))
        self.atlas.update(made_with={**self.atlas.manifest.made_with, **made_with})
        self.atlas.write()

    def choose_threads(self, on_ray: bool = False, pace: Pace = pace) -> None:
        """Choose the number of CPU threads for an atlas's parent and classifier, once.

        The last bits of weights depend on it. So atlas.json keeps the number, and a run that continues uses
        the same number on any machine. on_ray: a task there has one CPU.
        """
        if (known := self.atlas.threads) is not None:
            if self.parent is None and self.plan.parent_recipe and known > torch.get_num_threads():
                self.console.print(f"The parent was begun on {known} threads, and continues with as many.")
            return
        threads = 1 if on_ray else torch.get_num_threads()
        if self.plan.parent_recipe and self.parent is None and not on_ray:
            threads = best_threads(
                self.job(()), State.initial([self._initial_parent()]), self.data.train, pace
            )
        self.atlas.update(made_with={**self.atlas.manifest.made_with, "threads": threads})
        self.atlas.write()

    def _initial_parent(self) -> Parent:
        return initial_parent(self.config, self.data.train, self.plan.seed, self.plan.beta_range)

    def train_parent(self, engine: Engine, progress: Progress) -> None:
        """Train the parent, unless it exists or is not wanted."""
        if self.plan.parent_recipe is None or self.parent is not None:
            return
        job = self.job(())
        initial = self._initial_parent()
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
                    exact = "--precision float32, " if job.arithmetic.precision == "bfloat16" else ""
                    raise UserError(
                        f"The parent's training diverged: use {exact}another --seed, or --from-scratch."
                    )
                parent = with_weights(initial, interval.state.weights[0])
                cores = job.threads if self.data.train.images.device.type == "cpu" else 1
                self.atlas.add_parent(parent, self._seconds["parent"], cores)
                # Read as in a run that continues: in another memory layout a fold's last bit may differ.
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
            under_way[tuple(job.names)] = len(job.points) * step / max(steps, 1)
            stage.at(self.atlas.done + sum(under_way.values()))

        work = self._work(engine)
        while work:
            again: list[Work] = []
            # Closed at once, also after Ctrl-C: the engine's processes must not outlive the run.
            with closing(engine.run(work, on_step)) as intervals:
                for job, state, seconds, is_finished in intervals:
                    name = job.names[0]
                    self._seconds[name] = self._seconds.get(name, 0.0) + seconds
                    if not is_finished:
                        on_step(job, state.step)
                        self._save(job, state)
                        continue
                    under_way.pop(tuple(job.names), None)
                    template = job.template().to(self.data.train.images.device)
                    each = self._seconds[name] / len(job.points)
                    for point, weights in zip(job.points, state.weights, strict=True):
                        if may_be_rounding(job, weights):
                            again.append(self._in_float32(point, each))
                            continue
                        model = with_weights(template, weights)
                        self._add(point, model, each)
                        stage.at(self.atlas.done + sum(under_way.values()))
                    resume.remove(self.atlas.path, job.names[0])
            work = iter(again) if again else None

    def _in_float32(self, point: Point, seconds: float) -> Work:
        """Say that a point diverged, after so many seconds, and return the work of training it again."""
        self.console.print(f"{point.name} diverged in bfloat16: it is trained again in float32.")
        self._seconds[point.name] = seconds
        job = self.job((point,))
        job = replace(job, arithmetic=job.arithmetic._replace(precision="float32"))
        return job, State.initial([self._start(point)])

    def _work(self, engine: Engine) -> Iterator[Work]:
        """Yield the unfinished jobs, then the other points in stacks. Folds are made when they are needed."""
        left = {point.name: point for point in self.left}
        for saved in self._saved.values():
            rows = [row for row, name in enumerate(saved.names) if name in left]
            if rows:
                job = self.job(tuple(left.pop(saved.names[row]) for row in rows))
                if saved.precision:
                    job = replace(job, arithmetic=job.arithmetic._replace(precision=saved.precision))
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
        """Return the model that a point starts from."""
        if self.parent is None:
            return initial_model(self.config, self.data.train, self.plan.seed)
        return self.parent.fold(point.by_layer)

    def _save(self, job: Job, state: State) -> None:
        steps = job.recipe.steps(len(self.data.train))
        seconds = self._seconds[job.names[0]]
        own = job.arithmetic.precision if job.arithmetic != self.arithmetic else None
        resume.save(self.atlas.path, self.atlas.manifest, job.names, state, steps, seconds, own)

    def _add(self, point: Point, model: object, seconds: float) -> None:
        row = self.atlas.add(point, model, self.data.test, seconds)
        self.console.print(log_line(self.atlas.done, len(self.plan.points), point, row, seconds))


def may_be_rounding(job: Job, weights: torch.Tensor) -> bool:
    """Whether a model's weights are not finite, perhaps because its products were less exact than float32."""
    return job.arithmetic.precision == "bfloat16" and not bool(weights.isfinite().all())


def log_line(number: int, total: int, point: Point, row: dict, seconds: float) -> str:
    """Return one line about a finished point."""
    return (
        f"{number}/{total}  β₂ {point.beta_2:g}  β₁ {point.beta_1:g}  R(z₂) {row['rate_z2']:.2f}  "
        f"R(z₁|z₂) {row['rate_z1']:.2f}  D {row['distortion']:.1f} nats  PSNR {row['psnr']:.2f} dB  "
        f"({seconds:.0f} s)"
    )
