"""Train a grid, point after point."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

from hvae import datasets
from hvae.errors import UserError
from hvae.files import user_path
from hvae.layers import HVAEConfig
from hvae.train import train
from precompute.device import choose_device, denormals_flushed
from precompute.evaluate import evaluate_folder
from precompute.folder import AtlasFolder, Plan
from precompute.grid import Point
from precompute.measurements import EvaluationData
from precompute.progress import progress_bar, stderr_console


@denormals_flushed()
def run_plan(out: Path, plan: Plan, data_dir: Path, device: str = "auto") -> None:
    """Train every point of `plan` that `out` does not hold yet, and write the atlas there.

    Raises UserError where the data set, the device or the folder will not do, and OSError where a file
    cannot be written; what was finished before stays.
    """
    out = user_path(out)
    if plan.dataset.startswith("folder:"):
        pictures = user_path(plan.dataset.removeprefix("folder:")).resolve()
        if out.resolve().is_relative_to(pictures):
            raise UserError(f"{out} lies inside the pictures' folder: name a folder elsewhere for the atlas.")
    chosen = choose_device(device)
    console = stderr_console()
    # Both splits now: a damaged test picture should not surface after hours of training.
    splits = (datasets.load(plan.dataset, split, data_dir, device=chosen) for split in ("train", "test"))
    data = EvaluationData(*splits, plan.seed)
    config = HVAEConfig(image_shape=tuple(data.train.images.shape[1:]))
    atlas = AtlasFolder.prepare(out, plan, config, data, chosen)
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
                        config, data.train, [point.beta_1, point.beta_2], plan.recipe, plan.seed, on_step
                    )
                seconds = time.monotonic() - started
                row = atlas.add(point, model, data.test, seconds)
                progress.update(task, completed=number)
                console.print(log_line(number, len(points), point, row, seconds))
        evaluate_folder(atlas, data, console)
    except KeyboardInterrupt:
        console.print(
            f"Stopped. {out} holds {atlas.done} of {len(points)} points; the same command continues."
        )
        raise
    finally:
        atlas.close()
    console.print(
        f"Done: {out} holds all {len(points)} points. See it with: python -m app {shlex.quote(str(out))}"
    )


def log_line(number: int, total: int, point: Point, row: dict, seconds: float) -> str:
    """One line about a finished point."""
    return (
        f"{number}/{total}  β₂ {point.beta_2:g}  β₁ {point.beta_1:g}  R(z₂) {row['rate_z2']:.2f}  "
        f"R(z₁|z₂) {row['rate_z1']:.2f}  D {row['distortion']:.1f} nats  PSNR {row['psnr']:.2f} dB  "
        f"({seconds:.0f} s)"
    )
