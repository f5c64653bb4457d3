"""The calibrated judge: a classifier that has seen blurs with their true labels.

A classifier that learned from real images alone is sure of itself on pictures that show nothing. This one
goes on learning, from real images and from reconstructions of training images through the models of an
atlas, each with the label of its image. How calibrated a judge is, is measured on reconstructions of test
images, which neither it nor the models learned from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hvae.datasets import Images
from hvae.metrics.batches import batches, rows_of
from hvae.metrics.classifier import Classifier, class_probabilities, train_classifier
from hvae.metrics.metric import Budget
from hvae.metrics.probes import random_subset
from hvae.model import HVAE

REAL, RECONSTRUCTED = 12_000, 21_500
"""The numbers of real images and of reconstructions; of a smaller data set all images, and as many
reconstructions in proportion."""
EPOCHS = 3
LEARNING_RATE = 1e-3
HELD_OUT = 2_000
"""Test images that are reconstructed through each point; all of them where there are fewer."""
BINS = 15


class Calibration(NamedTuple):
    """How sure a judge is, how often it is right, and the expected calibration error; all in [0, 1]."""

    confidence: float
    right: float
    error: float


class Guesses(NamedTuple):
    """A judge's largest probability for each of N pictures, float64 (N,), and whether that class is right."""

    confidence: np.ndarray
    right: np.ndarray


@torch.inference_mode()
def reconstructions(model: HVAE, images: Images, *, seed: int, batch_size: int = 500) -> Iterator[Tensor]:
    """Yield pixel means of p(x|z) for one posterior draw of all latents of each image, in batches.

    Draws, not posterior means: where a latent has no rate, its draws are those of the prior, so that
    reconstructions are what samples are, with the labels that show how little can be seen in them.
    """
    noise = model.noise(len(images), seed)
    for rows, x in batches(images, batch_size, model.device):
        yield model.logits(*model.infer(x, rows_of(noise, rows)).latents).sigmoid()


def images_to_learn(train: Images, models: Sequence[Callable[[], HVAE]], *, seed: int) -> Images:
    """Return real images and reconstructions, in 8 bits, with their labels: what the judge learns from.

    Reconstruction i is of image i of a permutation of the training images (begun again where it ends),
    through model i modulo the number of models, each loaded once.
    models: what loads each model. seed: of both choices, and of the draws.
    """
    real = random_subset(train, REAL, seed)
    n = max(len(real) * RECONSTRUCTED // REAL, len(models))
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed + 1))
    order = order.repeat(-(-n // len(train)))[:n].to(train.images.device)
    pictures, labels = [real.images], [real.labels]
    for number, load in enumerate(models):
        of_model = order[number :: len(models)]
        chosen = Images(train.images[of_model], train.labels[of_model], train.classes)
        drawn = reconstructions(load(), chosen, seed=seed + number)
        pictures += [x.mul(255).round().to(torch.uint8).to(real.images.device) for x in drawn]
        labels.append(chosen.labels)
    return Images(torch.cat(pictures), torch.cat(labels), train.classes)


def train_calibrated(
    classifier: Classifier,
    images: Images,
    *,
    min_steps: int = Budget.steps,
    seed: int = 0,
    on_step: Callable[[int, int], None] | None = None,
) -> Classifier:
    """Return a copy of `classifier` that went on learning, three passes over `images`; see `images_to_learn`.

    As `train_classifier`, from its weights, up to a learning rate of 0.001.
    """
    return train_classifier(
        images,
        start=classifier,
        epochs=EPOCHS,
        learning_rate=LEARNING_RATE,
        min_steps=min_steps,
        seed=seed,
        on_step=on_step,
    )


def guesses(judges: Sequence[Classifier], model: HVAE, images: Images, *, seed: int) -> list[Guesses]:
    """Return each judge's guesses on reconstructions of `images` through a model, one draw each."""
    pictures = list(reconstructions(model, images, seed=seed))
    labels = images.labels.cpu()
    found = []
    for judge in judges:
        sure, guess = torch.cat([class_probabilities(judge, x) for x in pictures]).max(1)
        found.append(Guesses(sure.numpy(), (guess == labels).numpy()))
    return found


def calibration(found: Guesses, bins: int = BINS) -> Calibration:
    """Return mean confidence, share that is right, and expected calibration error of N ≥ 1 guesses.

        ECE = Σ_b n_b/N |mean confidence in bin b − share that is right in bin b|

    over 15 bins of confidence of equal width, ((b − 1)/15, b/15]: Naeini et al. (2015), Guo et al. (2017).
    For few guesses it errs upwards: a calibrated judge has about 0.02 on 2,000.
    """
    sure, right = found.confidence, found.right.astype(float)
    place = np.clip(np.ceil(sure * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(place, weights=sure - right, minlength=bins)
    return Calibration(float(sure.mean()), float(right.mean()), float(np.abs(gaps).sum() / len(sure)))
