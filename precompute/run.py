"""Train a grid and write the atlas, file by file, so that it is usable and resumable at any moment.

A point is done when its checkpoint, its row in metrics.parquet and its line in atlas.json are there, written
in that order. Whatever is missing or does not match after a kill is made again, from the same seed.
"""

from __future__ import annotations

import dataclasses
import io
import platform
import shlex
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hvae import __version__, datasets
from hvae.atlas import COLUMNS, EXAMPLES, MANIFEST, METRICS, Betas, Manifest, read_manifest, read_metrics
from hvae.checkpoint import load_model, read_metadata, save_model
from hvae.datasets import Images
from hvae.errors import UserError
from hvae.files import sha256, write_json, write_whole
from hvae.layers import HVAEConfig
from hvae.metrics.psnr import psnr
from hvae.metrics.rates import RatesAndDistortion, layer_rates
from hvae.model import HVAE
from hvae.train import Recipe, is_finite, train
from precompute.grid import Point, grid

EXAMPLE_IMAGES = 256


@dataclass(frozen=True)
class Plan:
    """What an atlas is made from; two runs with the same plan on the same CPU give the same metrics."""

    dataset: str
    betas: list[float]
    recipe: Recipe = field(default_factory=Recipe)
    seed: int = 0

    @classmethod
    def make(cls, dataset: str, betas: list[float], *, epochs: int, seed: int) -> Plan:
        """A plan with the default recipe but for its epochs."""
        return cls(dataset, betas, Recipe(epochs=epochs), seed)

    @property
    def points(self) -> list[Point]:
        """Every point, β₂ outer, β₁ inner."""
        return grid(self.betas)


def run_plan(out: Path, plan: Plan, data_dir: Path, device: str = "auto") -> None:
    """Train every point of `plan` that `out` does not hold yet, and write the atlas there.

    Raises UserError where the data set, the device or the folder will not do, and OSError where a file
    cannot be written; what was finished before stays.
    """
    # On a CPU, the near-zero activations of collapsed latents would otherwise cost up to four times the time.
    torch.set_flush_denormal(True)
    chosen = choose_device(device)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    # Both splits now: a damaged test picture should not surface after hours of training.
    train_images, test_images = (
        datasets.load(plan.dataset, split, data_dir, device=chosen) for split in ("train", "test")
    )
    config = HVAEConfig(image_shape=tuple(train_images.images.shape[1:]))
    atlas = AtlasFolder.prepare(out, plan, config, test_images, chosen)
    points = plan.points
    left = [point for point in points if not atlas.is_done(point)]
    done = len(points) - len(left)
    console.print(f"{plan.dataset}: {len(points)} points, {done} done, on {chosen}.")
    try:
        with progress_bar(console) as progress:
            task = progress.add_task("points", total=len(points), completed=done)
            for number, point in enumerate(left, start=done + 1):
                started = time.monotonic()

                def on_step(step: int, steps: int, number: int = number) -> None:
                    progress.update(task, completed=number - 1 + step / steps)

                model = atlas.finished_model(point)
                if model is None:
                    model = train(
                        config, train_images, [point.beta_1, point.beta_2], plan.recipe, plan.seed, on_step
                    )
                seconds = time.monotonic() - started
                row = atlas.add(point, model, test_images, plan.seed, seconds)
                progress.update(task, completed=number)
                console.print(log_line(number, len(points), point, row, seconds))
    except KeyboardInterrupt:
        console.print(
            f"Stopped. {out} holds {atlas.done} of {len(points)} points; the same command continues."
        )
        raise
    console.print(
        f"Done: {out} holds all {len(points)} points. See it with: python -m app {shlex.quote(str(out))}"
    )


def choose_device(name: str) -> torch.device:
    """`auto` is CUDA, else Apple's GPU, else the CPU. Raises UserError for a device that is not there."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise UserError(f"--device {name} is not on this machine: use auto, cpu, cuda or mps.") from None
    return device


def progress_bar(console: Console) -> Progress:
    """A bar with points done and time left; silent where the output is not a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.1f} / {task.total}"),
        TimeRemainingColumn(),
        console=console,
        speed_estimate_period=600,
        transient=True,
        disable=not console.is_terminal,
    )


