"""Which numbers a measurement can give: ranges of columns, sums of columns, and sizes of standard errors.

Each rule holds for every model, trained or not, up to rounding. A table that breaks a rule was not measured.
Numbers that are not finite are passed over, since they are not shown as numbers. Torch is not needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from hvae.config import HVAEConfig
from hvae.metrics.registry import metrics

ROUNDING = 1e-6
"""Relative tolerance, for columns that may have been float32."""
NATS = 1e-3
"""Absolute tolerance of float32 sums over a picture, for results near zero."""
SIGMAS = 10
"""Standard errors by which an estimate may exceed the bound of its expectation."""

FITS = 3
"""Fits of a probe, whose accuracies are averaged."""
MOST_COUNTED = 100_000
"""Test images up to which a share, rounded to float32, still says how many of them it counts."""

Columns = Mapping[str, np.ndarray]


class Setting(NamedTuple):
    """What the rules depend on, apart from the numbers.

    classes: K, the number of labels. entropy: H[y] of the test set's labels, nats, or log K if unknown.
    config: of the models; None for numbers that belong to no model. images: N, the number of test images;
    None if unknown. fitted_once: the accuracies by the first definition, of a single fit.
    """

    classes: int
    entropy: float
    config: HVAEConfig | None = None
    images: int | None = None
    fitted_once: frozenset[str] = frozenset()


class Broken(NamedTuple):
    """An impossible number: the place of its row, and the error as a clause."""

    row: int
    text: str


def broken(columns: Columns, setting: Setting) -> Iterator[Broken]:
    """The first row that breaks each rule, rule by rule.

    columns: column → float64 (N,), those of metrics.parquet; any may be missing.
    """
    shown = {name: np.where(np.isfinite(values), values, np.nan) for name, values in columns.items()}
    with np.errstate(all="ignore"):
        for rule in RULES:
            yield from rule(shown, setting)


def ranges(setting: Setting) -> dict[str, tuple[float, float]]:
    """Return column → lowest and highest value that it can have."""
    classes = max(setting.classes, 1)
    lowest, highest = distortions(setting.config)
    return {
        **{column: (metric.low, metric.high) for column, metric in metrics().items()},
        **dict.fromkeys(("inception_score", "inception_score_calibrated"), (1, classes)),
        **dict.fromkeys(("diversity", "diversity_calibrated"), (1, classes)),
        **dict.fromkeys(("sharpness", "sharpness_calibrated"), (1 / classes, 1)),
        "distortion": (lowest, highest),
        "neg_elbo": (lowest, math.inf),
        # float32 cannot show smaller differences of two pictures; if all pixels agree it is infinite.
        "psnr": (0, 400),
        **dict.fromkeys(INFORMATION, (-math.inf, setting.entropy)),
        "classifier_accuracy": (0, 1),
    }


def distortions(config: HVAEConfig | None) -> tuple[float, float]:
    """Return the lowest and highest distortion, nats per image, of pictures and pixel means in [0, 1]."""
    if config is None or config.likelihood == "bernoulli":
        return 0.0, math.inf
    pixels = math.prod(config.image_shape)
    constant = pixels / 2 * math.log(2 * math.pi * config.variance)
    return constant, constant + pixels / (2 * config.variance)


# ------------------------------------------------------------------------------------------------- the rules


def outside_its_range(columns: Columns, setting: Setting) -> Iterator[Broken]:
    """A negative rate, an accuracy of 170 %, more classes than exist."""
    known = ranges(setting)
    for name, values in columns.items():
        low, high = known.get(name, (-math.inf, math.inf))
        size = max(1, abs(high)) if math.isfinite(high) else 1
        slack = NATS + ROUNDING * np.abs(values) if is_in_nats(name) else ROUNDING * size
        yield from first(
            (values < low - slack) | (values > high + slack),
            lambda row, name=name, low=low, high=high: (
                f"{name} is {columns[name][row]:.6g}, {between(low, high)}"
            ),
        )


def no_sum(columns: Columns, setting: Setting) -> Iterator[Broken]:
    """A total that is not the sum of its parts."""
    for whole, parts in SUMS.items():
        if not {whole, *parts} <= columns.keys():
            continue
        one, other = (columns[part] for part in parts)
        expected, sizes = one + other, np.abs(one) + np.abs(other)
        yield from first(
            np.abs(columns[whole] - expected) > ROUNDING * (1 + sizes),
            lambda row, whole=whole, parts=parts, expected=expected: (
                f"{whole} is {columns[whole][row]:.8g}, not {parts[0]} + {parts[1]}, {expected[row]:.8g}"
            ),
        )


def no_product(columns: Columns, setting: Setting) -> Iterator[Broken]:
    """An inception score that is not diversity × sharpness."""
    for score, (one, other) in PRODUCTS.items():
        if not {score, one, other} <= columns.keys():
            continue
        expected = columns[one] * columns[other]
        yield from first(
            np.abs(columns[score] - expected) > 10 * ROUNDING * np.abs(expected),
            lambda row, score=score, one=one, other=other, expected=expected: (
                f"{score} is {columns[score][row]:.6g}, not {one} × {other}, {expected[row]:.6g}"
            ),
        )


def no_error(columns: Columns, setting: Setting) -> Iterator[Broken]:
    """A standard error that is negative, or larger than such a mean can have.

    A mean m of N numbers of at least 0 has a standard error of at most m: Σ x² ≤ (Σ x)².
    """
    for name, values in columns.items():
        error = columns.get(f"{name}_se")
        if error is None:
            continue
        most = largest_error(name, values, setting)
        yield from first(
            error < 0, lambda row, name=name: f"{name}_se is {columns[name + '_se'][row]:.6g}, below 0"
        )
        yield from first(
            error > most + 1e-4 * np.abs(most) + (NATS if is_in_nats(name) else ROUNDING),
            lambda row, name=name, most=most: (
                f"{name}_se is {columns[name + '_se'][row]:.6g}, where {name} is {columns[name][row]:.6g} "
                f"it can be {most[row]:.6g} at most"
            ),
        )


def errors_that_do_not_add_up(columns: Columns, setting: Setting) -> Iterator[Broken]:
    """A sum's standard error is between the difference and the sum of those of its parts."""
    for whole, parts in SUMS.items():
        names = [f"{name}_se" for name in (whole, *parts)]
        if not set(names) <= columns.keys():
            continue
        error, one, other = (columns[name] for name in names)
        slack = 1e-4 * (one + other) + ROUNDING
        yield from first(
            (error > one + other + slack) | (error < np.abs(one - other) - slack),
            lambda row, names=names: (
                f"{names[0]} is {columns[names[0]][row]:.6g}, which {columns[names[1]][row]:.6g} and "
                f"{columns[names[2]][row]:.6g} cannot add up to"
            ),
        )


