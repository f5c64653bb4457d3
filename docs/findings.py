"""Write docs/findings.md and its figures from the atlas that ships: `python docs/findings.py`.

Every number on the page is computed here, and so is every verdict. tests/test_findings.py fails when the page
and the atlas disagree.
"""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
from findings_figures import FIGURES, svg
from findings_numbers import (
    CLEAR,
    GOALS,
    PROBES,
    along,
    as_good,
    best,
    gains,
    rank_correlation,
    verdicts,
)

from app.words import METRICS, beta_text
from hvae.atlas import METRICS as TABLE
from hvae.atlas import PARENT, Atlas
from hvae.files import write_whole

PAGE = Path(__file__).parent / "findings.md"
SIGNS = dict(zip(GOALS, "△◇○", strict=True))
PACKAGES = ("python", "torch", "torchvision", "scikit-learn", "numpy", "pandas", "hvae-explorer")


def number(metric: str, value: float, error: float = math.nan) -> str:
    """A metric, with its standard error where there is one, to the second digit of that error."""
    scale, unit = (100, " %") if metric.startswith("acc_") else (1, " dB" if metric == "psnr" else "")
    if not error > 0:
        return f"{scale * value:.2f}{unit}"
    digits = max(0, 1 - math.floor(math.log10(scale * error)))
    return f"{scale * value:.{digits}f} ± {scale * error:.{digits}f}{unit}"


def measured(row: pd.Series, column: str) -> str:
    """What a row says about a column; rates, in nats, to two digits behind the point."""
    value, error = row[column], row[f"{column}_se"]
    return f"{value:.2f} ± {error:.2f}" if column.startswith("rate_") else number(column, value, error)


def span(values: pd.Series) -> str:
    """From the lowest to the highest of some rates, nats."""
    low, high = f"{values.min():.2f}", f"{values.max():.2f}"
    return low if low == high else f"{low} to {high}"


def probe_name(metric: str) -> str:
    """The classifier of a column `acc_PROBE_z2`."""
    return METRICS[metric].removeprefix("Accuracy, ").removesuffix(" on z₂")


def markdown(header: str, rows: list[list[str]]) -> str:
    """A table in Markdown; bars within a cell are escaped."""
    lines = [[cell.replace("|", "\\|") for cell in row] for row in [header.split(" ¦ "), *rows]]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def summary(table: pd.DataFrame) -> str:
    """The source's claims, and whether they hold here."""
    claims = {
        "apart": "the three optima are different models",
        "psnr off the line": "off the line β₂ = β₁ a model reconstructs better than β-VAEs of its total rate",
        "acc_rbf_svm_z2 off the line": "… represents better (RBF SVM on z₂)",
        "inception_score off the line": "… generates better (inception score)",
        "linear lower": "linear classifiers do best at lower R(z₂) than RBF SVM and kNN",
        "sharpness": "sharpness rises with R(z₁|z₂)",
        "diversity": "diversity rises with R(z₂)",
    }
    holds = verdicts(table)
    rows = [[claim, holds[name]] for name, claim in claims.items()]
    return markdown("the source, on SVHN ¦ in this atlas", rows)


def optima(table: pd.DataFrame) -> str:
    """Where each goal is met best."""
    rows = []
    for metric, goal in GOALS.items():
        top, same = best(table, metric), as_good(table, metric)
        rows.append(
            [
                f"{SIGNS[metric]} {goal}",
                f"{METRICS[metric]} {measured(top, metric)}",
                f"{beta_text(top['beta_2'])}, {beta_text(top['beta_1'])}",
                measured(top, "rate_z2"),
                measured(top, "rate_z1"),
                f"{len(same)}: R(z₂) {span(same['rate_z2'])}, R(z₁|z₂) {span(same['rate_z1'])}",
            ]
        )
    header = "goal ¦ best ¦ β₂, β₁ ¦ R(z₂) ¦ R(z₁|z₂) ¦ models as good within two standard errors"
    return markdown(header, rows)


def off_the_line(table: pd.DataFrame) -> str:
    """The largest gains over β-VAEs of equal total rate."""
    rows = []
    for metric in ("psnr", *(f"acc_{probe}_z2" for probe in PROBES), "inception_score"):
        found = gains(table, metric)
        top, row = found[0], found[0].row
        rows.append(
            [
                METRICS[metric],
                number(metric, top.gain, top.error) + ("" if top.is_clear else " (noise)"),
                number(metric, top.against_better_neighbour),
                f"{number(metric, row[metric])}, not {number(metric, top.equal)}",
                f"{beta_text(row['beta_2'])}, {beta_text(row['beta_1'])}",
                f"{row['rate_total']:.2f} = {row['rate_z2']:.2f} + {row['rate_z1']:.2f}",
                f"{sum(gain.is_clear for gain in found)} of {len(found)}",
            ]
        )
    header = (
        "metric ¦ largest gain ¦ over the better neighbour ¦ value ¦ β₂, β₁ ¦ "
        "total rate = R(z₂) + R(z₁|z₂) ¦ clear gains"
    )
    return markdown(header, rows)


