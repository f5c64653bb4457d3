"""Measure missing and outdated metrics of an atlas."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import as_completed
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.console import Console

from hvae.atlas.atlas import Atlas, Manifest, checked_file
from hvae.atlas.metrics_table import is_measured
from hvae.atlas.per_image import per_image_evaluation
from hvae.errors import UserError
from hvae.files import user_path
from hvae.metrics.metric import Measurement
from hvae.metrics.registry import EvaluationData, measurements
from precompute.judges import judges_are_current, needs_judge, prepare_calibrated, prepare_classifier
from precompute.progress import progress_bar, stderr_console

if TYPE_CHECKING:
    import torch

    from hvae.metrics.cache import MetricCache, NoCache
    from precompute.atlas_folder.folder import AtlasFolder

# From so many processes on, the CPU's cores together measure faster than a GPU does point by point: most time
# goes to probes, which run on the CPU in both cases. An estimate: no GPU has been at hand yet.
FASTER_THAN_A_GPU = 4
# Peak memory of measuring: the kernel matrix of the RBF probe, and torch's copies around it.
MEASURING_BYTES = 1_000_000_000

Columns = dict[str, float]


class Lacking(NamedTuple):
    """What a point lacks: measurements, and those of which it lacks what single images contribute."""

    columns: list[Measurement]
    per_image: list[Measurement]


class Measured(NamedTuple):
    """The results for a point, and the seconds that they took.

    found: measurement → its columns. per_image: measurement → what single test images contribute to them.
    """

    found: dict[str, Columns]
    per_image: dict[str, dict[str, np.ndarray]]
    seconds: float


def evaluate_atlas(
    out: Path,
    data_dir: Path,
    device: str = "auto",
    console: Console | None = None,
    jobs: int = 1,
    dataset: str | None = None,
) -> None:
    """Measure missing and outdated metrics of the atlas `out`, point by point; train no point.

    jobs: how many processes measure points on the CPU; 1 is this one. A CPU's numbers do not depend on it.
        Beside a GPU a few processes are not worth it, see `measuring_processes`.
    dataset: the present place of the images, as for `--dataset`; None for the old place, or `data_dir`.
    Raises UserError if the atlas is not sound, or its data set is missing or has changed.
    """
    console = console or stderr_console()
    out = user_path(out)
    atlas = Atlas.open(out)
    for name in atlas.metrics["checkpoint"]:
        atlas.checked_file(name)
    if is_current(atlas):
        console.print(f"{out}: every metric of its {len(atlas.metrics)} points is up to date.")
        return
    from hvae.numerics import denormals_flushed
    from precompute.atlas_folder.folder import AtlasFolder
    from precompute.device import choose_device

    data = data_of(atlas, data_dir, choose_device(device), dataset)
    folder = AtlasFolder.open(out)
    try:
        with denormals_flushed():
            evaluate_folder(folder, data, console, jobs)
    finally:
        folder.close()


def data_of(atlas: Atlas, data_dir: Path, device: torch.device, dataset: str | None = None) -> EvaluationData:
    """Return the images that an atlas was made from, on a device, without judges.

    dataset, data_dir: as for `evaluate_atlas`. Raises UserError if they are missing, or have changed.
    """
    from hvae import datasets
    from hvae.datasets.folder import PREFIX, located

    where = dataset or located(atlas.manifest.dataset, user_path(data_dir))
    if not dataset and where.startswith(PREFIX) and not user_path(where.removeprefix(PREFIX)).is_dir():
        raise UserError(
            f"The pictures that {atlas.path} was made from are not in {where.removeprefix(PREFIX)}: say "
            "where they are with --dataset folder:PATH."
        )
    size = atlas.manifest.side
    splits = (datasets.load(where, split, data_dir, device=device, size=size) for split in ("train", "test"))
    data = EvaluationData(*splits, atlas.manifest.seed)
    refuse_other_data(atlas.path, atlas.manifest, data)
    return data


def refuse_other_data(path: Path, manifest: Manifest, data: EvaluationData) -> None:
    """Raise UserError if the atlas at `path` was made from other images than `data`."""
    from precompute.atlas_folder.same_plan import contents_of, what_changed

    if manifest.data and manifest.data != data.digests:
        change = what_changed(contents_of(manifest), data.train.contents)
        raise UserError(f"{path} was made from other images of {manifest.dataset}{change}: restore them.")


def evaluate_folder(
    folder: AtlasFolder,
    data: EvaluationData,
    console: Console,
    jobs: int = 1,
    cache: MetricCache | NoCache | None = None,
) -> None:
    """As `evaluate_atlas`, for an atlas that is already open, on `data`.

    cache: the cache of measured numbers; by default the user's, which is closed at the end.
    Raises UserError if the atlas was made from other data.
    """
    import torch

    from hvae.metrics.cache import usable_cache
    from hvae.metrics.limits import limits, undefined
    from hvae.numerics import full_float32, threads

    refuse_other_data(folder.path, folder.manifest, data)
    folder.update(data=data.digests, undefined=undefined(limits(data.train, data.test)))
    folder.describe_data(data.train)
    cache = cache or usable_cache(console.print)
    try:
        if needs_judge(folder.manifest):
            # As many threads as in the run, even on another machine: the classifier's last bits depend on
            # them.
            with threads(folder.threads or torch.get_num_threads()), full_float32():
                prepare_classifier(folder, data, console)
                prepare_calibrated(folder, data, console)
        fill_in(folder, data, cache, console, jobs)
    finally:
        cache.close()


def is_current(atlas: Atlas) -> bool:
    """Return whether all points have all measurements, by today's definitions, and the judges are there."""
    if not judges_are_current(atlas):
        return False
    asked = defined_measurements(atlas.manifest)
    rows = atlas.metrics.to_dict("records")
    return not any(any(lacking(atlas.path, atlas.manifest, row, asked)) for row in rows)