def shares_of_other_images(columns: Columns, setting: Setting) -> Iterator[Broken]:
    """Accuracies p of a single fit on N images have errors √(p (1 − p) / N), the same N down the column."""
    for name, share in columns.items():
        error = columns.get(f"{name}_se")
        if name not in setting.fitted_once or error is None:
            continue
        variance, squared = share * (1 - share), np.square(error)
        images = variance / squared
        usable = np.isfinite(images) & (variance > 0)
        usual = np.median(images[usable]) if usable.any() else math.nan
        yield from first(
            ((variance > ROUNDING) & (np.abs(images - usual) > 0.01 * usual))
            | ((variance == 0) & (error > 0)),
            lambda row, name=name: (
                f"{name} is {columns[name][row]:.6g} ± {columns[name + '_se'][row]:.3g}, no share of as "
                "many images as in other rows"
            ),
        )


def no_mean_over_fits(columns: Columns, setting: Setting) -> Iterator[Broken]:
    """An accuracy that no three fits have on N images, or an error that is too small for one.

    The mean p over three fits is a multiple of 1/(3N). An image's share h of fits
    that are right is a multiple of ⅓, so that their variance is at least that of the two multiples around p:
    r (1 − r)/9, with r the fraction of 3p. Where it is 0, all images are alike, and p (1 − p) with
    p = (k + 1)/(N + 2), k = Np, stands for it; or one has ⅓ more, and another ⅓ less.
    """
    n = setting.images
    for name, share in columns.items():
        if not is_accuracy(name) or name in setting.fitted_once:
            continue
        if n and n <= MOST_COUNTED:
            hits = FITS * n * share
            yield from first(
                np.abs(hits - np.rint(hits)) > 0.02,
                lambda row, name=name: (
                    f"{name} is {columns[name][row]:.6g}, no mean of {FITS} shares of {n} images"
                ),
            )
        error = columns.get(f"{name}_se")
        if error is None:
            continue
        inside = share * (1 - share) > ROUNDING  # older releases gave a share of 0 or 1 no error
        least = np.where(inside, 2 * ROUNDING, 0)
        if n:
            rest = np.mod(FITS * share, 1)
            alike = np.minimum(rest, 1 - rest) < ROUNDING
            likely = (n * share + 1) / (n + 2)
            of_alike = np.minimum(likely * (1 - likely) / n, 2 / (FITS * n) ** 2)
            variance = np.where(alike, of_alike, rest * (1 - rest) / FITS**2 / n)
            least = np.where(inside, np.maximum(least, np.sqrt(variance)), 0)
        yield from first(
            (error < least * 0.999 - ROUNDING),
            lambda row, name=name, least=least: (
                f"{name}_se is {columns[name + '_se'][row]:.6g}, where {name} is {columns[name][row]:.6g} "
                f"it can be {least[row]:.3g} at least"
            ),
        )


