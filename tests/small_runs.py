"""Runs of a model so small that a whole grid trains in a second, in this process, and quick measurements."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from rich.console import Console

from hvae.config import HVAEConfig
from hvae.datasets import Images, load
from hvae.metrics.metric import Budget
from hvae.metrics.registry import EvaluationData
from hvae.numerics import denormals_flushed
from hvae.training.recipe import Recipe
from precompute.atlas_folder.folder import AtlasFolder
from precompute.engines.local import LocalEngine, PoolEngine
from precompute.engines.training_job import CarryOn, carry_on
from precompute.planning.plan import Plan
from precompute.progress import progress_bar
from precompute.run import Run

CONFIG = HVAEConfig(width=8, top_dim=4, channels=2)
PLAN = Plan("digits", [0.1, 1.0], Recipe(epochs=2, beta_warmup=0.0), Recipe(epochs=3, beta_warmup=0.0))
CPU = torch.device("cpu")


def small_data(size: int = 32) -> EvaluationData:
    """256 training and 100 test images of digits."""
    train, test = (load("digits", split, size=size) for split in ("train", "test"))
    return EvaluationData(few(train, 256), few(test, 100), 0)


def parent_atlas(out: Path) -> Path:
    """A 2×2 atlas of all digits with a parent, without the metrics that `evaluate` adds; returns `out`."""
    once = Recipe(epochs=1, beta_warmup=0.0)
    data = EvaluationData(load("digits", "train"), load("digits", "test"), 0)
    with denormals_flushed():
        run_small(out, data, Plan("digits", [0.1, 1.0], once, once))
    return out


def few(images: Images, n: int) -> Images:
    """The first n images."""
    return Images(images.images[:n], images.labels[:n], images.classes)


def run_small(
    out: Path,
    data: EvaluationData,
    plan: Plan = PLAN,
    stack: int = 1,
    change: Callable[[Run], object] = lambda run: None,
    jobs: int = 1,
    interval: float = 60,
    carry_on: CarryOn = carry_on,
    config: HVAEConfig = CONFIG,
) -> str:
    """Train what `out` lacks of the plan and return what was said.

    change: called with the run first. carry_on: how a job is trained in this process.
    config: of the models.
    """
    console = Console(file=io.StringIO(), width=200)
    atlas = AtlasFolder.prepare(out, plan, config, data, CPU)
    try:
        run = Run(atlas, plan, data, console)
        run.config = config
        change(run)
        run.choose_threads()
        here = LocalEngine(data.train, stack, interval, console, carry_on)
        engine = PoolEngine(data.train, stack, interval, console, jobs) if jobs > 1 else here
        with progress_bar(console) as progress:
            run.train_parent(here, progress)
            run.train_points(engine, progress)
    finally:
        atlas.close()
    return console.file.getvalue()


def weights(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of weights in an atlas, by its name."""
    files = [*folder.glob("parent.safetensors"), *sorted(folder.glob("models/*.safetensors"))]
    return {file.name: file.read_bytes() for file in files}


def measure_quickly(patch: pytest.MonkeyPatch, steps: int = 20) -> None:
    """Have measuring take little time while the patch lasts."""
    patch.setattr("hvae.metrics.metric.USUAL", Budget(samples=100, draws=300, steps=steps, width=8))


def shrink_models(patch: pytest.MonkeyPatch) -> None:
    """Have the command line train small models and measure quickly while the patch lasts.

    Judges learn for as long as it takes to know most digits.
    """
    measure_quickly(patch, steps=120)
    for module in ("run", "planning.cost"):
        patch.setattr(f"precompute.{module}.model_config", lambda *_: CONFIG)
