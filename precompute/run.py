"""Train a grid, point after point."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hvae import datasets
from hvae.errors import UserError
from hvae.layers import HVAEConfig
from hvae.train import train
from precompute.folder import AtlasFolder, Plan
from precompute.grid import Point


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
