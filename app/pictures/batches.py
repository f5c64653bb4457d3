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

from app.pictures.contact_sheet import to_bytes
from app.pictures.queue import Job

if TYPE_CHECKING:
    from torch import Tensor

    from app.atlases.models import Subject
    from hvae.layers import HVAEConfig
    from hvae.model import HVAE

MOST_IMAGES = 64
"""Decoded in one go: more would take memory that the largest request alone does not."""

TRIED = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 40, 48, 56)
"""Numbers of images that are tried."""


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
    """Those that may be decoded together, in groups of at most MOST_IMAGES; each other one by itself."""
    if len(undecoded) < 2:
        return [[one] for one in undecoded]
    enough = images_enough(model)
    alone, groups, images = [], [], MOST_IMAGES
    for one in undecoded:
        count = len(one[1].residuals[0])
        if count < enough:
            alone.append([one])
        elif images + count > MOST_IMAGES:
            groups.append([one])
            images = count
        else:
            groups[-1].append(one)
            images += count
    return alone + groups


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

    Tried with the first model of a configuration, against MOST_IMAGES images: which computation torch takes
    depends on shapes alone. More than are ever decoded together where it never stops to matter.
    """
    import torch

    if model.config not in _enough:
        residuals = model.noise(MOST_IMAGES)

        def differs(few: slice) -> bool:
            return not model.decode_residuals([part[few].clone() for part in residuals]).equal(whole[few])

        with torch.inference_mode():
            whole = model.decode_residuals(residuals)
            first_and_last = {count: (slice(count), slice(MOST_IMAGES - count, None)) for count in TRIED}
            differ = [count for count, parts in first_and_last.items() if any(map(differs, parts))]
        _enough[model.config] = max(differ, default=0) + 1
    return _enough[model.config]
