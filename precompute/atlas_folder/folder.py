"""An atlas being written: every file whole or not at all, and in an order that survives a kill.

A point is done when its checkpoint, its row in metrics.parquet and its line in atlas.json are written, in
that order. After a kill, everything that is missing or does not match is made again, from the same seed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from filelock import FileLock

from hvae.atlas.atlas import (
    EXAMPLES,
    MANIFEST,
    PARENT,
    Atlas,
    Betas,
    Manifest,
    checked_file,
    read_manifest,
    read_metrics,
    table_columns,
)
from hvae.atlas.checkpoint import load_model, load_parent, save_parent
from hvae.atlas.examples import write_examples
from hvae.atlas.manifest import made_from_plan
from hvae.atlas.metadata import SHA256, read_metadata
from hvae.atlas.metrics_table import metrics_table, write_table
from hvae.atlas.per_image import add_per_image
from hvae.atlas.point import Point
from hvae.atlas.writing import acquired
from hvae.config import HVAEConfig
from hvae.datasets import Images
from hvae.errors import UserError
from hvae.files import remove_leftovers, sha256, write_whole
from hvae.metrics.registry import EvaluationData
from hvae.model import HVAE
from hvae.parent import Parent
from hvae.training.finish import finished, save_finished
from hvae.training.train import is_finite
from precompute.atlas_folder.new_manifest import new_manifest, recorded_threads
from precompute.atlas_folder.place import refuse_what_is_no_atlas
from precompute.atlas_folder.same_plan import refuse_other_plan
from precompute.planning.outlook import stored_spectrum
from precompute.planning.plan import Plan

OR_ANOTHER = "wait for it, or name another folder"
"""What to do while another process writes the folder."""


class AtlasFolder:
    """An atlas being written: its folder, its manifest and its rows so far."""

    def __init__(self, path: Path, manifest: Manifest, rows: dict[str, dict], lock: FileLock) -> None:
        self.path = path
        self.manifest = manifest
        self.rows = rows
        self._lock = lock

    @classmethod
    def prepare(
        cls, path: Path, plan: Plan, config: HVAEConfig, data: EvaluationData, device: torch.device
    ) -> AtlasFolder:
        """Create the folder, or open the atlas that an earlier run of the same plan left in it.

        Raises UserError if the folder holds something else, an atlas of another plan or of other data, or
        an atlas that another process is writing.
        """
        fresh = new_manifest(plan, config, data, device)
        refuse_what_is_no_atlas(path)
        (path / "models").mkdir(parents=True, exist_ok=True)
        lock = acquired(path, OR_ANOTHER)
        atlas = cls(path, *what_is_there(path, fresh), lock)
        remove_leftovers(path)
        remove_damaged(path, atlas.manifest)
        write_whole(path / EXAMPLES, lambda aside: write_examples(aside, data.test))
        atlas.write(EXAMPLES)
        return atlas

    @classmethod
    def open(cls, path: Path) -> AtlasFolder:
        """Open a finished or partial atlas.

        Raises UserError if it is not sound, or if another process is writing it.
        """
        lock = acquired(path, OR_ANOTHER)
        atlas = Atlas.open(path)
        remove_leftovers(path)
        rows = {row["checkpoint"]: row for row in atlas.metrics.to_dict("records")}
        return cls(path, atlas.manifest, rows, lock)

    def close(self) -> None:
        """Let other processes write the atlas."""
        self._lock.release()

    def update(self, **fields: object) -> None:
        """Change fields of atlas.json in memory; `write` stores them."""
        self.manifest = self.manifest.model_copy(update=fields)

    @property
    def done(self) -> int:
        """The number of finished points."""
        return len(self.rows)

    def is_done(self, point: Point) -> bool:
        """Return whether the point has a row and an undamaged checkpoint."""
        return point.checkpoint in self.rows

    def finished_model(self, point: Point) -> HVAE | None:
        """Return the point's model, if a killed run wrote its checkpoint but not its row."""
        path = self.path / point.checkpoint
        if not path.is_file():
            return None
        try:
            metadata = read_metadata(path)
            is_ours = metadata.get("made_from") == made_from_plan(self.manifest, point.name)
            is_as_precise = metadata.get("weights", "float32") == self.manifest.weights
            has_checksum = point.checkpoint in self.manifest.files or SHA256 in metadata
            return load_model(path) if is_ours and is_as_precise and has_checksum else None
        except UserError:
            return None

    def add(self, point: Point, model: HVAE, test_images: Images, seconds: float) -> dict:
        """Round and measure the point's model, write its checkpoint, its row and its line; return the row."""
        done = finished(point, model, test_images, self.manifest)
        save_finished(self.path, point, done)
        name, row = point.checkpoint, done.row
        self.rows[name] = row
        failures = {key: value for key, value in self.manifest.failures.items() if key != name}
        if not is_finite(done.model):
            failures[name] = "training diverged: its weights are not finite"
        self.update(failures=failures)
        self.spend("training_seconds", seconds)
        self.write(name)
        return row

    def add_per_image(self, name: str, images: int, measured: dict[str, dict[str, np.ndarray]]) -> str:
        """Write what single test images contribute to a point's numbers; return the file, for `write`.

        See `hvae.atlas.per_image.add_per_image`.
        """
        return add_per_image(self.path, self.manifest, name, images, measured)

    @property
    def threads(self) -> int | None:
        """The number of CPU threads for the parent and the classifier; None if it is not chosen yet."""
        return recorded_threads(self.manifest)

    def describe_data(self, train: Images) -> None:
        """Note the spectrum of the training images, unless atlas.json has it; `write` makes it lasting."""
        if not self.manifest.spectrum:
            self.update(spectrum=stored_spectrum(train))

    def spend(self, what: str, seconds: float, cores: int = 1) -> None:
        """Add to the seconds and device-hours of atlas.json in memory; `write` stores them.

        cores: number of busy cores; a device-hour on a CPU is an hour of one core.
        """
        made_with = self.manifest.made_with
        spent = round(float(made_with.get(what, 0)) + seconds, 1)
        hours = round(float(made_with.get("device_hours", 0)) + seconds * cores / 3600, 5)
        self.update(made_with={**made_with, what: spent, "device_hours": hours})

    def parent(self) -> Parent | None:
        """Return the parent, if it is there and was made from this plan."""
        parent = sound_parent(self.path, self.manifest)
        if parent and PARENT not in self.manifest.files:  # killed between the parent and its line
            self.write(PARENT)
        return parent

    def add_parent(self, parent: Parent, seconds: float, cores: int = 1) -> None:
        """Write the parent and its line in atlas.json; see `spend`."""
        save_parent(parent, self.path / PARENT, {"made_from": made_from_plan(self.manifest, "parent")})
        self.spend("parent_seconds", seconds, cores)
        self.write(PARENT)

    def write(self, *changed: str) -> None:
        """Write metrics.parquet, and atlas.json with the checksums of it and of the `changed` files.

        See `hvae.atlas.metrics_table.write_table`.
        """
        self.manifest = write_table(
            self.path, self.manifest, metrics_frame(self.manifest.betas, self.rows), *changed
        )


