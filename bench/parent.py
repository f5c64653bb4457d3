"""Quality for cost: a parent with refined points against points trained from scratch.

    python bench/parent.py --data-dir DIR [--work FOLDER] [--pairs 5] [--images N]

On MNIST, at five pairs of β that were not used for tuning: L_β on the test set of the parent's fold, of the
fold after one epoch of refinement, and of a point trained from scratch on as many images as the parent's
whole run plus the refinement. Runs of fewer epochs then show how long training from scratch takes to be as
good as the refined point. Finally, the cost of a 13 × 13 plane in both ways. Times are CPU seconds on one
thread; with other work on the machine they were longer by a third.

Every result is kept in FOLDER, so that a stopped run can continue, and several processes can share the work.
Everything takes about three hours on one core. To see that it runs, in half a minute: --pairs 1 --images 256.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean

import torch

from hvae import HVAEConfig
from hvae.atlas.checkpoint import load_parent, save_parent
from hvae.atlas.point import Point
from hvae.datasets import Images, load
from hvae.files import write_json
from hvae.metrics.rates import layer_rates
from hvae.training.fleet import Fleet, with_weights
from hvae.training.recipe import FROM_SCRATCH, PARENT, REFINEMENT, Recipe
from hvae.training.train import initial_model, initial_parent
from precompute.planning.grid import grid, parse_betas

GRID = parse_betas("0.1:10:13")
# Settings were tuned at (1, 1), (0.1, 1), (0.1, 0.1), (1, 0.1), (3.2, 0.32), (10, 1), (0.4, 1.3), (5, 5).
TUNED = {1.0, 0.1, 10.0}
HELD_OUT = random.Random(0).sample(
    [point for point in grid(GRID) if not {point.beta_2, point.beta_1} <= TUNED], 5
)

SHORTER = (3, 6, 12)
"""Epochs of the points trained from scratch that show how long it takes to reach an objective."""


def trained(model, betas, images: Images, recipe: Recipe):
    """Return the trained model, and the CPU seconds that it took."""
    started = time.process_time()
    fleet = Fleet([model], ["parent"], betas and [betas], images, recipe)
    while not fleet.is_finished:
        fleet.step()
        if fleet.done % 1000 == 0:
            speed = fleet.done * recipe.batch_size / (time.process_time() - started)
            print(f"  {fleet.done} of {fleet.steps} steps, {speed:.0f} images/s", flush=True)
    return with_weights(model, fleet.state().weights[0]), time.process_time() - started


def objective_on(model, test: Images, point: Point) -> float:
    """Return L_β on the test set, nats per image."""
    measured = layer_rates(model.to(memory_format=torch.channels_last), test, seed=0)
    return float(measured.distortion + point.beta_1 * measured.rates[0] + point.beta_2 * measured.rates[1])


def epochs_to_reach(goal: float, objectives: dict[int, float]) -> float:
    """Return epochs of training from scratch for L_β = goal, from runs of several lengths, {epochs: L_β}.

    Linear in log epochs between the two runs on both sides of the goal, or beyond the shortest two. If no run
    reaches the goal, the longest run's epochs, a lower bound.
    """
    lengths = sorted(objectives)
    upper = next((i for i, n in enumerate(lengths) if objectives[n] <= goal), len(lengths) - 1)
    short, long = lengths[max(upper - 1, 0)], lengths[max(upper, 1)]
    part = (goal - objectives[short]) / (objectives[long] - objectives[short])
    return short * (long / short) ** min(part, 1.0)


def first_images(images: Images, count: int | None) -> Images:
    """Return the first `count` images; all of them if it is None."""
    return Images(images.images[:count], images.labels[:count], images.classes)


def kept(path: Path, make) -> dict:
    """Return what is in the JSON file `path`, made first where there is none."""
    if not path.exists():
        write_json(path, make())
    return json.loads(path.read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=None, help="where results are kept (default: nowhere)")
    parser.add_argument("--part", choices=["all", "parent", "scratch"], default="all")
    parser.add_argument("--reverse", action="store_true", help="last pair first, to share work")
    parser.add_argument("--pairs", type=int, default=5, help="of β (default: 5)")
    parser.add_argument("--images", type=int, help="of each split, the first ones (default: all)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    work = arguments.work or Path(tempfile.mkdtemp())
    work.mkdir(parents=True, exist_ok=True)
    train, test = (
        first_images(load("mnist", split, arguments.data_dir), arguments.images)
        for split in ("train", "test")
    )
    held_out = HELD_OUT[: arguments.pairs]
    config = HVAEConfig()
    long = PARENT.epochs + REFINEMENT.epochs

    def make_parent() -> dict:
        parent, seconds = trained(initial_parent(config, train, 0, (0.1, 10.0)), None, train, PARENT)
        save_parent(parent, work / "parent.safetensors")
        return {"seconds": seconds}

    def make_scratch(point: Point, epochs: int) -> dict:
        betas = point.by_layer
        recipe = replace(FROM_SCRATCH, epochs=epochs)
        model, seconds = trained(initial_model(config, train, 0), betas, train, recipe)
        return {"objective": objective_on(model, test, point), "seconds": seconds}

    def make_refined(point: Point) -> dict:
        betas = point.by_layer
        fold = load_parent(work / "parent.safetensors").fold(betas)
        model, seconds = trained(fold, betas, train, REFINEMENT)
        return {
            "fold": objective_on(fold, test, point),
            "objective": objective_on(model, test, point),
            "seconds": seconds,
        }

    if arguments.part != "scratch":
        parent = kept(work / "parent.json", make_parent)
    scratch = {point: {} for point in held_out}
    if arguments.part != "parent":
        for point in reversed(held_out) if arguments.reverse else held_out:
            for epochs in (*SHORTER, long):
                print(f"{epochs} epochs from scratch", point, flush=True)
                scratch[point][epochs] = kept(
                    work / f"scratch_{point.name}_{epochs}.json", partial(make_scratch, point, epochs)
                )
    if arguments.part != "all":
        return
    refined = {
        point: kept(work / f"refined_{point.name}.json", partial(make_refined, point)) for point in held_out
    }

    print(
        f"\nL_β on the MNIST test set, nats. Parent: {PARENT.epochs} epochs, refinement: "
        f"{REFINEMENT.epochs}, from scratch: {', '.join(map(str, SHORTER))} and {long}. Reached: the epochs "
        "from scratch that come as far as the refined point."
    )
    columns = "".join(f"{f'scratch {epochs}':>11}" for epochs in (*SHORTER, long))
    print(f"{'(β₂, β₁)':>18}{'fold':>9}{'refined':>9}{columns}{f'refined − {long}':>14}{'reached':>9}")
    reached = []
    for point in held_out:
        fold, ours = refined[point]["fold"], refined[point]["objective"]
        theirs = {epochs: result["objective"] for epochs, result in scratch[point].items()}
        reached.append(epochs_to_reach(ours, theirs))
        name = f"({point.beta_2:.3g}, {point.beta_1:.3g})"
        values = "".join(f"{value:11.2f}" for value in theirs.values())
        print(f"{name:>18}{fold:9.2f}{ours:9.2f}{values}{ours - theirs[long]:+14.2f}{reached[-1]:9.1f}")
    # An epoch of refinement and one from scratch are the same work, so they have one price: other work on the
    # machine at the time of one of them does not count.
    spent = [(REFINEMENT.epochs, result["seconds"]) for result in refined.values()]
    spent += [(epochs, result["seconds"]) for runs in scratch.values() for epochs, result in runs.items()]
    epoch = sum(seconds for _, seconds in spent) / sum(epochs for epochs, _ in spent)
    n = len(GRID) ** 2
    plane = parent["seconds"] + n * REFINEMENT.epochs * epoch
    cost = f"parent {parent['seconds']:.0f} s + {n} × {REFINEMENT.epochs} × {epoch:.1f} s = {plane:.0f} s"
    print(f"\nA {len(GRID)} × {len(GRID)} plane: {cost};")
    for what, epochs in ((f"{long} epochs", long), ("the refined points' objective", mean(reached))):
        alone = n * epochs * epoch
        print(f"from scratch, to {what}: {alone:.0f} s, of which that is 1/{alone / plane:.1f}")


if __name__ == "__main__":
    main()
