"""`verify --deep`: measure points again, compare them with the table, and state what this cannot show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median

from hvae.atlas.atlas import Atlas
from hvae.atlas.checks.measured_again import (
    compared,
    images_to_measure,
    judge_differences,
    samples_that_were_scored,
    spread,
)
from hvae.files import user_path
from hvae.numerics import denormals_flushed

NAMES = {"rate_z2": "R(z₂)", "rate_z1": "R(z₁|z₂)", "distortion": "D", "psnr": "PSNR"}


def verify_deep(out: Path, points: int, data_dir: Path | None, say: Callable[..., None]) -> bool:
    """Measure so many points of the atlas at `out` again; return whether all agree with its table.

    data_dir: the folder of its data set; without it, the atlas's own test images are used.
    say: prints a line; problems are printed with err=True.
    Raises UserError if the test set is missing, or is another one.
    """
    atlas = Atlas.open(out)
    test = images_to_measure(atlas, data_dir and user_path(data_dir))
    names = spread(atlas.metrics, points)
    images = len(test.images)
    on = f"all {images} test images" if test.are_all else f"{images} test images, a sample"
    say(f"{out}: measuring {len(names)} of {len(atlas.metrics)} points again, on {on}.")
    problems = judge_differences(atlas, test)
    for problem in problems:
        say(problem, err=True)
    unseen: dict[str, list[float]] = {}
    with denormals_flushed():
        for number, point in enumerate(compared(atlas, names, test), start=1):
            what = ", ".join(point.measured) or "its training failed, nothing to measure"
            outcome = f"{len(point.differences)} differ" if point.differences else "as in the table"
            line = f"{number}/{len(names)}  {Path(point.checkpoint).stem}  {what}"
            say(f"{line}: {outcome}  ({point.seconds:.1f} s)" if point.measured else line)
            for difference in point.differences:
                say(difference, err=True)
            problems += point.differences
            for column, most in point.unseen.items():
                unseen.setdefault(column, []).append(most)
    for sentence in what_was_not_seen(atlas, test.are_all, unseen):
        say(sentence)
    if problems:
        numbers = "1 number differs" if len(problems) == 1 else f"{len(problems)} numbers differ"
        say(f"{out} is not sound: {numbers} when measured again.", err=True)
    else:
        say(f"{out} is sound, and {len(names)} of its {len(atlas.metrics)} points measure as its table says.")
    return not problems


def what_was_not_seen(atlas: Atlas, are_all: bool, unseen: dict[str, list[float]]) -> list[str]:
    """Return sentences about differences that this comparison cannot show."""
    sentences = []
    if unseen and not are_all:
        sizes = ", ".join(
            f"{name} by {median(unseen[column]):.2g} {'dB' if column == 'psnr' else 'nats'}"
            for column, name in NAMES.items()
            if column in unseen
        )
        sentences.append(
            f"Smaller differences may have passed: at half of the points {sizes}. On the whole test set "
            "(--data-dir) they would not."
        )
    if not samples_that_were_scored(atlas):
        sentences.append("Samples were not scored again: this atlas's scores are not by its own classifier.")
    sentences.append("Mutual information and accuracies were not measured again: they need training images.")
    return sentences
