"""Make part of an atlas that ships again, and compare its numbers with those that ship.

    python bench/reproduce.py --data-dir DIR [--atlas mnist] [--points 3] [--parent] [--metrics]

Points are picked at random (always the same ones) and trained from the parent that ships. With --parent, the
parent is trained first, as by `precompute run` (17 minutes on two cores for MNIST). Weights are
compared, and the columns that are measured when a point is trained. With --metrics the classifier is trained,
too, and every column is measured. On the same kind of CPU as the atlas's, every digit is the same; on
another, differences should be a few standard errors at most.

This is `precompute run` of the same plan with fewer points, in a temporary folder (--work names another). It
shows its progress. After a stop, the same command continues; at most a minute is lost. The folder is removed
when the table is printed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from hvae import HVAEConfig
from hvae.atlas.atlas import PARENT, SHIPPED, Atlas
from hvae.atlas.point import Point
from hvae.datasets import load
from hvae.errors import UserError
from hvae.metrics.registry import EvaluationData
from hvae.numerics import denormals_flushed
from hvae.training.recipe import Recipe
from precompute.atlas_folder.folder import AtlasFolder
from precompute.device import choose_device
from precompute.engines.local import LocalEngine
from precompute.evaluate import evaluate_folder
from precompute.planning.plan import Plan
from precompute.progress import progress_bar, stderr_console
from precompute.run import INTERVAL_SECONDS, Run


@dataclass(frozen=True)
class Part(Plan):
    """The plan of an atlas, with only some of its points."""

    chosen: tuple[Point, ...] = ()

    @property
    def points(self) -> list[Point]:
        """The points to train."""
        return list(self.chosen)


def part_of(atlas: Atlas, count: int) -> Part:
    """Return the atlas's plan with so many of its points."""
    made = atlas.manifest
    rows = random.Random(0).sample(atlas.metrics.to_dict("records"), count)
    points = tuple(Point(row["beta_2"], row["beta_1"]) for row in rows)
    recipes = (Recipe(**recipe) for recipe in (made.recipe, made.parent_recipe))
    return Part(made.dataset, made.betas.beta_2, *recipes, made.seed, made.weights, chosen=points)


def make(atlas: Atlas, plan: Part, data: EvaluationData, folder: Path, arguments: argparse.Namespace) -> None:
    """Train and measure the plan's points in `folder`, with a parent of their own or the one that ships."""
    if data.digests != atlas.manifest.data:
        raise UserError(f"{atlas.path} was made from other images of {plan.dataset}: restore them.")
    console, config = stderr_console(), HVAEConfig(**atlas.manifest.model)
    again = AtlasFolder.prepare(folder, plan, config, data, data.train.images.device)
    try:
        if not arguments.parent:
            shutil.copyfile(atlas.checked_file(PARENT), folder / PARENT)
            again.write(PARENT)  # without them, the files would be trained again
        run = Run(again, plan, data, console)
        run.config = config
        engine = LocalEngine(data.train, 1, INTERVAL_SECONDS, console)
        with progress_bar(console) as progress:
            run.train_parent(engine, progress)
            run.train_points(engine, progress)
        if arguments.metrics:
            evaluate_folder(again, data, console)
    finally:
        again.close()


def weights_line(name: str, first: torch.nn.Module, second: torch.nn.Module) -> str:
    """Return how far two models' weights are apart."""
    theirs = second.state_dict()
    apart = max(float((mine - theirs[key]).abs().max()) for key, mine in first.state_dict().items())
    count = sum(value.numel() for value in theirs.values())
    return f"{name}: {count:,} weights, " + (f"at most {apart:.2g} apart" if apart else "all the same")


def report(shipped: Atlas, again: Atlas) -> None:
    """Print the differences of weights and numbers."""
    console, found = Console(width=110), []
    console.print(weights_line("parent", shipped.load_parent(), again.load_parent()))
    table = Table("β₂, β₁", "column", "ships", "again", "difference", "in standard errors")
    errors = [column for column in again.metrics if column.endswith("_se")]
    for row in again.metrics.to_dict("records"):
        ships = shipped.nearest(row["beta_2"], row["beta_1"])
        name = f"{row['beta_2']:g}, {row['beta_1']:g}"
        models = (atlas.load_checkpoint(row["checkpoint"]) for atlas in (shipped, again))
        console.print(weights_line(name, *models))
        for error in errors:
            column = error.removesuffix("_se")
            if not np.isfinite(row[column]):
                continue
            difference = row[column] - ships[column]
            # A rate of 0 has no standard error: 0/0 is no difference.
            of_errors = difference / ships[error] if difference else 0.0
            found.append(abs(of_errors))
            numbers = f"{ships[column]:.4f} ± {ships[error]:.4f}", f"{row[column]:.4f}"
            table.add_row(name, column, *numbers, f"{difference:.2g}", f"{of_errors:.2f}")
        table.add_section()
    console.print(table)
    same = sum(not difference for difference in found)
    console.print(
        f"{same} of {len(found)} numbers are the same to the last bit; "
        f"the largest difference is {max(found):.2f} standard errors."
    )
    made = shipped.manifest.made_with
    console.print(f"Then torch {made['torch']} on {made['device']}; now {torch.__version__}.")


def main(words: list[str] | None = None) -> int:
    """Run the command line, and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir", type=Path, default=Path("data"))
    parser.add_argument("--atlas", default="mnist", help="the name of one that ships, or an atlas's folder")
    parser.add_argument("--points", type=int, default=3)
    parser.add_argument("--parent", action="store_true", help="train the parent again, too")
    parser.add_argument("--metrics", action="store_true", help="measure every column")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--work", type=Path, help="folder for what is under way (default: a temporary one)")
    arguments = parser.parse_args(words)
    try:
        path = SHIPPED / arguments.atlas
        atlas = Atlas.open(path if path.is_dir() else arguments.atlas)
        kind = f"{'parent-' * arguments.parent}{arguments.points}"
        work = arguments.work or Path(tempfile.gettempdir()) / f"hvae-reproduce-{atlas.name}-{kind}"
        # With an empty cache: numbers that were measured when the atlas was made must not be found in it.
        os.environ["HVAE_CACHE_DIR"] = str(work / "cache")
        device = choose_device(arguments.device)
        dataset = atlas.manifest.dataset
        splits = (load(dataset, split, arguments.data_dir, device=device) for split in ("train", "test"))
        data = EvaluationData(*splits, atlas.manifest.seed)
        with denormals_flushed():
            make(atlas, part_of(atlas, arguments.points), data, work / "atlas", arguments)
        report(atlas, Atlas.open(work / "atlas"))
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"Stopped: the same command goes on from {work}.", file=sys.stderr)
        return 130
    shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