def defined_measurements(manifest: Manifest) -> list[Measurement]:
    """Return the measurements of a point: all that have a number on this data set."""
    return [one for one in measurements() if not all(map(manifest.is_undefined, one.columns))]


def lacking(folder: Path, manifest: Manifest, row: dict, asked: list[Measurement]) -> Lacking:
    """Return what a point of the atlas in a folder lacks of the measurements, or has by other definitions."""
    if row["checkpoint"] in manifest.failures:
        return Lacking([], [])
    known = per_image_evaluation(folder, manifest, row["checkpoint"])
    return Lacking(
        [one for one in asked if stale(one, row, manifest)],
        [one for one in asked if one.per_image and known.get(one.name) != one.fingerprint(manifest)],
    )


def stale(measurement: Measurement, row: dict, manifest: Manifest) -> bool:
    """Return whether the row lacks the measurement, or holds it by another definition."""
    if manifest.evaluation.get(measurement.name) != measurement.fingerprint(manifest):
        return True
    return not is_measured(row, measurement.columns, manifest)


def fill_in(
    folder: AtlasFolder, data: EvaluationData, cache: MetricCache | NoCache, console: Console, jobs: int
) -> None:
    """Measure every outdated point, and write the atlas after each."""
    asked = defined_measurements(folder.manifest)
    current = {measurement.name: measurement.fingerprint(folder.manifest) for measurement in asked}
    for measurement in asked:
        if folder.manifest.evaluation.get(measurement.name) != current[measurement.name]:
            for row in folder.rows.values():
                # Blank first: after a kill, an old number must not look like one by today's definition.
                row.update(dict.fromkeys(measurement.columns, np.nan))
    folder.update(evaluation=current)
    folder.write()
    todo = {name: lacking(folder.path, folder.manifest, row, asked) for name, row in folder.rows.items()}
    todo = {name: missing for name, missing in todo.items() if any(missing)}
    with progress_bar(console) as progress:
        task = progress.add_task("metrics", total=len(todo), speed="")
        arriving = cached_or_measured(todo, folder, data, cache, jobs)
        for number, (name, (found, per_image, seconds)) in enumerate(arriving, start=1):
            for columns in found.values():
                folder.rows[name].update(columns)
            changed = [folder.add_per_image(name, len(data.test), per_image)] if per_image else []
            folder.spend("metrics_seconds", seconds)
            folder.write(*changed)
            progress.update(task, completed=number)
            what = ", ".join(found) or "what single images contribute"
            console.print(f"{number}/{len(todo)}  {Path(name).stem}  {what}  ({seconds:.1f} s)")


