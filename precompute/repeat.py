"""Train some points of an atlas again with other seeds, and store how far the runs scatter.

Each other run is an unfinished atlas of its own, in a folder named after its seed. Its models are measured as
the atlas measured its own: on the same images, by the same judges, with the same noise. So only the training
differs.
"""

from __future__ import annotations

import hashlib
import json
import math
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from hvae.atlas.atlas import CALIBRATED, CLASSIFIER, MANIFEST, Atlas, read_manifest
from hvae.atlas.manifest import Manifest, Scatter, made_from_plan
from hvae.atlas.writing import locked
from hvae.errors import UserError
from hvae.files import user_path, write_json
from hvae.metrics.cache import MetricCache, NoCache, cache_folder, usable_cache
from hvae.metrics.registry import EvaluationData
from hvae.numerics import denormals_flushed
from hvae.training.arithmetic import recorded
from precompute.atlas_folder.folder import AtlasFolder
from precompute.atlas_folder.place import refuse_place
from precompute.device import choose_device
from precompute.evaluate import Lacking, cached_or_measured, data_of, defined_measurements, is_current
from precompute.judges import needs_judge
from precompute.planning.options import Formulation, Options, Products
from precompute.planning.plan import Plan, model_config
from precompute.planning.repeated import about_seconds, plan_of
from precompute.planning.sizes import atlas_bytes, refuse_full_disk
from precompute.progress import duration, stderr_console
from precompute.run import Run, processes_to_use, train_what_is_left

HOW = ("threads", "formulation", "precision")
"""The entries of `made_with` on which the last bits of weights depend: other runs have the atlas's."""


@denormals_flushed()
def repeat_atlas(
    out: Path,
    seeds: Sequence[int] = (1, 2),
    output: Path | None = None,
    data_dir: Path = Path("data"),
    device: str = "auto",
    jobs: int | None = None,
    dataset: str | None = None,
    console: Console | None = None,
) -> None:
    """Train the parent and some points of the atlas `out` with each seed; write the scatter to atlas.json.

    seeds: of the other runs. output: where they are kept, to be continued; None for a folder in the cache.
    The others are as for `evaluate_atlas`.
    Raises UserError if the atlas cannot be trained again, or its data set is missing or has changed.
    """
    console = console or stderr_console()
    out = user_path(out)
    atlas = Atlas.open(out)
    plan = plan_of(atlas)
    if plan.seed in seeds:
        raise UserError(f"{out} itself was trained with seed {plan.seed}: give --seeds other ones.")
    if not is_current(atlas):
        raise UserError(f"{out} lacks metrics: python -m precompute evaluate {shlex.quote(str(out))} first.")
    place = place_of_runs(atlas, output)
    refuse_place(place / "runs", dataset or plan.dataset)
    data = data_of(atlas, data_dir, choose_device(device), dataset)
    if needs_judge(atlas.manifest):
        data.classifier, data.calibrated = (
            atlas.load_judge(data.train.images.device, name) for name in (CLASSIFIER, CALIBRATED)
        )
    refuse_full_disk(place, len(seeds) * atlas_bytes(plan, model_config(plan, data.train)))
    arithmetic = recorded(atlas.manifest, data.train.images.device)
    options = Options(
        dataset=plan.dataset,
        data_dir=data_dir,
        device=device,
        jobs=jobs,
        formulation=arithmetic.formulation and Formulation(arithmetic.formulation),
        precision=arithmetic.precision and Products(arithmetic.precision),
    )
    options = replace(options, jobs=processes_to_use(options, console))
    say_what_comes(atlas, plan, seeds, place, options.processes, console)
    cache = usable_cache(console.print)
    try:
        tables = [
            one_run(place / f"seed-{seed}", atlas, replace(plan, seed=seed), data, options, cache, console)
            for seed in seeds
        ]
    except KeyboardInterrupt:
        console.print(f"Stopped. {place} holds what is done; the same command continues.")
        raise
    finally:
        cache.close()
    own = atlas.metrics.set_index("checkpoint").loc[tables[0].index, tables[0].columns]
    scatter = pooled([own, *tables])
    store(atlas, scatter)
    console.print(
        f"Done: the scatter between {scatter.runs} runs of {len(scatter.points)} points is in "
        f"{out / MANIFEST}. {place} is no longer needed."
    )


def place_of_runs(atlas: Atlas, output: Path | None) -> Path:
    """Return the folder of the other runs. Raises UserError if it lies inside the atlas."""
    if output is None:
        of_atlas = json.dumps([*made_from_plan(atlas.manifest, "parent").items()], sort_keys=True)
        digest = hashlib.sha256(of_atlas.encode()).hexdigest()[:8]
        return cache_folder() / "repeat" / f"{atlas.path.resolve().name}-{digest}"
    place = user_path(output)
    if place.resolve().is_relative_to(atlas.path.resolve()):
        raise UserError(f"--output {output} lies inside the atlas: name a folder elsewhere.")
    return place


