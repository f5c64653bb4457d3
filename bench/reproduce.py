"""Train points of the atlas that ships once more, and say how far their metrics are from those that ship.

    python bench/reproduce.py --data-dir DIR [--points 3] [--parent]

Points are picked at random (always the same ones) and trained from the parent that ships; with --parent it is
trained again first, as `precompute run` would (ten minutes on two cores). On the kind of CPU that the atlas
was made on every digit is the same; on another, differences should be a few standard errors at most. Only
what is measured when a point is trained is compared.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from hvae import Atlas
from hvae.datasets import Images, load
from hvae.fleet import Fleet, with_weights
from hvae.multirate import Parent
from hvae.point import Point, finished
from hvae.recipe import Recipe
from hvae.refinement import refined
from hvae.train import initial_parent
from precompute.device import denormals_flushed

COMPARED = ("rate_z2", "rate_z1", "distortion", "neg_elbo", "psnr")


def trained_parent(shipped: Parent, atlas: Atlas, train: Images) -> Parent:
    """The parent, trained again with the atlas's recipe and seed."""
    betas = atlas.manifest.betas.beta_2
    initial = initial_parent(shipped.config, train, atlas.manifest.seed, (min(betas), max(betas)))
    recipe = Recipe(**atlas.manifest.parent_recipe)
    fleet = Fleet([initial], ["parent"], None, train, recipe, atlas.manifest.seed)
    while not fleet.is_finished:
        fleet.step()
        if fleet.done % 1000 == 0:
            print(f"  parent: {fleet.done} of {fleet.steps} steps", flush=True)
    return with_weights(initial, fleet.state().weights[0])


def main() -> None:
    parser = argparse.ArgumentParser(description="Train points of the atlas that ships once more.")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--points", type=int, default=3)
    parser.add_argument("--parent", action="store_true")
    arguments = parser.parse_args()

    atlas = Atlas.default()
    train, test = (load(atlas.manifest.dataset, split, arguments.data_dir) for split in ("train", "test"))
    rows = random.Random(0).sample(atlas.metrics.to_dict("records"), arguments.points)
    table = Table("β₂, β₁", "column", "ships", "again", "difference", "in standard errors")
    with denormals_flushed():
        parent = atlas.load_parent()
        if arguments.parent:
            parent = trained_parent(parent, atlas, train)
        for row in rows:
            point = Point(row["beta_2"], row["beta_1"])
            model = refined(parent, point, atlas.manifest, train)
            again = finished(point, model, test, atlas.manifest).row
            for column in COMPARED:
                difference, error = again[column] - row[column], row[f"{column}_se"]
                table.add_row(
                    f"{point.beta_2:g}, {point.beta_1:g}",
                    column,
                    f"{row[column]:.4f} ± {error:.4f}",
                    f"{again[column]:.4f}",
                    f"{difference:.2g}",
                    f"{difference / error:.2f}",
                )
            table.add_section()
    Console(width=110).print(table)
    print(f"torch {torch.__version__} here, {atlas.manifest.made_with['torch']} then")


if __name__ == "__main__":
    main()