def probes(table: pd.DataFrame) -> str:
    """Where each classifier of z₂ does best."""
    rows = []
    for metric in (f"acc_{probe}_z2" for probe in PROBES):
        top, same = best(table, metric), as_good(table, metric)
        as_good_at = f"{len(same)}: {span(same['rate_z2'])}"
        rows.append([probe_name(metric), measured(top, metric), f"{top['rate_z2']:.2f}", as_good_at])
    header = (
        "classifier of z₂ ¦ best accuracy ¦ at R(z₂) ¦ R(z₂) of models as good, within two standard errors"
    )
    return markdown(header, rows)


def generation(table: pd.DataFrame) -> str:
    """How the two factors of the inception score go with the two rates."""
    rows = []
    for score in ("sharpness", "diversity"):
        for rate, name, fixed in (("rate_z1", "R(z₁|z₂)", "beta_2"), ("rate_z2", "R(z₂)", "beta_1")):
            lines = along(table, fixed, rate, score)
            over_all = f"{rank_correlation(table[rate], table[score]):.2f}"
            within = f"{lines.median():.2f} ({lines.min():.2f} to {lines.max():.2f})"
            rows.append([score, name, over_all, within])
    header = (
        "score ¦ rate ¦ Spearman's ρ over all models ¦ median of ρ (lowest to highest) over lines of the grid"
    )
    return markdown(header, rows)


def made(atlas: Atlas) -> str:
    """How the atlas came to be."""
    facts = atlas.manifest.made_with
    parent, training, metrics = (facts[f"{part}_seconds"] for part in ("parent", "training", "metrics"))
    versions = ", ".join(f"{name} {facts[name]}" for name in PACKAGES)
    models = f"{len(atlas.metrics)} models{' and their parent' if PARENT in atlas.manifest.files else ''}"
    return f"""```
{facts["command"]}
```

- {models}
- {facts["device_hours"]:.2f} device-hours (on a CPU, hours of one core): the parent {parent / 60:.0f} minutes
  on all cores, the points {training / 3600:.2f} core-hours, their metrics {metrics / 3600:.2f}
- {facts["device"]}
- {versions}"""


def page(atlas: Atlas) -> str:
    """The whole page."""
    table = atlas.metrics
    return f"""# Findings

What the atlas that ships says about MNIST, and where that differs from what Xiao & Bamler (ICLR 2023) saw on
SVHN. `python docs/findings.py` writes this page and its figures; a test fails when page and atlas disagree.

{summary(table)}

± is one standard error over 10,000 test images (or samples) of one training run per point; what another seed
would change is not in it. Rates are in nats per image.

## Three goals, three models

![The rate plane: every model a dot, the three optima marked](findings/optima.svg)

{optima(table)}

## Off the line β₂ = β₁

![PSNR, accuracy and inception score over the total rate](findings/off-the-line.svg)

Every model off the line, against the β-VAE of the same total rate, interpolated between the two on the grid
around it. A gain is clear from {CLEAR:g} standard errors on: the largest of some 150 gains of mere noise
would be about 2.7. Where the gain over the better of the two neighbours is positive, nothing hangs on
interpolation.

{off_the_line(table)}

## Linear and other classifiers of z₂

![Accuracy of four classifiers over the rate of the top latent](findings/probes.svg)

{probes(table)}

## Sharpness and diversity

![Sharpness and diversity over the rates of the two layers](findings/generation.svg)

{generation(table)}

Lines of the grid: for R(z₁|z₂), models that share β₂; for R(z₂), models that share β₁.

## How the atlas was made

{made(atlas)}

Made from {source_of(atlas)}.
"""


def write(atlas: Atlas) -> None:
    """Write the page and its figures."""
    source = source_of(atlas)
    folder = PAGE.with_suffix("")
    folder.mkdir(exist_ok=True)
    for name, draw in FIGURES.items():
        picture = svg(draw, atlas.metrics, source)
        write_whole(folder / f"{name}.svg", lambda aside, picture=picture: aside.write_bytes(picture))
    write_whole(PAGE, lambda aside: aside.write_text(page(atlas), encoding="utf-8"))


def source_of(atlas: Atlas) -> str:
    """What the page's numbers and figures come from: the checksum of the atlas's table."""
    return f"metrics.parquet, sha256 {atlas.manifest.files[TABLE]}"


if __name__ == "__main__":
    write(Atlas.default())