def what_is_there(path: Path, fresh: Manifest) -> tuple[Manifest, dict[str, dict]]:
    """Return the manifest and the sound rows from an earlier run of the plan of `fresh` in the folder `path`.

    Raises UserError if it is an atlas of another plan or of other data.
    """
    if not (path / MANIFEST).exists():
        return fresh, {}
    manifest = read_manifest(path)
    refuse_other_plan(path, manifest, fresh)
    return manifest, sound_rows(path, manifest)


def remove_damaged(path: Path, manifest: Manifest) -> None:
    """Delete checkpoints that have changed since they were written."""
    for name, digest in manifest.files.items():
        checkpoint = path / name
        if name.startswith("models/") and checkpoint.is_file() and sha256(checkpoint) != digest:
            checkpoint.unlink()


def sound_rows(path: Path, manifest: Manifest) -> dict[str, dict]:
    """Return the rows of an earlier run with undamaged checkpoints; none if the table is damaged."""
    try:
        metrics = read_metrics(path, manifest)
    except UserError:
        return {}
    rows = {row["checkpoint"]: row for row in metrics.to_dict("records")}
    return {name: row for name, row in rows.items() if is_sound(path, manifest, name)}


def sound_parent(path: Path, manifest: Manifest) -> Parent | None:
    """Return the parent in the atlas's folder, if it is there, undamaged, and of this plan."""
    file = path / PARENT
    if not file.is_file() or file.is_symlink():
        return None
    digest = manifest.files.get(PARENT)
    try:
        if digest is not None and sha256(file) != digest:
            return None
        metadata = read_metadata(file)
        has_checksum = digest is not None or SHA256 in metadata
        is_ours = metadata.get("made_from") == made_from_plan(manifest, "parent")
        return load_parent(file) if is_ours and has_checksum else None
    except UserError:
        return None


def is_sound(path: Path, manifest: Manifest, name: str) -> bool:
    """Return whether the file has the checksum that atlas.json gives."""
    try:
        checked_file(path, manifest.files, name)
    except UserError:
        return False
    return True


def metrics_frame(betas: Betas, rows: dict[str, dict]) -> pd.DataFrame:
    """Return rows in grid order, then those off the grid, with all columns; NaN if not computed."""
    points = [Point(beta_2, beta_1) for beta_2 in betas.beta_2 for beta_1 in betas.beta_1]
    on_grid = [point.checkpoint for point in points if point.checkpoint in rows]
    ordered = [rows[name] for name in dict.fromkeys([*on_grid, *rows])]
    extra = sorted({name for row in ordered for name in row} - set(table_columns()))
    return metrics_table(ordered, [*table_columns(), *extra])
