"""The number of points to train at once."""

from __future__ import annotations

import torch

from hvae.datasets import Images
from hvae.numerics import is_out_of_memory, release_memory
from hvae.training.cuda_steps import EAGER_STEPS
from hvae.training.fleet import State
from precompute.engines.training_job import Job

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
    release_memory()
    free = torch.cuda.mem_get_info(device)[0]
    of_two, of_four = (peak_memory(job, images, models) for models in (2, 4))
    if of_two is None or of_four is None:
        return 1
    # Where libraries took more for two than for four, the bound that four give.
    per_point = (of_four - of_two) / 2 if of_four > of_two else of_four / 4
    return max(1, min(points, MOST, int(SHARE * free / max(per_point, 1))))


def peak_memory(job: Job, images: Images, models: int) -> int | None:
    """Bytes of device memory that training takes at most with so many of the job's models; None where there
    are too few."""
    device = images.images.device
    torch.cuda.reset_peak_memory_stats(device)
    try:
        first_steps(job.with_points(models), images)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        found = None
    else:
        found = torch.cuda.max_memory_allocated(device)
    release_memory()  # only here: until the end of `except` its traceback holds the fleet
    return found


def first_steps(job: Job, images: Images) -> None:
    """Train so far that all the memory that the job ever needs is taken: past the capture of a graph."""
    fleet = job.fleet(images, State.initial([job.template()] * len(job.points)))
    while not fleet.is_finished and fleet.done < EAGER_STEPS + 2:
        fleet.step()