def log_line(number: int, total: int, point: Point, row: dict, seconds: float) -> str:
    """One line about a finished point."""
    return (
        f"{number}/{total}  β₂ {point.beta_2:g}  β₁ {point.beta_1:g}  R(z₂) {row['rate_z2']:.2f}  "
        f"R(z₁|z₂) {row['rate_z1']:.2f}  D {row['distortion']:.1f} nats  PSNR {row['psnr']:.2f} dB  "
        f"({seconds:.0f} s)"
    )


class AtlasFolder:
    """An atlas being written: its folder, its manifest and its rows so far."""

    def __init__(self, path: Path, manifest: Manifest, rows: dict[str, dict]) -> None:
        self.path = path
        self.manifest = manifest
        self.rows = rows

    @classmethod
    def prepare(
        cls, path: Path, plan: Plan, config: HVAEConfig, test_images: Images, device: torch.device
    ) -> AtlasFolder:
        """Create the folder, or open what an earlier run of the same plan left there.

        Raises UserError where the folder holds something else, or an atlas of another plan.
        """
        fresh = new_manifest(plan, config, test_images, device)
        try:
            (path / "models").mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise UserError(f"{path} is not a folder: name another one for the atlas.") from None
        for leftover in [*path.glob(".*.tmp"), *path.glob("models/.*.tmp")]:
            leftover.unlink()
        if (path / MANIFEST).exists():
            manifest = read_manifest(path)
            refuse_other_plan(path, manifest, fresh)
            atlas = cls(path, manifest, rows_so_far(path, manifest))
        elif {child.name for child in path.iterdir()} - {"models", EXAMPLES, METRICS}:
            # Those three are what a kill before the very first atlas.json leaves; anything else is not ours.
            raise UserError(f"{path} is not empty and holds no atlas: name another folder.")
        else:
            atlas = cls(path, fresh, {})
        write_whole(path / EXAMPLES, lambda aside: write_examples(aside, test_images))
        atlas.write()
        return atlas

    @property
    def done(self) -> int:
        """The number of finished points."""
        return len(self.rows)

    def is_done(self, point: Point) -> bool:
        """Whether the point has a row and the checkpoint that the row is about."""
        name = checkpoint_name(point)
        path = self.path / name
        return name in self.rows and path.is_file() and sha256(path) == self.manifest.files.get(name)

    def finished_model(self, point: Point) -> HVAE | None:
        """The point's model, if its checkpoint was written but not its row before a run was killed."""
        path = self.path / checkpoint_name(point)
        listed = self.manifest.files.get(checkpoint_name(point))
        if not path.is_file() or (listed and sha256(path) != listed):
            return None
        try:
            made_from = read_metadata(path).get("made_from")
            return load_model(path) if made_from == made_from_plan(self.manifest, point) else None
        except UserError:
            return None

    def add(self, point: Point, model: HVAE, test_images: Images, seed: int, seconds: float) -> dict:
        """Measure the point's model, write its checkpoint, its row and its line; return the row."""
        name = checkpoint_name(point)
        # One memory layout, whether the model was just trained or read back: sums come out the same to the bit.
        model = model.to(test_images.images.device, memory_format=torch.channels_last)
        measured = layer_rates(model, test_images, seed=seed)
        row = basic_metrics(point, measured, psnr(model, test_images))
        save_model(
            model,
            self.path / name,
            {
                "betas": {"beta_2": point.beta_2, "beta_1": point.beta_1},
                "dimension_rates_z2": [finite_or_none(rate) for rate in measured.top_rates],
                "made_from": made_from_plan(self.manifest, point),
            },
        )
        self.rows[name] = row
        failures = {key: value for key, value in self.manifest.failures.items() if key != name}
        if not is_finite(model):
            failures[name] = "training diverged: its weights are not finite"
        made_with = self.manifest.made_with
        spent = {"training_seconds": round(made_with.get("training_seconds", 0.0) + seconds, 1)}
        self.manifest = self.manifest.model_copy(
            update={"failures": failures, "made_with": {**made_with, **spent}}
        )
        self.write()
        return row

    def write(self) -> None:
        """Write metrics.parquet, then atlas.json with the checksum of every file."""
        metrics = metrics_frame(self.manifest.betas, self.rows)
        buffer = io.BytesIO()
        metrics.to_parquet(buffer, index=False)
        write_whole(self.path / METRICS, lambda aside: aside.write_bytes(buffer.getvalue()))
        names = [METRICS, EXAMPLES, *metrics["checkpoint"]]
        files = {name: sha256(self.path / name) for name in names}
        self.manifest = self.manifest.model_copy(update={"files": files})
        write_json(self.path / MANIFEST, self.manifest.model_dump())


