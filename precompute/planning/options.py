"""The options of `run` and `plan`: one field per option. The command line is made from these fields."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_type_hints

import typer

from hvae.architectures.plugin import HELP, load_plugin
from hvae.datasets.dataset import HIGHEST_SIDE, LOWEST_SIDE, SIDE, SIDE_STEP, SIDES, is_side
from hvae.datasets.registry import patterns
from hvae.errors import UserError
from hvae.training.ways_to_compute import Formulation, Products
from precompute.planning.grid import parse_betas
from precompute.planning.model_options import Value, model_fields

# torch is imported by the commands that need it.
if TYPE_CHECKING:
    from hvae.training.arithmetic import Arithmetic
    from precompute.planning.plan import Plan


class EngineName(StrEnum):
    """The engine that trains points."""

    local = "local"
    ray = "ray"


class Precision(StrEnum):
    """The type of stored weights."""

    float32 = "float32"
    float16 = "float16"


*NAMES, LAST_NAME = patterns()
DATASET = f"{', '.join(NAMES)}, or {LAST_NAME}."
SIZE = f"Height and width of the pictures: {SIDES}."
MODEL = "An option of the models, repeatable; --model help lists them."
EPOCHS = "Passes over the training images: the parent's, or with --from-scratch each point's."

# Options that other commands have, too.
DataDir = Annotated[Path, typer.Option(help="Folder of data sets; downloads go there, too.", metavar="DIR")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Plugin = Annotated[
    Path | None,
    typer.Option(help=HELP, metavar="FILE.py", show_default=False, callback=lambda file: with_plugin(file)),
]
Jobs = Annotated[
    int | None, typer.Option(help="Processes for points, on a CPU.", min=1, show_default="one per core")
]


def with_plugin(file: Path | None) -> Path | None:
    """Register the architectures of a user's file before anything else is looked at."""
    if file:
        load_plugin(file)
    return file


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of `run` and `plan`. A new option is a new field here.

    Raises UserError for `betas` that are no range, and for a `model` that cannot be.
    """

    dataset: Annotated[str, typer.Option(help=DATASET, metavar="NAME")]
    data_dir: DataDir = Path("data")
    betas: Annotated[
        str,
        typer.Option("--betas", help="LO:HI:N, N log-spaced values of β for each layer.", metavar="LO:HI:N"),
    ] = "0.1:10:13"
    epochs: Annotated[
        int | None, typer.Option(help=EPOCHS, min=1, show_default="25, more for few images; 5 from scratch")
    ] = None
    refine_epochs: Annotated[
        int, typer.Option(help="Each point's, from its fold; 0 keeps the fold.", min=0)
    ] = 1
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Train each point alone, without parent.")
    ] = False
    size: Annotated[int, typer.Option(help=SIZE, metavar="N")] = SIDE
    plugin: Plugin = None
    model: Annotated[list[str], typer.Option(help=MODEL, metavar="KEY=VALUE", show_default=False)] = ()
    device: Device = "auto"
    stack: Annotated[
        int | None,
        typer.Option(help="Points to train at once.", min=1, max=4096, show_default="what suits the device"),
    ] = None
    formulation: Annotated[
        Formulation | None,
        typer.Option(help="How points train together.", show_default="the fastest here, found in 15 s"),
    ] = None
    precision: Annotated[
        Products | None,
        typer.Option(
            help="Of products in training; weights are float32.",
            show_default="float32 on a CPU, else the fastest",
        ),
    ] = None
    engine: Annotated[EngineName, typer.Option(help="Train here, or on a Ray cluster.")] = EngineName.local
    address: Annotated[
        str, typer.Option(help="The Ray cluster's: auto finds one on this machine.", metavar="auto|HOST:PORT")
    ] = "auto"
    interval: Annotated[
        float, typer.Option(help="Seconds between checkpoints of models in training.", min=0.1, max=86400)
    ] = 60
    jobs: Jobs = None
    weights: Annotated[Precision, typer.Option(help="Type of the points' stored weights.")] = (
        Precision.float32
    )
    seed: Annotated[int, typer.Option(help="Seed of weights, batches and noise.", min=0, max=2**31 - 1)] = 0

    def __post_init__(self) -> None:
        from hvae.datasets.folder import recorded_name

        object.__setattr__(self, "dataset", recorded_name(self.dataset))
        parse_betas(self.betas)
        if not is_side(self.size):
            inside = min(max(self.size, LOWEST_SIDE), HIGHEST_SIDE)
            close = SIDE_STEP * round(inside / SIDE_STEP)
            raise UserError(f"--size {self.size} is not {SIDES}: the nearest is {close}.")
        _ = self.model_fields

    @property
    def model_fields(self) -> dict[str, Value]:
        """Fields of the models' config that are not as `HVAEConfig` has them."""
        return model_fields(self.model, self.dataset, self.size)

    @property
    def on_ray(self) -> bool:
        """Whether points train on a Ray cluster."""
        return self.engine is EngineName.ray

    @property
    def arithmetic(self) -> Arithmetic:
        """What is asked of how models are computed in training."""
        from hvae.training.arithmetic import Arithmetic

        return Arithmetic(
            self.formulation and self.formulation.value, self.precision and self.precision.value
        )

    @property
    def processes(self) -> int:
        """How many processes may train and measure points on this machine's CPU."""
        from precompute.engines.workers import cores

        return self.jobs or cores()

    def plan(self, images: int) -> Plan:
        """Return the plan of these options, for so many training images."""
        from precompute.planning.plan import Plan

        return Plan.make(
            self.dataset,
            parse_betas(self.betas),
            images,
            epochs=self.epochs,
            refine_epochs=self.refine_epochs,
            from_scratch=self.from_scratch,
            seed=self.seed,
            weights=self.weights.value,
            model=self.model_fields,
        )


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command for typer: `command` with every option in place of its parameter `options`."""
    hints = get_type_hints(Options, include_extras=True)
    fields = {field.name: field for field in dataclasses.fields(Options)}

    def called(**words: object) -> None:
        options = Options(**{name: words.pop(name) for name in fields})
        command(**words, options=options)

    own = inspect.signature(command, eval_str=True).parameters.values()
    parameters = [
        *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own if each.name != "options"),
        *(
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default,
                annotation=hints[name],
            )
            for name, field in fields.items()
        ),
    ]
    called.__signature__ = inspect.Signature(parameters)
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    called.__name__, called.__doc__ = command.__name__, command.__doc__
    return called