def say_what_comes(
    atlas: Atlas, plan: Plan, seeds: Sequence[int], place: Path, processes: int, console: Console
) -> None:
    """Print what is trained again, where it is kept, and about how long it takes."""
    points = plan.points
    console.print(f"{atlas.path}: seeds {', '.join(map(str, seeds))}, {len(points)} points each, in {place}:")
    console.print("; ".join(f"β₂ {point.beta_2:g} β₁ {point.beta_1:g}" for point in points) + ".")
    seconds = len(seeds) * about_seconds(atlas, len(points), processes)
    if math.isfinite(seconds):
        console.print(f"About {duration(seconds)} in all, if this machine is as fast as the atlas's.")


def one_run(
    folder: Path,
    atlas: Atlas,
    plan: Plan,
    data: EvaluationData,
    options: Options,
    cache: MetricCache | NoCache,
    console: Console,
) -> pd.DataFrame:
    """Train what `folder` lacks of a plan, and return its numbers, measured as those of `atlas`.

    data: with the atlas's judges and seed. Rows are checkpoints, columns are metrics without errors; a point
    whose training diverged has none.
    """
    device = data.train.images.device
    own = EvaluationData(data.train, data.test, plan.seed)
    run_folder = AtlasFolder.prepare(folder, plan, model_config(plan, data.train), own, device)
    try:
        known = {name: value for name, value in atlas.manifest.made_with.items() if name in HOW}
        run_folder.update(made_with={**known, **run_folder.manifest.made_with})
        console.print(f"Seed {plan.seed}: {run_folder.done} of {len(plan.points)} points trained.")
        run = Run(run_folder, plan, own, console)
        train_what_is_left(run, options, options.processes, cache)
        # In memory alone: its models are now measured as the atlas's own.
        run_folder.update(**measured_as(atlas.manifest, run_folder.manifest))
        return numbers(run_folder, plan, data, cache, console, options.processes)
    finally:
        run_folder.close()


def measured_as(atlas: Manifest, run: Manifest) -> dict[str, object]:
    """Return the fields of a run's manifest on which measuring depends, as the atlas has them."""
    judges = {name: atlas.files[name] for name in (CLASSIFIER, CALIBRATED) if name in atlas.files}
    return {"seed": atlas.seed, "undefined": atlas.undefined, "files": {**run.files, **judges}}


def numbers(
    run: AtlasFolder,
    plan: Plan,
    data: EvaluationData,
    cache: MetricCache | NoCache,
    console: Console,
    jobs: int,
) -> pd.DataFrame:
    """Return the metrics of a run's models, from the cache if they are there; see `one_run`."""
    asked = defined_measurements(run.manifest)
    names = [point.checkpoint for point in plan.points]
    todo = {name: Lacking(asked, []) for name in names if name not in run.manifest.failures}
    rows: dict[str, dict[str, float]] = {}
    for name, measured in cached_or_measured(todo, run, data, cache, jobs):
        rows[name] = {column: value for part in measured.found.values() for column, value in part.items()}
        console.print(f"{len(rows)}/{len(todo)}  {Path(name).stem}  measured  ({measured.seconds:.1f} s)")
    columns = [column for measurement in asked for column in measurement.names]
    return pd.DataFrame.from_dict(rows, orient="index").reindex(index=names, columns=columns)


def pooled(runs: Sequence[pd.DataFrame]) -> Scatter:
    """Return the scatter between runs of the same points: √(mean over points of the variance over runs).

    runs: of each its numbers, checkpoint × metric. Of a metric, points count that every run has a number for.
    Raises UserError if there is none.
    """
    found = np.stack([run.to_numpy(float) for run in runs])
    known = np.isfinite(found).all(axis=0)
    variances = np.where(known, found, 0.0).var(axis=0, ddof=1)
    columns = {column: number for number, column in enumerate(runs[0].columns) if known[:, number].any()}
    if not columns:
        raise UserError("No point has numbers in every run: the training of each diverged in one of them.")
    return Scatter(
        runs=len(runs),
        points=list(runs[0].index[known.any(axis=1)]),
        deviations={
            column: float(f"{math.sqrt(variances[known[:, number], number].mean()):.6g}")
            for column, number in columns.items()
        },
    )


def store(atlas: Atlas, scatter: Scatter) -> None:
    """Write the scatter into atlas.json, unless what it was compared with has changed since.

    Raises UserError if it has, or if another process is writing the atlas.
    """
    with locked(atlas.path):
        now = read_manifest(atlas.path)
        compared = (*scatter.points, CLASSIFIER, CALIBRATED)
        was = atlas.manifest
        if now.evaluation != was.evaluation or any(now.files.get(x) != was.files.get(x) for x in compared):
            raise UserError(f"{atlas.path} has changed meanwhile: the same command measures what is new.")
        write_json(atlas.path / MANIFEST, now.model_copy(update={"scatter": scatter}).model_dump())
