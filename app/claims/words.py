"""How claims and docs/findings.md write numbers, names and tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from app.page.words import metric_title
from hvae.atlas.manifest import Scatter
from hvae.metrics.registry import metric_of

NEGLIGIBLE = 5e-5
"""Errors below it are not shown, and the value has two decimals."""
GOALS = {"psnr": "△ Reconstruct", "acc_rbf_svm_z2_draw": "◇ Represent", "inception_score": "○ Generate"}
"""What the three goals are called, each behind the sign that the page gives it."""


def number(metric: str, value: float, error: float = math.nan) -> str:
    """Return a metric, with its standard error where there is one, to the second digit of that error."""
    scale, unit = {"share": (100, " %"), "dB": (1, " dB")}.get(metric_of(metric).unit, (1, ""))
    if not scale * error >= NEGLIGIBLE:
        return signed(f"{scale * value:.2f}{unit}")
    digits = max(0, 1 - math.floor(math.log10(scale * error)))
    return signed(f"{scale * value:.{digits}f} ± {scale * error:.{digits}f}{unit}")


def effect(metric: str) -> str:
    """Return the smallest difference in a metric that matters: `0.1 dB`, `0.1 of inception score`."""
    about = metric_of(metric)
    of_inception = f"{about.smallest_effect:g} of {about.title[0].lower()}{about.title[1:]}"
    in_unit = {"share": f"{100 * about.smallest_effect:g} %", "dB": f"{about.smallest_effect:g} dB"}
    return in_unit.get(about.unit, of_inception)


def sign(metric: str) -> str:
    """Return the sign of the goal that a metric measures."""
    return GOALS[metric][0]


def signed(text: str) -> str:
    """Return a number's text with a minus sign in place of the hyphen."""
    return text.replace("-", "−")


def measured(row: pd.Series, column: str) -> str:
    """Return a row's number in a column, with its standard error."""
    return number(column, row[column], row[f"{column}_se"])


def span(values: pd.Series) -> str:
    """Return the range of some rates, nats."""
    low, high = f"{values.min():.2f}", f"{values.max():.2f}"
    return low if low == high else f"{low} to {high}"


def probe_name(metric: str) -> str:
    """Return the classifier of a column `acc_PROBE_z2` or `acc_PROBE_z2_draw`."""
    title = metric_title(metric).removeprefix("Accuracy, ")
    return title.removesuffix(" on z₂").removesuffix(" on draws of z₂")


def listed(names: Sequence[str]) -> str:
    """Return a list in words: `a`, `a and b`, or `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def between_runs(scatter: Scatter | None) -> str:
    """Return a sentence: whether errors of gains and differences contain the effect of another seed."""
    if scatter is None:
        return (
            "The scatter between runs has not been measured: no error here contains the effect of another "
            "seed."
        )
    count = len(scatter.points)
    return (
        f"Errors of gains and of differences contain the scatter between runs, measured over {scatter.runs} "
        f"runs of {count} {'model' if count == 1 else 'models'}, as if it were independent for each model. "
        "Those of one run share a parent and change together, so these errors are rather too large."
    )


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown; bars within a cell are escaped."""
    lines = [[cell.replace("|", "\\|") for cell in row] for row in [header, *rows]]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
