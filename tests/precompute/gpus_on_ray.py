"""Trains short jobs on a Ray cluster's GPUs, which need not exist, and notes which worker had which.

    python gpus_on_ray.py HOST:PORT FILE     # FILE: a line for each interval: process, GPU, what CUDA may see

`test_ray.py` runs this in a process of its own, as the engine does with what talks to Ray.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import ray
import torch

from hvae import HVAEConfig
from hvae.atlas.point import Point
from hvae.datasets import Images
from hvae.training.fleet import Fleet, State
from hvae.training.recipe import Recipe
from precompute.engines.engine import Order
from precompute.engines.ray_trainers import Setup, Trainers
from precompute.engines.training_job import Job

ROUNDS = 8


class Noted(Job):
    """A job that notes where it is trained. Ray sends this class along: workers cannot import it."""

    def fleet(self, images: Images, state: State) -> Fleet:
        gpu = ",".join(map(str, ray.get_gpu_ids()))
        with open(os.environ["NOTES"], "a") as notes:
            notes.write(f"{os.getpid()} {gpu} {os.environ.get('CUDA_VISIBLE_DEVICES')}\n")
        return super().fleet(images, state)


def main() -> None:
    address, notes = sys.argv[1:]
    Path(notes).touch()
    ray.init(address, log_to_driver=False, runtime_env={"env_vars": {"NOTES": notes}})
    pixels = torch.zeros(16, 1, 32, 32, dtype=torch.uint8)
    images = Images(pixels, torch.zeros(16, dtype=torch.int64), ("0",))
    job = Noted(HVAEConfig(width=4, top_dim=4, channels=2), Recipe(batch_size=8), 0, (Point(1.0, 1.0),))
    state = State.initial([job.template()])
    trainers = Trainers(Setup(images, 0.05, "cpu", "GPU"))
    for number in range(ROUNDS):
        # The second comes later, and in the next round it is the first that ends.
        orders = [Order(2 * number, job, state), Order(2 * number + 1, job, state)]
        left = len(orders)
        while left:
            left -= len(trainers.turn(orders).ended)
            orders = []
    ray.shutdown()


if __name__ == "__main__":
    main()
