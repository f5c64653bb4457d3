"""Write docs/findings.md and its figures from the atlases that ship: `python docs/findings.py`.

Every number on the page is computed here, and so is every verdict. The tests fail when the page
and an atlas disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from findings_figures import FIGURES, svg

from app.claims.claims import AS_GOOD, OF_THE_SOURCE, OURS, Claim, answers, tally, with_like_errors
from app.claims.differences import Paired, paired
from app.claims.numbers import (
    CLEAR,
    PROBES,
    along,
    as_good,
    best,
    gains,
    largest_noise,
    rank_correlation,
)
from app.claims.verdicts import NO, YES
from app.claims.words import GOALS, between_runs, listed, markdown, measured, number, probe_name, signed, span
from app.page.words import beta_text, dataset_title, metric_title
from hvae.atlas.atlas import METRICS as TABLE
from hvae.atlas.atlas import PARENT, Atlas, shipped_names
from hvae.files import write_whole
from hvae.metrics.measurements.accuracy import accuracy_column
from hvae.metrics.registry import metric_of

PAGE = Path(__file__).parent / "findings.md"
BOLD = {NO: f"**{NO}**"}
ACCURACIES = [
    accuracy_column(probe, "z2", from_draws=from_draws) for from_draws in (True, False) for probe in PROBES
]
"""Of draws, which f⁻¹ bounds, and of means."""
PACKAGES = ("python", "torch", "torchvision", "scikit-learn", "numpy", "pandas", "hvae-explorer")


def title(atlas: Atlas) -> str:
    """Return what the page calls an atlas."""
    return dataset_title(atlas.manifest.dataset)


def comparison(claims: tuple[Claim, ...], head: str, atlases: Sequence[Atlas]) -> str:
    """Return claims, and whether they hold in each atlas. head: of the claims' column."""
    of_atlases = [answers(atlas, claims) for atlas in atlases]
    rows = [
        [claim.sentence, *(f"{BOLD.get(its.verdict, its.verdict)}: {its.why}" for its in row)]
        for claim, *row in zip(claims, *of_atlases, strict=True)
    ]
    return markdown([head, *map(title, atlases)], rows)


def tallies(atlases: Sequence[Atlas]) -> str:
    """Return how many of the claims hold in each atlas, and which atlas is best for a lecture."""
    lines, held = [], []
    for atlas, alike in zip(atlases, with_like_errors(atlases), strict=True):
        verdicts = answers(atlas, OF_THE_SOURCE)
        held.append(sum(answer.verdict == YES for answer in answers(alike, OF_THE_SOURCE)))
        lines.append(f"- **{title(atlas)}**: of these {len(verdicts)} claims, {tally(verdicts)}.")
    if held.count(max(held)) == 1 < len(held):
        first = title(atlases[held.index(max(held))])
        lines.append(f"- For a lecture on the source, begin with {first}: more of its claims hold there.")
    return "\n".join(lines)


def rules() -> str:
    """Return the rule of each verdict; claims that share one stand together."""
    sharing: dict[str, list[str]] = {}
    for claim in (*OF_THE_SOURCE, *OURS):
        sharing.setdefault(claim.rule, []).append(f"*{claim.sentence}*")
    return "\n".join(f"  - {'; '.join(claims)}: {rule}" for rule, claims in sharing.items())


def optima(table: pd.DataFrame, errors: Paired) -> str:
    """Return where each goal is met best."""
    rows = []
    for metric, goal in GOALS.items():
        top, same = best(table, metric), as_good(table, metric, errors)
        rows.append(
            [
                goal,
                f"{metric_title(metric)} {measured(top, metric)}",
                f"{beta_text(top['beta_2'])}, {beta_text(top['beta_1'])}",
                measured(top, "rate_z2"),
                measured(top, "rate_z1"),
                f"{len(same)}: R(z₂) {span(same['rate_z2'])}, R(z₁|z₂) {span(same['rate_z1'])}",
            ]
        )
    header = ("goal", "best", "β₂, β₁", "R(z₂)", "R(z₁|z₂)", "models as good")
    return markdown(header, rows)


def off_the_line(table: pd.DataFrame, errors: Paired) -> str:
    """Return the largest gains over β-VAEs of equal total rate."""
    rows = []
    for metric in ("psnr", *ACCURACIES, "inception_score"):
        found = gains(table, metric, errors)
        top, row = found[0], found[0].row
        rows.append(
            [
                metric_title(metric),
                number(metric, top.gain, top.error) + ("" if top.is_clear else " (noise)"),
                number(metric, top.against_better_neighbour),
                f"{number(metric, row[metric])}, not {number(metric, top.equal)}",
                f"{beta_text(row['beta_2'])}, {beta_text(row['beta_1'])}",
                f"{row['rate_total']:.2f} = {row['rate_z2']:.2f} + {row['rate_z1']:.2f}",
                f"{sum(gain.is_clear for gain in found)} of {len(found)}",
            ]
        )
    total = "total rate = R(z₂) + R(z₁|z₂)"
    header = ("metric", "largest gain", "over the better neighbour", "value", "β₂, β₁", total, "clear gains")
    return markdown(header, rows)


def probes(table: pd.DataFrame, errors: Paired) -> str:
    """Return where each classifier of z₂ does best."""
    rows = []
    for metric in ACCURACIES:
        top, same = best(table, metric), as_good(table, metric, errors)
        as_good_at = f"{len(same)}: {span(same['rate_z2'])}"
        read = "draws" if metric.endswith("_draw") else "means"
        rows.append([probe_name(metric), read, measured(top, metric), f"{top['rate_z2']:.2f}", as_good_at])
    header = ("classifier of z₂", "of", "best accuracy", "at R(z₂)", "R(z₂) of models as good")
    return markdown(header, rows)


