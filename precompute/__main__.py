"""`python -m precompute`: make, watch and check an atlas."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

from hvae.architectures.plugin import load_named_plugin, load_plugin
from hvae.datasets.dataset import SIDE, is_side
from hvae.errors import UserError, printable_lines
from hvae.terminal import accept_all_text, command_name
from precompute.planning.model_options import model_help
from precompute.planning.options import DataDir, Device, Jobs, Options, Plugin, with_options

# torch is imported by the commands that need it.

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


MovedDataset = Annotated[
    str | None,
    typer.Option(
        help="Where the atlas's images are now, if they have moved: folder:PATH.",
        metavar="NAME",
        show_default="where they were",
    ),
]


ALL = 10_000
"""The number of points for `--deep` without a number: as many as an atlas can have."""
Deep = Annotated[
    int | None,
    typer.Option(
        help="Measure N points again (without N, all), and compare with the table.",
        min=1,
        max=ALL,
        metavar="[N]",
        show_default=False,
    ),
]
TestDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Folder of the data set, to measure on all its test images.", metavar="DIR"
    ),
]


@cli.command()
@with_options
def plan(options: Options, out: MaybeOut = None) -> None:
    """Predict time, memory and disk space of `run` with the same options, from 5 seconds of training."""
    from precompute.planning.cost import describe, predicted_cost

    print(printable_lines(describe(predicted_cost(out, options))))
    if options.on_ray:
        print("A Ray cluster trains on all its workers at once: above is what one like this would take.")


@cli.command()
@with_options
def run(options: Options, out: Out) -> None:
    """Train a parent, then every point of the grid from it. The same command continues a stopped run."""
    from precompute.run import run_plan

    run_plan(out, options)


@cli.command()
def evaluate(
    out: Out,
    data_dir: DataDir = Path("data"),
    dataset: MovedDataset = None,
    device: Device = "auto",
    jobs: Jobs = None,
    plugin: Plugin = None,
) -> None:
    """Measure missing and outdated metrics of an atlas, without training any point."""
    from precompute.engines.workers import cores
    from precompute.evaluate import evaluate_atlas

    evaluate_atlas(out, data_dir, device, jobs=jobs or cores(), dataset=dataset)


@cli.command()
def repeat(
    out: Out,
    seeds: Annotated[str, typer.Option(help="Seeds of the other runs, by commas.", metavar="N,…")] = "1,2",
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the other runs, to go on from there.", metavar="DIR", show_default="in the cache"
        ),
    ] = None,
    data_dir: DataDir = Path("data"),
    dataset: MovedDataset = None,
    device: Device = "auto",
    jobs: Jobs = None,
    plugin: Plugin = None,
) -> None:
    """Train an atlas's parent and some of its points with other seeds; store the scatter between runs."""
    from precompute.planning.repeated import parse_seeds
    from precompute.repeat import repeat_atlas

    repeat_atlas(out, parse_seeds(seeds), output, data_dir, device, jobs, dataset)


@cli.command()
def status(out: Out) -> None:
    """Show what is done, what is left, and how long that should take."""
    from precompute.status import describe

    print(printable_lines(describe(out)))


@cli.command()
def verify(out: Out, deep: Deep = None, data_dir: TestDir = None, plugin: Plugin = None) -> None:
    """Check files and numbers; name every error, and exit with 1 if there is one."""
    from hvae.atlas.verify import problems

    found = problems(out)
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        raise typer.Exit(1)
    if deep is None:
        if data_dir is not None:
            raise UserError("--data-dir is for measuring again: add --deep.")
        print(f"{out} is sound.")
        return
    from precompute.deep import verify_deep

    def say(line: str, err: bool = False) -> None:
        print(line, file=sys.stderr if err else sys.stdout)

    if not verify_deep(out, deep, data_dir, say):
        raise typer.Exit(1)


def with_all_points(arguments: list[str]) -> list[str]:
    """Return the arguments; `--deep` without a number gets a number that means all points."""
    given = list(arguments)
    for place, argument in enumerate(arguments):
        if argument == "--deep" and not (place + 1 < len(given) and given[place + 1].lstrip("-").isdecimal()):
            given[place] = f"--deep={ALL}"
    return given


def asks_for_model_help(arguments: list[str]) -> bool:
    """Whether `--model help` is among the arguments, whatever else is missing there."""
    return "--model=help" in arguments or ("--model", "help") in pairwise(arguments)


def given(arguments: list[str], option: str) -> str | None:
    """What an option is given, read without typer; None where it is not."""
    for argument, following in pairwise([*arguments, ""]):
        name, equals, value = argument.partition("=")
        if name == option:
            return value if equals else following
    return None


def main() -> int:
    """Run the command line; a user's mistake becomes one line on stderr. Returns the exit code."""
    accept_all_text()
    name = command_name("hvae-precompute", "precompute")
    try:
        arguments = with_all_points(sys.argv[1:])
        load_named_plugin()
        if asks_for_model_help(arguments):
            if plugin := given(arguments, "--plugin"):
                load_plugin(plugin)
            size = given(arguments, "--size") or ""
            side = int(size) if size.isdecimal() and is_side(int(size)) else SIDE
            print(model_help(given(arguments, "--dataset") or "", side))
            return 0
        return cli(arguments, prog_name=name, standalone_mode=False) or 0
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
