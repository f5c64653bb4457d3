"""Initial models, and one model trained alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hvae.config import HVAEConfig
from hvae.datasets import Images
from hvae.model import HVAE
from hvae.parent import Parent
from hvae.training.fleet import Fleet, check_shape, with_weights
from hvae.training.recipe import Recipe


def train(
    config: HVAEConfig,
    images: Images,
    betas: Sequence[float],
    recipe: Recipe,
    seed: int = 0,
    on_step: Callable[[int, int], None] | None = None,
) -> HVAE:
    """Train an HVAE from scratch on `images` with objective L_β (Eq. 5) and return it in eval mode.

    betas: β_1 … β_L, layer 1 first. on_step: called with (steps done, steps in all).
    The same arguments give the same weights on CPU. Weights that are not finite end the training early.
    Raises ValueError if there is not one β per layer, or the images do not fit the config.
    """
    initial = initial_model(config, images, seed)
    fleet = Fleet([initial], ["alone"], [betas], images, recipe, seed)
    while not fleet.is_finished:
        fleet.step()
        if on_step:
            on_step(fleet.done, fleet.steps)
    return with_weights(initial, fleet.state().weights[0])


def initial_model(config: HVAEConfig, images: Images, seed: int) -> HVAE:
    """Return an untrained HVAE on the device of `images`; its first pictures are their mean.

    Weights are drawn on the CPU from `seed` alone, so all points of a grid start with the same weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = HVAE(config)
    model.start_at_mean(mean_colour(images, config))
    return model.to(images.images.device)


def initial_parent(config: HVAEConfig, images: Images, seed: int, beta_range: tuple[float, float]) -> Parent:
    """Return an untrained Parent on the device of `images`; at every β it starts as one HVAE."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parent = Parent(config, beta_range)
    parent.start_at_mean(mean_colour(images, config))
    return parent.to(images.images.device)


def mean_colour(images: Images, config: HVAEConfig) -> Tensor:
    """Return the mean of up to 10,000 images, (C,) in [0, 1], on the CPU.

    Raises ValueError unless they fit.
    """
    check_shape(images, config)
    return images.batch(torch.arange(min(len(images), 10_000))).mean(dim=(0, 2, 3)).cpu()


def is_finite(model: torch.nn.Module) -> bool:
    """Return whether every weight is a finite number."""
    weights: list[Tensor] = list(model.state_dict().values())
    return bool(torch.stack([weight.isfinite().all() for weight in weights]).all())