def generation(table: pd.DataFrame) -> str:
    """Return how the two factors of the inception score depend on the two rates."""
    rows = []
    for score in ("sharpness", "diversity"):
        for rate, name, fixed in (("rate_z1", "R(z₁|z₂)", "beta_2"), ("rate_z2", "R(z₂)", "beta_1")):
            lines = along(table, fixed, rate, score)
            over_all = f"{rank_correlation(table[rate], table[score]):.2f}"
            within = f"{lines.median():.2f} ({lines.min():.2f} to {lines.max():.2f})"
            rows.append([score, name, signed(over_all), signed(within)])
    within_lines = "median of ρ (lowest to highest) over lines of the grid"
    return markdown(("score", "rate", "Spearman's ρ over all models", within_lines), rows)


def runs(atlas: Atlas) -> str:
    """Return what another run of the training changes, beside the standard errors of one."""
    scatter, sentence = atlas.manifest.scatter, between_runs(atlas.manifest.scatter)
    if scatter is None:
        return sentence
    repeated = atlas.metrics[atlas.metrics["checkpoint"].isin(scatter.points)]
    rows = [
        [
            metric_title(name),
            metric_of(name).unit,
            f"{repeated[f'{name}_se'].median():.2g}",
            f"{deviation:.2g}",
        ]
        for name, deviation in scatter.deviations.items()
    ]
    header = ("metric", "unit", "standard error (median)", "scatter between runs")
    return f"{sentence}\n\n{markdown(header, rows)}"


def made(atlas: Atlas) -> str:
    """Return how the atlas was made."""
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
- {versions}
- {source_of(atlas)}"""


def chapter(atlas: Atlas) -> str:
    """Return the figures and tables of one atlas."""
    table, errors, name, called = atlas.metrics, paired(atlas), atlas.name, title(atlas)
    count = len(gains(table, "psnr"))
    return f"""## {called}

### {called}: where each goal is met best

![The rate plane: every model a dot, the three optima marked](findings/{name}/optima.svg)

{optima(table, errors)}

### {called}: off the line β₂ = β₁

![PSNR, accuracy and inception score over the total rate](findings/{name}/off-the-line.svg)

With noise alone, the largest of {count} gains would be about {largest_noise(count):.1f} standard errors.

{off_the_line(table, errors)}

### {called}: linear and other classifiers of z₂

![Accuracy of four classifiers on draws over the rate of the top latent](findings/{name}/probes.svg)

{probes(table, errors)}

### {called}: sharpness and diversity

![Sharpness and diversity over the rates of the two layers](findings/{name}/generation.svg)

{generation(table)}

### {called}: between runs

{runs(atlas)}

### {called}: how the atlas was made

{made(atlas)}
"""


def page(atlases: Sequence[Atlas]) -> str:
    """Return the whole page."""
    chapters = "\n".join(map(chapter, atlases))
    return f"""# Findings

What the atlases that ship show for {listed([title(atlas) for atlas in atlases])}, compared with the
results of Xiao & Bamler (ICLR 2023) on SVHN. `python docs/findings.py` writes this page and its figures.
A test fails if the page and an atlas disagree.

## The source's claims

{comparison(OF_THE_SOURCE, "the source, on SVHN", atlases)}

{tallies(atlases)}

## What this project adds

{comparison(OURS, "beyond the source", atlases)}

## How to read this page

- Rates are in nats per image. ± is one standard error over 10,000 test images (or samples) of one training
  run per point. Errors of gains and of differences contain the scatter between runs where it was measured:
  each atlas's *between runs* says so. Where it was not, no error includes the effect of another seed.
- A *gain* of a point off the line β₂ = β₁ is over the β-VAE of the same total rate, interpolated between
  the two neighbours on the grid. If the gain over the better neighbour is positive, too, it does not depend
  on the interpolation. A gain is *clear* from {CLEAR:g} standard errors on.
- {AS_GOOD}
- Verdicts follow these rules, which are the same for every atlas:
{rules()}
- Where there is nothing to see, no rule may say yes: on 800 tables in which metrics are shuffled among the
  models, each does in fewer than 5 % (`python docs/shuffled_verdicts.py`).
- Lines of the grid are, for R(z₁|z₂), models that share β₂; for R(z₂), models that share β₁. ρ is Spearman's.

{chapters}"""


def write(atlases: Sequence[Atlas]) -> None:
    """Write the page and its figures."""
    for atlas in atlases:
        folder = PAGE.with_suffix("") / atlas.name
        folder.mkdir(parents=True, exist_ok=True)
        for name, draw in FIGURES.items():
            picture = svg(draw, atlas.metrics, source_of(atlas))
            write_whole(folder / f"{name}.svg", lambda aside, picture=picture: aside.write_bytes(picture))
    write_whole(PAGE, lambda aside: aside.write_text(page(atlases), encoding="utf-8"))


def source_of(atlas: Atlas) -> str:
    """Return the source of an atlas's numbers and figures: the checksum of its table."""
    return f"metrics.parquet, sha256 {atlas.manifest.files[TABLE]}"


def shipped() -> list[Atlas]:
    """Return the atlases that ship, in the order of the page."""
    return [Atlas.shipped(name) for name in shipped_names()]


if __name__ == "__main__":
    write(shipped())
