"""What theory expects of a grid before it is trained: where its points lie, and what would fill the plane."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

import numpy as np

from hvae import theory
from hvae.atlas.point import LOWEST_TRAINED_BETA
from hvae.config import HVAEConfig
from hvae.datasets import Images

ENOUGH_NATS = 1.0
"""A layer with fewer is nearly switched off."""
MOST_LISTED = 13
NOISE = 1e-8
"""Eigenvalues below this share of the largest one are rounding."""

TOP_DIMS = (2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768)
VARIANCES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
SHIFTS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""What is tried instead of the dimensions, the variance and, as factors, the range of β."""


def stored_spectrum(images: Images) -> list[float]:
    """What atlas.json keeps of the eigenvalues of the images' covariance: six digits, without rounding's."""
    values = theory.spectrum(images.images.cpu().numpy())
    return [float(f"{value:.6g}") for value in values if value > NOISE * values[0]]


def outlook(spectrum: Sequence[float], config: HVAEConfig, betas: Sequence[float]) -> list[str]:
    """Where theory puts the points of a grid, how many use both layers, and what would make it more.

    One clause each, without a full stop; nothing for images that are all alike.
    """
    if config.likelihood != "gaussian":
        return [f"no word on where points lie: it is of Gaussian likelihoods, not {config.likelihood}"]
    if not len(spectrum):
        return []
    return [places(spectrum, config, betas), *filled(spectrum, config, betas)]


def places(spectrum: Sequence[float], config: HVAEConfig, betas: Sequence[float]) -> str:
    """The rates of the points."""
    shown = sorted({round(i) for i in np.linspace(0, len(betas) - 1, min(len(betas), MOST_LISTED))})
    z2, z1 = (" ".join(f"{each[i]:.1f}" for i in shown) for each in on_the_line(spectrum, config, betas))
    above = [
        theory.rates(spectrum, config, beta_2=beta_2, beta_1=beta_1)[0]
        for beta_2 in betas
        for beta_1 in betas
        if beta_2 > beta_1
    ]
    if len(betas) == 1:
        return f"R(z₂) will be {z2} nats and R(z₁|z₂) {z1}"
    rest = f"at most {max(above):.1f} nats are left to z₂" if max(above) >= 0.05 else "nothing is left to z₂"
    return (
        f"where β₂ ≤ β₁, R(z₂) will be {z2} nats as β₂ goes from {betas[0]:g} to {betas[-1]:g}, "
        f"and R(z₁|z₂) {z1} as β₁ does; where β₂ > β₁, {rest}"
    )


def on_the_line(
    spectrum: Sequence[float], config: HVAEConfig, betas: Sequence[float]
) -> tuple[list[float], list[float]]:
    """R(z₂) at each β₂ and R(z₁|z₂) at each β₁; where β₂ ≤ β₁ neither depends on the other's β."""
    both = [theory.rates(spectrum, config, beta_2=beta, beta_1=beta) for beta in betas]
    return [z2 for z2, _ in both], [z1 for _, z1 in both]


def using_both(spectrum: Sequence[float], config: HVAEConfig, betas: Sequence[float]) -> int:
    """How many points with β₂ ≤ β₁ have at least ENOUGH_NATS in each layer. betas: increasing."""
    z2, z1 = on_the_line(spectrum, config, betas)
    return sum(
        z2[i] >= ENOUGH_NATS and z1[j] >= ENOUGH_NATS for i in range(len(betas)) for j in range(i, len(betas))
    )


def filled(spectrum: Sequence[float], config: HVAEConfig, betas: Sequence[float]) -> Iterator[str]:
    """How many points use both layers; if they are fewer than half, which options would make it more."""
    points = len(betas) * (len(betas) + 1) // 2
    now = using_both(spectrum, config, betas)
    yield f"{now} of the {points} points with β₂ ≤ β₁ will have at least {ENOUGH_NATS:g} nat in both layers"
    if 2 * now >= points:
        return
    ways = []
    for candidates in alternatives(config, betas):
        counted = [(using_both(spectrum, other, its_betas), text) for text, other, its_betas in candidates]
        # The first that is nearly all: candidates come nearest first. Else whichever has most.
        most, text = next(
            (each for each in counted if each[0] >= 0.9 * points),
            max(counted, key=lambda each: each[0], default=(0, "")),
        )
        if 2 * most >= points:
            ways.append(f"{most} with {text}")
    yield f"it would be {', '.join(ways)}" if ways else "no top_dim, variance or range would make it half"


Candidate = tuple[str, HVAEConfig, list[float]]


def alternatives(config: HVAEConfig, betas: Sequence[float]) -> Iterator[list[Candidate]]:
    """What to try: other dimensions, another variance, another range, and dimensions with a variance.

    Each a list of (options to type, config, betas), the nearest to what is asked first.
    """
    low, high, same = betas[0], betas[-1], list(betas)
    dims = [dim for dim in reversed(TOP_DIMS) if dim < config.top_dim]
    variances = [variance for variance in reversed(VARIANCES) if variance < config.variance]

    def with_model(**fields: float) -> Candidate:
        text = " ".join(f"--model {name}={value:g}" for name, value in fields.items())
        return text, dataclasses.replace(config, **fields), same

    yield [with_model(top_dim=dim) for dim in dims]
    yield [with_model(variance=variance) for variance in variances]
    yield [
        (f"--betas {low * shift:g}:{high * shift:g}:{len(betas)}", config, [beta * shift for beta in betas])
        for shift in reversed(SHIFTS)
        if low * shift >= LOWEST_TRAINED_BETA and not math.isclose(low, high)
    ]
    yield [with_model(top_dim=dim, variance=variance) for dim in dims for variance in variances]