def checkpoint_name(point: Point) -> str:
    """The checkpoint's name inside the atlas."""
    return f"models/{point.name}.safetensors"


def new_manifest(plan: Plan, config: HVAEConfig, images: Images, device: torch.device) -> Manifest:
    """atlas.json of a plan of which nothing is done yet."""
    return Manifest(
        schema_version=1,
        dataset=plan.dataset,
        classes=list(images.classes),
        model=config.to_dict(),
        betas=Betas(beta_2=plan.betas, beta_1=plan.betas),
        recipe=dataclasses.asdict(plan.recipe),
        seed=plan.seed,
        made_with={
            "command": shlex.join(["python", "-m", "precompute", *sys.argv[1:]]),
            "device": device_name(device),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "hvae-explorer": __version__,
        },
        files={},
    )


def device_name(device: torch.device) -> str:
    """What the device calls itself."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({platform.machine()}, {torch.get_num_threads()} threads)"


def refuse_other_plan(path: Path, found: Manifest, wanted: Manifest) -> None:
    """Raise UserError, naming the first difference, unless both manifests come from the same plan."""
    for name in ("dataset", "betas", "seed", "model", "recipe", "classes"):
        there, asked = getattr(found, name), getattr(wanted, name)
        if there != asked:
            if name == "recipe":
                name = next(key for key in asked if asked[key] != there.get(key))
                there, asked = there.get(name), asked[name]
            raise UserError(
                f"{path} holds an atlas made with another {name} ({short(there)}, not {short(asked)}): "
                "repeat that command to continue it, or name another folder."
            )


def short(value: object) -> str:
    """A value, cut to what fits in a sentence."""
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def made_from_plan(manifest: Manifest, point: Point) -> dict:
    """All that determines a point's weights; a checkpoint carries it so that a resumed run knows its own."""
    return {
        "dataset": manifest.dataset,
        "betas": [point.beta_1, point.beta_2],
        "recipe": manifest.recipe,
        "seed": manifest.seed,
    }


def rows_so_far(path: Path, manifest: Manifest) -> dict[str, dict]:
    """The rows of an earlier run; none where a kill left metrics.parquet and atlas.json out of step."""
    try:
        metrics = read_metrics(path, manifest)
    except UserError:
        return {}
    return {row["checkpoint"]: row for row in metrics.to_dict("records")}


def basic_metrics(point: Point, measured: RatesAndDistortion, psnr_db: float) -> dict[str, float | str]:
    """The columns that need no labels: rates, distortion, −ELBO (nats per image) and PSNR (dB)."""
    return {
        "beta_2": point.beta_2,
        "beta_1": point.beta_1,
        "rate_z2": float(measured.rates[1]),
        "rate_z1": float(measured.rates[0]),
        "rate_total": measured.rate_total,
        "distortion": measured.distortion,
        "neg_elbo": measured.neg_elbo,
        "psnr": psnr_db,
        "checkpoint": checkpoint_name(point),
    }


def metrics_frame(betas: Betas, rows: dict[str, dict]) -> pd.DataFrame:
    """Rows in grid order, with every column; what was not computed is NaN."""
    points = [Point(beta_2, beta_1) for beta_2 in betas.beta_2 for beta_1 in betas.beta_1]
    ordered = [rows[checkpoint_name(point)] for point in points if checkpoint_name(point) in rows]
    extra = sorted({name for row in ordered for name in row} - set(COLUMNS))
    frame = pd.DataFrame(ordered, columns=[*COLUMNS, *extra])
    floats = [name for name in frame.columns if name != "checkpoint"]
    return frame.astype({**dict.fromkeys(floats, float), "checkpoint": str})


def write_examples(path: Path, images: Images) -> None:
    """The first test images and their labels, as an .npz without objects."""
    first = images.images[:EXAMPLE_IMAGES].cpu().numpy(), images.labels[:EXAMPLE_IMAGES].cpu().numpy()
    with open(path, "wb") as file:
        np.savez_compressed(file, images=first[0], labels=first[1])


def finite_or_none(value: float) -> float | None:
    """JSON has no NaN."""
    return float(value) if np.isfinite(value) else None
