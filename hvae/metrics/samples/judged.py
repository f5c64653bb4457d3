"""Samples from a model's prior as judges see them: class probabilities and features, from one pass."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hvae.datasets import Images
from hvae.metrics.batches import batches
from hvae.metrics.classifier import Classifier
from hvae.model import HVAE

# Pictures are drawn in blocks of this size, each with its own seed; another size would be other pictures.
_BLOCK = 500


class Judged(NamedTuple):
    """What a judge says of N pictures, on the CPU.

    probabilities: p(y|x_i), float64 (N, K). features: what its last layer reads, float32 (N, D): the body's
    channels, each its mean over places.
    """

    probabilities: Tensor
    features: Tensor


def judged_samples(
    model: HVAE, judges: Sequence[Classifier], *, n: int, seed: int = 0, temperature: float = 1.0
) -> list[Judged]:
    """Return what each judge says of the same n pictures from the model's prior (their pixel means).

    The same seed gives the same pictures; the first k of n are those of n = k.
    """
    return judged(drawn(model, n=n, seed=seed, temperature=temperature), judges)


def drawn(model: HVAE, *, n: int, seed: int = 0, temperature: float = 1.0) -> Iterator[Tensor]:
    """Yield n pictures from the model's prior, in blocks of at most 500."""
    blocks = math.ceil(n / _BLOCK)
    seeds = np.random.SeedSequence(seed).generate_state(blocks, np.uint32).tolist()
    for block, block_seed in enumerate(seeds):
        yield model.sample(min(_BLOCK, n - block * _BLOCK), seed=block_seed, temperature=temperature)


@torch.inference_mode()
def judged(pictures: Iterable[Tensor], judges: Sequence[Classifier]) -> list[Judged]:
    """Return what each judge says of pictures that come in batches (n, C, H, W), in [0, 1]."""
    parts: list[list[Judged]] = [[] for _ in judges]
    for x in pictures:
        for judge, part in zip(judges, parts, strict=True):
            features = judge.features(x.to(judge.device).contiguous(memory_format=torch.channels_last))
            probabilities = judge.head(features).cpu().double().softmax(dim=1)
            part.append(Judged(probabilities, features.cpu()))
    return [Judged(*(torch.cat(tensors) for tensors in zip(*part, strict=True))) for part in parts]


def judged_images(judge: Classifier, images: Images, *, batch_size: int = 500) -> Judged:
    """Return what a judge says of every image of a data set."""
    return judged((x for _, x in batches(images, batch_size, judge.device)), [judge])[0]
