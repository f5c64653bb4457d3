"""An atlas being written: every file whole or not at all, and in an order that survives a kill.

A point is done when its checkpoint, its row in metrics.parquet and its line in atlas.json are written, in
that order. After a kill, everything that is missing or does not match is made again, from the same seed.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import platform
import shlex
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from filelock import FileLock, Timeout

from hvae import __version__
from hvae.atlas.atlas import (
    CLASSIFIER,
    EXAMPLES,
    MANIFEST,
    METRICS,
    PARENT,
    TRAINING,
    Atlas,
    Betas,
    Manifest,
    checked_file,
    read_manifest,
    read_metrics,
    table_columns,
)
from hvae.atlas.checkpoint import load_model, load_parent, save_parent
from hvae.atlas.manifest import MAX_KINDS, MAX_TEXT, Pictures, made_from_plan
from hvae.atlas.metadata import SHA256, read_metadata
from hvae.atlas.metrics_table import metrics_table, write_table
from hvae.atlas.point import Point
from hvae.datasets import Images
from hvae.datasets.contents import Contents, difference
from hvae.datasets.folder import PREFIX
from hvae.errors import UserError
from hvae.files import remove_leftovers, sha256, user_path, write_whole
from hvae.layers import HVAEConfig
from hvae.metrics.limits import limits, undefined
from hvae.metrics.measurements.reconstruction import RECONSTRUCTION
from hvae.metrics.registry import EvaluationData
from hvae.model import HVAE
from hvae.parent import Parent
from hvae.training.finish import finished, save_finished
from hvae.training.train import is_finite
from precompute.outlook import stored_spectrum
from precompute.plan import Plan

EXAMPLE_IMAGES = 256
NUMBERS_COME_FROM = ("torchvision", "scikit-learn", "numpy", "pandas")
LOCK = ".lock"
MOST_THREADS = 1024
OURS = {"models", EXAMPLES, METRICS, CLASSIFIER, PARENT, LOCK, TRAINING}


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
        lock = locked(path)
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
        lock = locked(path)
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


def refuse_place(path: Path, dataset: str) -> None:
    """Raise UserError if an atlas of the data set cannot be at `path`, OSError if it cannot be written."""
    refuse_inside_pictures(path, dataset)
    refuse_what_is_no_atlas(path)
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def refuse_inside_pictures(out: Path, dataset: str) -> None:
    """Raise UserError if the atlas would lie among the user's own pictures."""
    if dataset.startswith("folder:"):
        pictures = user_path(dataset.removeprefix("folder:")).resolve()
        if out.resolve().is_relative_to(pictures):
            raise UserError(f"{out} lies inside the pictures' folder: name a folder elsewhere for the atlas.")


def refuse_what_is_no_atlas(path: Path) -> None:
    """Raise UserError if the files at `path`, or above it, do not allow an atlas there."""
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    models = path / "models"
    if not there.is_dir() or (models.exists() and not models.is_dir()):
        raise UserError(f"{path} is not a folder: name another one for the atlas.")
    if models.is_symlink():
        raise UserError(f"{models} is a link: an atlas keeps its models in its own folder.")
    if there != path or (path / MANIFEST).exists():
        return
    # Our own files, from a kill before the first atlas.json, are allowed.
    if {child.name for child in path.iterdir() if not child.match(".*.tmp")} - OURS:
        raise UserError(f"{path} is not empty and holds no atlas: name another folder.")


def what_is_there(path: Path, fresh: Manifest) -> tuple[Manifest, dict[str, dict]]:
    """Return the manifest and the sound rows from an earlier run of the plan of `fresh` in the folder `path`.

    Raises UserError if it is an atlas of another plan or of other data.
    """
    if not (path / MANIFEST).exists():
        return fresh, {}
    manifest = read_manifest(path)
    refuse_other_plan(path, manifest, fresh)
    return manifest, sound_rows(path, manifest)


def locked(path: Path) -> FileLock:
    """Hold the folder's lock until it is released or the process ends. Raises UserError if it is taken."""
    lock = FileLock(path / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"Another process is writing {path}: wait for it, or name another folder.") from None
    return lock


def new_manifest(plan: Plan, config: HVAEConfig, data: EvaluationData, device: torch.device) -> Manifest:
    """Return the first atlas.json of a plan."""
    return Manifest(
        schema_version=1,
        dataset=plan.dataset,
        classes=list(data.test.classes),
        model=config.to_dict(),
        betas=Betas(beta_2=plan.betas, beta_1=plan.betas),
        recipe=dataclasses.asdict(plan.recipe),
        parent_recipe=dataclasses.asdict(plan.parent_recipe) if plan.parent_recipe else {},
        seed=plan.seed,
        made_with={
            "command": command_line()[:MAX_TEXT],
            "device": device_name(device),
            "python": platform.python_version(),
            "torch": torch.__version__,
            **{package: version(package) for package in NUMBERS_COME_FROM},
            "hvae-explorer": __version__,
        },
        evaluation={RECONSTRUCTION.name: RECONSTRUCTION.fingerprint()},
        data=data.digests,
        weights=plan.weights,
        files={},
        pictures=pictures_of(data.train.contents),
        undefined=undefined(limits(data.train, data.test)),
    )


