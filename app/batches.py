"""Pictures of one model decoded together, where that changes none of their bits.

A picture's bytes must not depend on what else was asked for at the same moment. A model treats each image
alone, but torch chooses how to compute by how many there are, and another order of additions gives other last
bits. So it is tried once, for each configuration of models: from how many images on does it matter no more?
Requests for fewer images than that are decoded alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from app.queue import Job
from app.sheet import to_bytes

if TYPE_CHECKING:
    from torch import Tensor

    from app.models import Subject
    from hvae.layers import HVAEConfig
    from hvae.model import HVAE

TRIED = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64)
"""Numbers of images that are tried; requests are for at most 64."""


@dataclass(frozen=True)
class Undecoded:
    """What a picture is made of, before it is decoded.

    residuals: as `hvae.HVAE.decode_residuals` takes them, (N, *latent) for each layer, layer 1 first.
    lay_out: the sheet of the N pictures, uint8 (N, C, H, W).
    """

    residuals: Sequence[Tensor]
    lay_out: Callable[[np.ndarray], Any]


Ready = tuple[Job, Undecoded]


def make_together(subject: Subject, jobs: Sequence[Job]) -> None:
    """Make what jobs ask of one subject, and tell each its result, or its own error."""
    undecoded: list[Ready] = []
    for job in jobs:
        try:
            made = job.make(subject)
        except BaseException as error:
            job.made.set_exception(error)
            continue
        if isinstance(made, Undecoded):
            undecoded.append((job, made))
        else:
            job.made.set_result(made)
    for group in _groups(subject.model, undecoded):
        _decode_group(subject.model, group)


def _groups(model: HVAE, undecoded: list[Ready]) -> list[list[Ready]]:
    """Those that may be decoded together in one group, each other one in a group of its own."""
    if len(undecoded) < 2:
        return [[one] for one in undecoded]
    enough = images_enough(model)
    together = [one for one in undecoded if len(one[1].residuals[0]) >= enough]
    alone = [[one] for one in undecoded if len(one[1].residuals[0]) < enough]
    return [*alone, together] if together else alone


def _decode_group(model: HVAE, group: list[Ready]) -> None:
    import torch

    layers = zip(*(undecoded.residuals for _, undecoded in group), strict=True)
    try:
        pictures = to_bytes(model.decode_residuals([torch.cat(parts) for parts in layers]))
    except BaseException as error:
        for job, _ in group:
            job.made.set_exception(error)
        return
    counts = [len(undecoded.residuals[0]) for _, undecoded in group]
    for (job, undecoded), its_own in zip(group, np.split(pictures, np.cumsum(counts)[:-1]), strict=True):
        try:
            job.made.set_result(undecoded.lay_out(its_own))
        except BaseException as error:
            job.made.set_exception(error)


_enough: dict[HVAEConfig, int] = {}


def images_enough(model: HVAE) -> int:
    """From how many images on each comes out the same to the last bit however many there are, by one try.

    Tried with the first model of a configuration: which computation torch takes depends on shapes alone.
    More than can be asked for where it never stops to matter.
    """
    import torch

    if model.config not in _enough:
        residuals = model.noise(sum(TRIED))
        with torch.inference_mode():
            whole = model.decode_residuals(residuals).split(TRIED)
            parts = zip(*(part.split(TRIED) for part in residuals), strict=True)
            alone = [model.decode_residuals([part.clone() for part in few]) for few in parts]
        tries = zip(TRIED, whole, alone, strict=True)
        # The weights may be NaN.
        differ = [count for count, here, there in tries if not here.nan_to_num().equal(there.nan_to_num())]
        _enough[model.config] = max(differ, default=0) + 1
    return _enough[model.config]
