"""The number of points to train at once."""

from __future__ import annotations

import torch

from hvae.datasets import Images
from hvae.training.fleet import State
from precompute.engines.training_job import Job, advance

# On a CPU, more points gain nothing (bench/README.md), and points that finish one by one can be seen earlier.
CPU_STACK = 1
# Of the memory that is free, the share to use: an estimate is not a promise.
SHARE = 0.8
MOST = 256


def stack_size(job: Job, images: Images) -> int:
    """Return how many of the job's points fit into the device's memory at once.

    On a CPU, the fastest number.
    """
    points, device = len(job.points), images.images.device
    if device.type != "cuda" or points < 2:
        return CPU_STACK
    free = torch.cuda.mem_get_info(device)[0]
    per_point = (peak_memory(job, images, 4) - peak_memory(job, images, 2)) / 2
    return max(1, min(points, MOST, int(SHARE * free / max(per_point, 1))))


def peak_memory(job: Job, images: Images, models: int) -> int:
    """Return the peak device memory of a step with so many of the job's models, bytes."""
    several = job.with_points(models)
    torch.cuda.reset_peak_memory_stats()
    advance(several, State.initial([job.template()] * models), images, seconds=0.1)
    return torch.cuda.max_memory_allocated()
