"""Writing an atlas from models that somebody trained with a loop of their own.

`create` makes the folder, `add` adds one model after the other; `python -m precompute evaluate` then measures
what they do not. Every file appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from filelock import FileLock, Timeout

from hvae.atlas.examples import write_examples
from hvae.atlas.manifest import ELSEWHERE, Betas, Manifest, Pictures, read_manifest
from hvae.atlas.metrics_table import metrics_table, read_metrics, table_columns, write_table
from hvae.atlas.point import HIGHEST_TRAINED_BETA, LOWEST_TRAINED_BETA, Point, as_in_name
from hvae.atlas.untrusted_files import EXAMPLES
from hvae.config import HVAEConfig
from hvae.errors import UserError
from hvae.files import remove_leftovers, write_whole

if TYPE_CHECKING:
    from hvae.datasets import Images
    from hvae.model import HVAE
    from hvae.training.finish import Finished

LOCK = ".lock"


def create(path: Path, dataset: str, config: HVAEConfig, seed: int, data_dir: str | Path) -> None:
    """Make the folder of an atlas without points. See `Atlas.create`."""
    from hvae import __version__
    from hvae.datasets.folder import recorded_name
    from hvae.metrics.limits import limits, undefined

    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UserError(f"{path} is there already: name another folder for the atlas.")
    side = config.image_shape[1]
    train, test = (loaded(dataset, split, str(data_dir), side) for split in ("train", "test"))
    shape = tuple(test.images.shape[1:])
    if shape != config.image_shape:
        raise UserError(
            f"The pictures of {dataset} are {shape}, the models' image_shape is {config.image_shape}: "
            f"give HVAEConfig(image_shape={shape})."
        )
    manifest = Manifest(
        schema_version=1,
        dataset=recorded_name(dataset),
        classes=list(test.classes),
        model=config.to_dict(),
        betas=Betas(beta_2=[1.0], beta_1=[1.0]),
        recipe={},
        seed=seed,
        made_with={ELSEWHERE: "Atlas.create", "hvae-explorer": __version__},
        data={"train": train.digest(), "test": test.digest()},
        files={},
        pictures=Pictures.of(train.contents),
        undefined=undefined(limits(train, test)),
    )
    (path / "models").mkdir(parents=True, exist_ok=True)
    with locked(path):
        write_whole(path / EXAMPLES, lambda aside: write_examples(aside, test))
        write_table(path, manifest, metrics_table([], list(table_columns())), EXAMPLES)


def add(path: Path, beta_2: float, beta_1: float, model: HVAE, data_dir: str | Path) -> None:
    """Add one model to the atlas in a folder. See `Atlas.add`."""
    from hvae.training.finish import finished

    for beta in (beta_2, beta_1):
        if not LOWEST_TRAINED_BETA <= beta <= HIGHEST_TRAINED_BETA:
            limits = f"from {LOWEST_TRAINED_BETA:g} to {HIGHEST_TRAINED_BETA:g}"
            raise UserError(f"β must be {limits}, not {beta!r}.")
    point = Point(as_in_name(beta_2), as_in_name(beta_1))
    with locked(path):
        manifest = read_manifest(path)
        metrics = read_metrics(path, manifest)
        refuse_known_point(path, metrics, point)
        if not manifest.is_from_elsewhere:
            raise UserError(f"{path} is from precompute run: Atlas.create makes an atlas for other models.")
        if model.config != manifest.config:
            raise UserError(f"The model has another config than {path}: give it {manifest.config}.")
        if not all(weight.isfinite().all() for weight in model.state_dict().values()):
            raise UserError(f"The model at β₂ = {beta_2:g}, β₁ = {beta_1:g} has weights that are not finite.")
        dataset, side = manifest.dataset, manifest.side
        done = finished(point, model, loaded(dataset, "test", str(data_dir), side), manifest)
        # What it was made from, nobody here knows.
        metadata = {key: value for key, value in done.metadata.items() if key != "made_from"}
        append_point(path, manifest, metrics, point, done._replace(metadata=metadata))


def append_point(
    folder: Path, manifest: Manifest, metrics: pd.DataFrame, point: Point, finished: Finished
) -> None:
    """Write a point's checkpoint, and its row behind those that are there; call it within `locked`.

    Columns that were not measured are NaN. An atlas of models from elsewhere has no grid of its own: its grid
    is that of its points.
    """
    from hvae.training.finish import save_finished

    save_finished(folder, point, finished)
    row = metrics_table([finished.row], list(metrics.columns))
    metrics = pd.concat([metrics, row], ignore_index=True) if len(metrics) else row
    if manifest.is_from_elsewhere:
        sides = {name: sorted(set(metrics[name])) for name in ("beta_2", "beta_1")}
        manifest = manifest.model_copy(update={"betas": Betas(**sides)})
    write_table(folder, manifest, metrics, point.checkpoint)


def refuse_known_point(path: Path, metrics: pd.DataFrame, point: Point) -> None:
    """Raise UserError if the atlas has a point of these β."""
    if point.checkpoint in set(metrics["checkpoint"]):
        raise UserError(f"{path} has a point at β₂ = {point.beta_2:g}, β₁ = {point.beta_1:g} already.")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of an atlas's folder: no other process writes it. Raises UserError if it is taken."""
    lock = acquired(folder)
    try:
        remove_leftovers(folder)
        yield
    finally:
        lock.release()


def acquired(folder: Path, remedy: str = "wait for it") -> FileLock:
    """Return the lock of an atlas's folder, held until it is released or the process ends.

    Raises UserError, which says the remedy, if another process holds it.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"Another process is writing {folder}: {remedy}.") from None
    return lock


@lru_cache(maxsize=2)
def loaded(dataset: str, split: str, data_dir: str, side: int) -> Images:
    """Return a split of a data set, kept for the next model. Raises UserError if it is missing."""
    from hvae import datasets

    return datasets.load(dataset, split, data_dir, size=side)