def more_information_than_rate(columns: Columns, setting: Setting) -> Iterator[Broken]:
    """I(y; z₂) ≤ R(z₂) and I(y; z₁) ≤ R(z₁, z₂), up to the standard errors of both."""
    for name, rate in INFORMATION.items():
        if not {name, rate, f"{name}_se", f"{rate}_se"} <= columns.keys():
            continue
        slack = SIGMAS * (columns[f"{name}_se"] + columns[f"{rate}_se"]) + 0.05
        yield from first(
            columns[name] > columns[rate] + slack,
            lambda row, name=name, rate=rate: (
                f"{name} is {columns[name][row]:.6g}, more than {rate}, {columns[rate][row]:.6g}"
            ),
        )


def less_than_no_information(columns: Columns, setting: Setting) -> Iterator[Broken]:
    """Information is at least 0 nats; an estimate may be lower by its standard errors.

    The lower bounds are learned, and can fall further below 0 if the network is sure and wrong.
    """
    for name in INFORMATION:
        if not {name, f"{name}_se"} <= columns.keys():
            continue
        low = -(0.05 if name == "mi_z2" else setting.entropy) - SIGMAS * columns[f"{name}_se"]
        yield from first(
            columns[name] < low - NATS,
            lambda row, name=name: f"{name} is {columns[name][row]:.6g}, far below 0",
        )


RULES: tuple[Callable[[Columns, Setting], Iterator[Broken]], ...] = (
    outside_its_range,
    no_sum,
    no_product,
    no_error,
    errors_that_do_not_add_up,
    shares_of_other_images,
    no_mean_over_fits,
    more_information_than_rate,
    less_than_no_information,
)
SUMS = {"rate_total": ("rate_z2", "rate_z1"), "neg_elbo": ("distortion", "rate_total")}
PRODUCTS = {
    "inception_score": ("diversity", "sharpness"),
    "inception_score_calibrated": ("diversity_calibrated", "sharpness_calibrated"),
}
SCORES = {name for score, factors in PRODUCTS.items() for name in (score, *factors)}
INFORMATION = {"mi_z2": "rate_z2", "mi_z2_bound": "rate_z2", "mi_z1": "rate_total"}
"""Information, and the rate that bounds it."""


def largest_error(name: str, value: np.ndarray, setting: Setting) -> np.ndarray:
    """Return the largest standard error that a mean of two or more terms can have, given its value."""
    if name in ("rate_z2", "rate_z1", "rate_total"):
        return value
    if name in ("distortion", "neg_elbo"):
        return value - distortions(setting.config)[0]
    if name == "psnr":  # (10 / ln 10) SE(MSE) / MSE
        return np.full_like(value, 10 / math.log(10))
    if is_accuracy(name) or name in ("classifier_accuracy", "precision"):
        return np.sqrt(largest_share_variance(name, value, setting))
    if name == "recall":  # the jackknife's of 20 shares, half of them 0 and half of them 1
        return np.full_like(value, math.sqrt(19) / 2)
    if name in INFORMATION:  # a mean of H[y]'s terms and of −log r(y|z)'s, both of at least 0
        return 2 * setting.entropy - value
    if name in SCORES:  # e^m of a mean m of one sign
        return value * np.abs(np.log(value))
    return np.full_like(value, math.inf)


def largest_share_variance(name: str, share: np.ndarray, setting: Setting) -> np.ndarray:
    """Return the largest squared error of a share.

    Of one sample it is p (1 − p)/n, and of a share of 0 or 1 that of (n + 1)/(n + 2), largest at n = 1. The
    variance over images of means over fits is at most N/(N − 1) as large, and the accuracies of three fits,
    of which all may be 0 or 1, add half of p (1 − p).
    """
    spread = np.clip(share * (1 - share), 0, None)
    if name in setting.fitted_once:
        return spread
    n = setting.images or 1
    likely = (n * share + 1) / (n + 2)
    alike = likely * (1 - likely) / n
    if not is_accuracy(name):
        return np.where(spread > ROUNDING, spread, 2 / 9)
    return np.maximum(spread / max(n - 1, 1), alike) + spread / 2


def is_accuracy(name: str) -> bool:
    """Return whether a column is a share of test images."""
    return name.startswith("acc_") and not name.endswith("_se")


def is_in_nats(name: str) -> bool:
    """Return whether a column is in nats, where float32 sums have small absolute errors."""
    return name in metrics() and metrics()[name].in_nats


def between(low: float, high: float) -> str:
    """Return a clause about a value outside its range."""
    if math.isinf(high):
        return f"below {low:.6g}"
    return f"above {high:.6g}" if math.isinf(low) else f"not from {low:.6g} to {high:.6g}"


def first(wrong: np.ndarray, text: Callable[[int], str]) -> Iterator[Broken]:
    """Yield the first row with an error, if there is one.

    NaN is never an error: comparisons with it are false.
    """
    if wrong.any():
        row = int(np.argmax(wrong))
        yield Broken(row, text(row))
