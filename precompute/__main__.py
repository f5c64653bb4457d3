"""`python -m precompute`: make, watch and check an atlas."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hvae.datasets.registry import patterns
from hvae.errors import UserError

# torch is imported by the commands that need it.
if TYPE_CHECKING:
    from precompute.plan import Plan

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train two-layer HVAEs over a grid of (β₂, β₁) and write them, with their metrics, as an atlas.",
)
Out = Annotated[Path, typer.Argument(metavar="OUT", help="The atlas's folder.")]
MaybeOut = Annotated[
    Path | None,
    typer.Argument(metavar="[OUT]", help="The atlas's folder; what it holds already is not counted."),
]


class Engine(StrEnum):
    """Where points are trained."""

    local = "local"
    ray = "ray"


class Precision(StrEnum):
    """What weights are stored as."""

    float32 = "float32"
    float16 = "float16"


*NAMES, LAST_NAME = patterns()
DATASET = f"{', '.join(NAMES)}, or {LAST_NAME}."
EPOCHS = "Passes over the training images: the parent's, or with --from-scratch each point's."
Dataset = Annotated[str, typer.Option(help=DATASET, metavar="NAME")]
MovedDataset = Annotated[
    str | None,
    typer.Option(
        help="Where the atlas's images are now, if they have moved: folder:PATH.",
        metavar="NAME",
        show_default="where they were",
    ),
]
DataDir = Annotated[Path, typer.Option(help="Where data sets lie, or go.", metavar="DIR")]
BetaRange = Annotated[
    str, typer.Option("--betas", help="LO:HI:N, N log-spaced values of β for each layer.", metavar="LO:HI:N")
]
Epochs = Annotated[
    int | None, typer.Option(help=EPOCHS, min=1, show_default="25, more for few images; 5 from scratch")
]
RefineEpochs = Annotated[int, typer.Option(help="Each point's, from its fold; 0 keeps the fold.", min=0)]
FromScratch = Annotated[bool, typer.Option("--from-scratch", help="Train each point alone, without parent.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Stack = Annotated[
    int | None,
    typer.Option(help="Points to train at once.", min=1, max=4096, show_default="what suits the device"),
]
Jobs = Annotated[
    int | None,
    typer.Option(help="Processes for points, on a CPU.", min=1, show_default="one per core"),
]
Seed = Annotated[int, typer.Option(help="Seed of weights, batches and noise.", min=0, max=2**31 - 1)]
Weights = Annotated[Precision, typer.Option(help="What points' weights are stored as.")]
EngineName = Annotated[Engine, typer.Option(help="Train here, or on a Ray cluster.")]
Address = Annotated[
    str, typer.Option(help="The Ray cluster's: auto finds one on this machine.", metavar="auto|HOST:PORT")
]
Interval = Annotated[
    float, typer.Option(help="Seconds between checkpoints of what is in training.", min=0.1, max=86400)
]


ALL = 10_000
"""Points that `--deep` without a number asks for: as many as an atlas can have."""
Deep = Annotated[
    int | None,
    typer.Option(
        help="Measure N points again, all without N, and compare with the table.",
        min=1,
        max=ALL,
        metavar="[N]",
        show_default=False,
    ),
]
TestDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Where the data set lies, to measure on all its test images.", metavar="DIR"
    ),
]


@cli.command()
def plan(
    dataset: Dataset,
    out: MaybeOut = None,
    data_dir: DataDir = Path("data"),
    betas: BetaRange = "0.1:10:13",
    epochs: Epochs = None,
    refine_epochs: RefineEpochs = 1,
    from_scratch: FromScratch = False,
    device: Device = "auto",
    stack: Stack = None,
    engine: EngineName = Engine.local,
    address: Address = "auto",
    interval: Interval = 60,
    jobs: Jobs = None,
    weights: Weights = Precision.float32,
    seed: Seed = 0,
) -> None:
    """Say what `run` with the same options would take, from 5 seconds of training on this device."""
    from hvae.datasets.folder import recorded_name
    from precompute.cost import describe, predicted_cost
    from precompute.engines.workers import cores

    dataset = recorded_name(dataset)
    make_plan = plan_maker(dataset, betas, epochs, refine_epochs, from_scratch, seed, weights)
    typer.echo(describe(predicted_cost(out, dataset, make_plan, data_dir, device, stack, jobs or cores())))
    if engine is Engine.ray:
        typer.echo("A Ray cluster trains on all its workers at once: above is what one like this would take.")


@cli.command()
def run(
    out: Out,
    dataset: Dataset,
    data_dir: DataDir = Path("data"),
    betas: BetaRange = "0.1:10:13",
    epochs: Epochs = None,
    refine_epochs: RefineEpochs = 1,
    from_scratch: FromScratch = False,
    device: Device = "auto",
    stack: Stack = None,
    engine: EngineName = Engine.local,
    address: Address = "auto",
    interval: Interval = 60,
    jobs: Jobs = None,
    weights: Weights = Precision.float32,
    seed: Seed = 0,
) -> None:
    """Train a parent, then every point of the grid from it. The same line again continues."""
    from hvae.datasets.folder import recorded_name
    from precompute.engines.workers import cores
    from precompute.run import run_plan

    dataset = recorded_name(dataset)
    make_plan = plan_maker(dataset, betas, epochs, refine_epochs, from_scratch, seed, weights)
    cluster = address if engine is Engine.ray else None
    run_plan(out, dataset, make_plan, data_dir, device, stack, cluster, interval, jobs or cores())


@cli.command()
def evaluate(
    out: Out,
    data_dir: DataDir = Path("data"),
    dataset: MovedDataset = None,
    device: Device = "auto",
    jobs: Jobs = None,
) -> None:
    """Measure what is missing or stale in an atlas, without training any point."""
    import joblib

    from precompute.evaluate import evaluate_atlas

    evaluate_atlas(out, data_dir, device, jobs=jobs or joblib.cpu_count(), dataset=dataset)


@cli.command()
def status(out: Out) -> None:
    """Say what is done, what is left, and how long it should take."""
    from precompute.status import describe

    typer.echo(describe(out))


@cli.command()
def verify(out: Out, deep: Deep = None, data_dir: TestDir = None) -> None:
    """Check files and numbers; name everything that is off, and exit with 1 if anything is."""
    from hvae.atlas.verify import problems

    found = problems(out)
    for problem in found:
        typer.echo(problem, err=True)
    if found:
        raise typer.Exit(1)
    if deep is None:
        if data_dir is not None:
            raise UserError("--data-dir is for what is measured again: add --deep.")
        typer.echo(f"{out} is sound.")
        return
    from precompute.deep import verify_deep

    if not verify_deep(out, deep, data_dir, typer.echo):
        raise typer.Exit(1)


def plan_maker(
    dataset: str,
    betas: str,
    epochs: int | None,
    refine_epochs: int,
    from_scratch: bool,
    seed: int,
    weights: Precision,
) -> Callable[[int], Plan]:
    """From the number of training images to the plan. Raises UserError for `betas` that are no range."""
    from precompute.grid import parse_betas
    from precompute.plan import Plan

    return partial(
        Plan.make,
        dataset,
        parse_betas(betas),
        epochs=epochs,
        refine_epochs=refine_epochs,
        from_scratch=from_scratch,
        seed=seed,
        weights=weights.value,
    )


def with_all_points(arguments: list[str]) -> list[str]:
    """The arguments, where `--deep` is not followed by a number with one that stands for all points."""
    given = list(arguments)
    for place, argument in enumerate(arguments):
        if argument == "--deep" and not (place + 1 < len(given) and given[place + 1].lstrip("-").isdecimal()):
            given[place] = f"--deep={ALL}"
    return given


def main() -> int:
    """Run the command line; a user's mistake becomes one line on stderr. Returns the exit code."""
    try:
        arguments = with_all_points(sys.argv[1:])
        return cli(arguments, prog_name="python -m precompute", standalone_mode=False) or 0
    except UserError as error:
        message, code = str(error), 2
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        message, code = f"{where}{error.strerror or error}.", 1
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except Exception as error:
        # What typer found wrong with the arguments; its class has moved between typer's versions.
        if not hasattr(error, "format_message"):
            raise
        if not error.format_message():  # the help was shown
            return 2
        message, code = f"{error.format_message()} (--help lists the options.)", 2
    print(f"Error: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
