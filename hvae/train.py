"""Train one HVAE at one β per layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hvae.datasets import Images
from hvae.layers import HVAEConfig
from hvae.model import HVAE
from hvae.objective import objective


@dataclass(frozen=True)
class Recipe:
    """How a point is trained; with the seed and the data set it determines the weights.

    epochs: passes over the training images.
    batch_size: images per step.
    learning_rate: AdamW's at its peak; it rises over the first 2 % of the steps and falls to 0 as a cosine.
    beta_warmup: the share of the steps over which every β grows linearly from 0.
    weight_decay, clip_norm: AdamW's decay, and the largest norm of a gradient.
    """

    epochs: int = 5
    batch_size: int = 64
    learning_rate: float = 3e-3
    beta_warmup: float = 0.5
    weight_decay: float = 1e-2
    clip_norm: float = 100.0


def train(
    config: HVAEConfig,
    images: Images,
    betas: Sequence[float],
    recipe: Recipe,
    seed: int = 0,
    on_step: Callable[[int, int], None] | None = None,
) -> HVAE:
    """Train an HVAE on `images` with objective L_β (Eq. 5) and return it in eval mode.

    betas: β_1 … β_L, layer 1 first. The loss is divided by max(1, β…), so that a large β does not act as a
    large learning rate. on_step: called with (steps done, steps in all).
    The same arguments give the same weights on CPU. Weights that are not finite end the training early.
    Raises ValueError where there is not one β per layer, or the images do not fit the config.
    """
    if len(betas) != config.layers:
        raise ValueError(f"{config.layers} layers need {config.layers} values of β, not {len(betas)}")
    if tuple(images.images.shape[1:]) != config.image_shape:
        raise ValueError(f"images are {tuple(images.images.shape[1:])}, the model takes {config.image_shape}")
    device = images.images.device
    model = initial_model(config, images, seed)
    optimizer = torch.optim.AdamW(
        model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    batch_size = min(recipe.batch_size, len(images))
    steps = recipe.epochs * len(images) // batch_size
    generator = torch.Generator(device).manual_seed(seed)
    order = torch.empty(0, dtype=torch.int64, device=device)
    beta = torch.tensor(betas, dtype=torch.float32, device=device)
    scale = max(1.0, *betas)
    for step in range(steps):
        if len(order) < batch_size:
            order = torch.randperm(len(images), generator=generator, device=device)
        index, order = order[:batch_size], order[batch_size:]
        x = images.batch(index).contiguous(memory_format=torch.channels_last)
        noise = [
            torch.randn(batch_size, *shape, generator=generator, device=device)
            for shape in config.latent_shapes
        ]
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * learning_rate_factor(step, steps)
        elbo = model(x, noise)
        warm = min(1.0, (step + 1) / (recipe.beta_warmup * steps)) if recipe.beta_warmup else 1.0
        loss = objective(elbo.distortion, elbo.rates, beta * warm) / scale
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
        optimizer.step()
        if on_step:
            on_step(step + 1, steps)
        if step % 100 == 99 and not is_finite(model):
            break  # nothing that follows could mend it
    return model.eval()


def initial_model(config: HVAEConfig, images: Images, seed: int) -> HVAE:
    """An untrained HVAE on the device of `images`, its pictures starting at their mean.

    Weights are drawn on the CPU from `seed` alone, so every point of a grid starts from the same ones.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = HVAE(config)
    model.start_at_mean(images.batch(torch.arange(min(len(images), 10_000))).mean(dim=(0, 2, 3)).cpu())
    return model.to(images.images.device, memory_format=torch.channels_last)


def learning_rate_factor(step: int, steps: int) -> float:
    """Linear rise over the first 2 % of the steps (at least 10), then a cosine from 1 to 0."""
    rise = max(10, steps // 50)
    return min(1.0, (step + 1) / rise) * 0.5 * (1 + math.cos(math.pi * step / steps))


def is_finite(model: HVAE) -> bool:
    """Whether every weight is a finite number."""
    weights: list[Tensor] = list(model.state_dict().values())
    return bool(torch.stack([weight.isfinite().all() for weight in weights]).all())
