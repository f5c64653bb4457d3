"""The architectures side by side: the source's own network beside the project's.

    python bench/architectures.py --data-dir DIR [--dataset street-digits] [--images 200000]

Every registered architecture is trained from scratch, with its defaults, at five pairs of β, on as many
images as are asked for: the default recipe (AdamW, β warmed up over the first half, learning rates on a
cosine), with the epochs that come nearest. It prints rates, distortion, −ELBO and PSNR on test images, and
CPU seconds for a thousand training images. All have the same σ², so that distortions can be compared: the
source's 0.71², unless --variance says another. All see the same batches, on one thread.

Rows appear as they are measured. --work FOLDER keeps them: a stopped run then goes on. With
200,000 images a row takes two to four minutes of one core, all 15 some 50.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from hvae import HVAEConfig
from hvae.architectures.registry import names
from hvae.atlas.point import Point
from hvae.datasets import Images, load
from hvae.files import write_json
from hvae.metrics.psnr import psnr
from hvae.metrics.rates import layer_rates
from hvae.numerics import denormals_flushed, one_thread
from hvae.training.recipe import Recipe
from hvae.training.train import train

PAIRS = ((0.1, 1.0), (1.0, 0.1), (1.0, 1.0), (1.0, 10.0), (10.0, 1.0))
"""(β₂, β₁). At the first, the source's network was seen to leave z₁ nearly unused."""
COLUMNS = ("R(z₂)", "R(z₁|z₂)", "D", "−ELBO", "PSNR", "s/1,000")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True, help="where the data set is, or goes")
    parser.add_argument("--dataset", default="street-digits", help="street-digits, mnist, …")
    parser.add_argument("--images", type=int, default=200_000, help="training images for each point")
    parser.add_argument("--test-images", type=int, default=2_000, help="on which it is measured, at most")
    parser.add_argument("--variance", type=float, default=0.71**2, help="σ² of every model")
    parser.add_argument("--inference", choices=("generalized", "ladder"), default="generalized")
    parser.add_argument("--architectures", nargs="+", default=names(), choices=names())
    parser.add_argument("--work", type=Path, default=None, help="where results are kept (default: nowhere)")
    arguments = parser.parse_args()
    console = Console(width=100)
    if arguments.work:
        arguments.work.mkdir(parents=True, exist_ok=True)
    images, test = (load(arguments.dataset, split, arguments.data_dir) for split in ("train", "test"))
    test = Images(test.images[: arguments.test_images], test.labels[: arguments.test_images], test.classes)
    title = f"{arguments.dataset}, {arguments.images:,} images, σ² = {arguments.variance:g}"
    table = Table("architecture", "(β₂, β₁)", *COLUMNS, title=title)
    for place, (beta_2, beta_1) in enumerate(PAIRS):
        for name in arguments.architectures:
            config = HVAEConfig.of(
                name,
                image_shape=tuple(images.images.shape[1:]),
                variance=arguments.variance,
                inference=arguments.inference,
            )
            point = Point(beta_2, beta_1)
            about = (arguments.dataset, arguments.images, name, config.inference, config.variance, point.name)
            kept = arguments.work and arguments.work / f"{'-'.join(map(str, about))}.json"
            if kept is None or not kept.exists():
                row = trained_and_measured(config, point, images, test, arguments.images)
                if kept:
                    write_json(kept, row)
            else:
                row = json.loads(kept.read_text())
            cells = [f"{row[column]:.2f}" for column in COLUMNS]
            console.print(f"{name:<12} ({beta_2:g}, {beta_1:g})  {'  '.join(cells)}")
            table.add_row(name, f"({beta_2:g}, {beta_1:g})", *cells)
        if place + 1 < len(PAIRS):
            table.add_section()
    console.print(table)


@denormals_flushed()
def trained_and_measured(
    config: HVAEConfig, point: Point, images: Images, test: Images, count: int
) -> dict[str, float]:
    """Return the columns of one row: a model trained from scratch on `count` images, measured on `test`."""
    recipe = recipe_for(count, images)
    with one_thread():
        started = time.process_time()
        model = train(config, images, point.by_layer, recipe).to(memory_format=torch.channels_last)
        seconds = time.process_time() - started
        measured, decibels = layer_rates(model, test), psnr(model, test)
    seen = recipe.steps(len(images)) * recipe.batch_size
    values = (*measured.rates[::-1], measured.distortion, measured.neg_elbo, decibels.value)
    return dict(zip(COLUMNS, [float(value) for value in (*values, 1000 * seconds / seen)], strict=True))


def recipe_for(count: int, images: Images) -> Recipe:
    """Return the default recipe with the epochs that come nearest to `count` images, at least one."""
    return Recipe(epochs=max(1, round(count / len(images))))


if __name__ == "__main__":
    main()
