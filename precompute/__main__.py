"""`python -m precompute`: make, watch and check an atlas."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hvae.errors import UserError

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train two-layer HVAEs over a grid of (β₂, β₁) and write them, with their metrics, as an atlas.",
)
Out = Annotated[Path, typer.Argument(metavar="OUT", help="The atlas's folder.")]


class Engine(StrEnum):
    """Where points are trained."""

    local = "local"


@cli.command()
def run(
    out: Out,
    dataset: Annotated[
        str, typer.Option(help="mnist, fashion-mnist, svhn, cifar10, digits, or folder:PATH.", metavar="NAME")
    ],
    data_dir: Annotated[Path, typer.Option(help="Where data sets lie, or go.", metavar="DIR")] = Path("data"),
    betas: Annotated[
        str, typer.Option(help="LO:HI:N, N log-spaced values of β for each layer.", metavar="LO:HI:N")
    ] = "0.1:10:13",
    epochs: Annotated[int, typer.Option(help="Passes over the training images, for each point.", min=1)] = 5,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    engine: Annotated[Engine, typer.Option(help="Where points are trained.")] = Engine.local,
    seed: Annotated[int, typer.Option(help="Seed of weights, batches and noise.", min=0, max=2**31 - 1)] = 0,
) -> None:
    """Train every point of the grid. The same line again continues where it stopped."""
    from precompute.folder import Plan
    from precompute.grid import parse_betas
    from precompute.run import run_plan

    values = parse_betas(betas)
    run_plan(out, Plan.make(dataset, values, epochs=epochs, seed=seed), data_dir, device)


@cli.command()
def evaluate(
    out: Out,
    data_dir: Annotated[Path, typer.Option(help="Where data sets lie, or go.", metavar="DIR")] = Path("data"),
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
) -> None:
    """Measure what is missing or stale in an atlas, without training any point."""
    from precompute.evaluate import evaluate_atlas

    evaluate_atlas(out, data_dir, device)


@cli.command()
def status(out: Out) -> None:
    """Say what is done, what is left, and how long it should take."""
    from precompute.status import describe

    typer.echo(describe(out))


@cli.command()
def verify(out: Out) -> None:
    """Check checksums, schema and numbers; name every file that is off, and exit with 1 if any is."""
    from hvae.verify import problems

    found = problems(out)
    for problem in found:
        typer.echo(problem, err=True)
    if found:
        raise typer.Exit(1)
    typer.echo(f"{out} is sound.")


def main() -> int:
    """Run the command line; a user's mistake becomes one line on stderr. Returns the exit code."""
    try:
        return cli(prog_name="python -m precompute", standalone_mode=False) or 0
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