def cached_or_measured(
    todo: dict[str, Lacking],
    folder: AtlasFolder,
    data: EvaluationData,
    cache: MetricCache | NoCache,
    jobs: int,
) -> Iterator[tuple[str, Measured]]:
    """Yield the missing numbers of each point as they arrive, from the cache if they were measured before.

    The cache has no room for what single images contribute.
    """
    jobs = measuring_processes(data.train.images.device, jobs)
    if jobs > 1 and data.train.images.device.type != "cpu":
        data = data.to("cpu")
    kind = data.train.images.device.type
    measured_on = {} if kind == "cpu" else {"device": kind}  # its numbers agree with a CPU's to rounding

    def key(name: str, measurement: Measurement) -> dict[str, object]:
        return {
            "checkpoint": folder.manifest.files[name],
            **data.digests,
            "seed": folder.manifest.seed,
            "metric": measurement.name,
            "fingerprint": measurement.fingerprint(folder.manifest),
            **measured_on,
        }

    known: dict[str, dict[str, Columns]] = {}
    tasks: dict[str, tuple[Path, Lacking]] = {}
    for name, (asked, per_image) in todo.items():
        file = checked_file(folder.path, folder.manifest.files, name)
        stored = {measurement.name: cache.get(key(name, measurement)) for measurement in asked}
        known[name] = {
            measurement.name: values
            for measurement in asked
            if (values := stored[measurement.name]) is not None and set(values) == set(measurement.columns)
        }
        missing = [measurement for measurement in asked if measurement.name not in known[name]]
        if missing or per_image:
            tasks[name] = file, Lacking(missing, per_image)
        else:
            yield name, Measured(known[name], {}, 0.0)
    for name, measured in all_measured(tasks, data, jobs):
        for measurement in tasks[name][1].columns:
            cache.set(key(name, measurement), measured.found[measurement.name])
        yield name, measured._replace(found=known[name] | measured.found)


def measuring_processes(device: torch.device, jobs: int) -> int:
    """How many of `jobs` processes measure an atlas made on a device: all of them, each on one CPU core; 1,
    which is this process, on a GPU that is faster."""
    return jobs if device.type == "cpu" or jobs >= FASTER_THAN_A_GPU else 1


def all_measured(
    tasks: dict[str, tuple[Path, Lacking]], data: EvaluationData, jobs: int
) -> Iterator[tuple[str, Measured]]:
    """Yield each point's numbers as they arrive, from as many processes as fit into memory.

    Raises UserError if a process dies.
    """
    from precompute.engines.workers import Workers, as_many_as_fit, why_no_processes

    jobs = min(len(tasks), as_many_as_fit(jobs, data.train, data.test, extra=MEASURING_BYTES))
    if jobs < 2 or why_no_processes():
        for name, task in tasks.items():
            yield name, measure_point(data, *task)
        return
    with Workers(jobs, data) as workers:
        names = {workers.submit(measure_point, *task): name for name, task in tasks.items()}
        for future in as_completed(names):
            yield names[future], workers.result(future)


def measure_point(data: EvaluationData, file: Path, asked: Lacking) -> Measured:
    """Measure the model in a file, on a CPU with one thread: the numbers do not depend on the cores."""

    from hvae.atlas.checkpoint import load_model
    from hvae.numerics import full_float32, one_thread

    started = time.monotonic()
    # On the device, in the memory layout that every measurement uses.
    model = load_model(file, data.train.images.device)
    with one_thread(), full_float32():
        found = {one.name: one.measure(model, data) for one in asked.columns}
        per_image = {one.name: one.per_image(model, data) for one in asked.per_image if one.per_image}
    return Measured(found, per_image, time.monotonic() - started)