def command_line() -> str:
    """Return the command line, without bytes that are no text."""
    typed = shlex.join(["python", "-m", "precompute", *sys.argv[1:]])
    return os.fsencode(typed).decode("utf-8", "replace")


def pictures_of(contents: Contents | None) -> Pictures | None:
    """Return the counts of a folder for atlas.json, with only the most frequent kinds of files."""
    if contents is None:
        return None
    kinds = sorted(contents.passed_over.items(), key=lambda kind: -kind[1])[:MAX_KINDS]
    return Pictures(
        train=list(contents.train.values()), test=list(contents.test.values()), passed_over=dict(kinds)
    )


def contents_of(manifest: Manifest) -> Contents | None:
    """Return what atlas.json keeps of a folder's contents."""
    if manifest.pictures is None:
        return None
    names = manifest.classes or [""]
    counts = (manifest.pictures.train, manifest.pictures.test)
    return Contents(*(dict(zip(names, numbers, strict=True)) for numbers in counts))


def what_changed(before: Contents | None, now: Contents | None) -> str:
    """Return a clause about how a folder's pictures differ from those of an atlas; empty if unknown."""
    return f" ({difference(before, now)})" if before and now else ""


def recorded_threads(manifest: Manifest) -> int | None:
    """Return the number of CPU threads for an atlas's parent and classifier; None if it is not chosen yet."""
    recorded = manifest.made_with.get("threads")
    return recorded if isinstance(recorded, int) and 1 <= recorded <= MOST_THREADS else None


def device_name(device: torch.device) -> str:
    """Return the name of the device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({processor()}, {torch.get_num_threads()} threads)"


def processor() -> str:
    """Return the processor's name if the platform knows it, else its architecture."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, name = line.partition(":")
            if key.strip() == "model name":
                return name.strip()
    return platform.processor() or platform.machine()


def refuse_other_plan(path: Path, found: Manifest, wanted: Manifest) -> None:
    """Raise UserError, which names the first difference, unless both manifests have the same plan."""
    fields = ["betas", "seed", "model", "parent_recipe", "recipe", "classes", "data", "weights"]
    if not all(manifest.dataset.startswith(PREFIX) and manifest.data for manifest in (found, wanted)):
        fields.insert(0, "dataset")
    elif (
        found.data != wanted.data and found.side == wanted.side
    ):  # pictures are identified by their checksum, in any folder
        change = what_changed(contents_of(found), contents_of(wanted))
        raise UserError(
            f"{path} holds an atlas made from other pictures{change}: restore them, or name another folder."
        )
    for name in fields:
        there, asked = getattr(found, name), getattr(wanted, name)
        if there != asked:
            if name == "parent_recipe" and not (there and asked):
                raise UserError(
                    f"{path} holds an atlas made {'with' if there else 'without'} a parent: "
                    f"{'leave out' if there else 'add'} --from-scratch, or name another folder."
                )
            if name.endswith("recipe"):
                of = "parent's " if name == "parent_recipe" else ""
                key = next(key for key in {**asked, **there} if asked.get(key) != there.get(key))
                name, there, asked = f"{of}{key}", there.get(key), asked.get(key)
            if name == "model":
                name, there, asked = other_options(there, asked)
            if name == "weights":
                name = "precision of weights"
            raise UserError(
                f"{path} holds an atlas made with another {name} ({short(there)}, not {short(asked)}): "
                "repeat that command to continue it, or name another folder."
            )


def other_options(there: dict, asked: dict) -> tuple[str, str, str]:
    """Which fields of two models' configs differ, in words, and what they are in each."""
    names = [name for name in asked if there.get(name) != asked[name]]
    words = ["size" if name == "image_shape" else name for name in names]
    values = (
        ", ".join(str(model[name][-1] if name == "image_shape" else model[name]) for name in names)
        for model in (there, asked)
    )
    return " and ".join(words), *values


def short(value: object) -> str:
    """Return a value, cut to what fits in a sentence."""
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


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


def write_examples(path: Path, images: Images) -> None:
    """Return some test images and their labels, as an .npz without objects.

    They are chosen at random, because a data set may be sorted by class, but always the same ones.
    """
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:EXAMPLE_IMAGES].numpy()
    chosen = images.images.cpu().numpy()[order], images.labels.cpu().numpy()[order]
    with open(path, "wb") as file:
        np.savez_compressed(file, images=chosen[0], labels=chosen[1])
