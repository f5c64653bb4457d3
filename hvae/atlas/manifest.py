"""atlas.json: what an atlas is and how it was made, every field checked before anything is made of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from hvae.architectures.architecture import MAX_FEATURES
from hvae.architectures.registry import DEFAULT, registered
from hvae.atlas.checks.possible import Setting, broken
from hvae.atlas.point import END_OF_BETAS, LOWEST_BETA, in_name
from hvae.atlas.untrusted_files import FILE_NAME, MANIFEST, METRICS, read_plain
from hvae.bounds import label_entropy
from hvae.config import FIELDS, HVAEConfig
from hvae.errors import UserError, one_line
from hvae.files import no_key_twice
from hvae.metrics.estimate import Estimate, sample_size
from hvae.metrics.measurements import accuracy
from hvae.metrics.measurements.generation import GENERATION
from hvae.metrics.measurements.generation_calibrated import GENERATION_CALIBRATED
from hvae.theory import STORED
from hvae.training.recipe import Recipe

if TYPE_CHECKING:
    from hvae.datasets.contents import Contents

SCHEMA_VERSION = 1
MAX_POINTS = 10_000
MAX_CLASSES, MAX_CLASS_NAME = 10_000, 200
"""Limits: the number of classes, and of characters in a class's name."""
MAX_DATASET_NAME, MAX_TEXT = 1000, 4000
MAX_KINDS = 100
"""Limit: kinds of files that are passed over in a folder."""

MAX_JUDGED = 1_000
"""Limit: points through which pictures are reconstructed for the judges."""

MAX_REPEATED = 100
"""Limit: points that were trained again."""

MAX_TOP_DIM = 1024
"""Limit: dimensions of the top latent."""

ELSEWHERE = "elsewhere"
"""The entry of `made_with` in an atlas of models that `precompute` did not train."""

SCORES = (*GENERATION.names, *GENERATION_CALIBRATED.names, "classifier_accuracy")


def most(name: str, pixels: int, architecture: str = DEFAULT) -> float:
    """The highest value that a field of the models' config may have, where pictures have so many pixels.

    An architecture that is not registered has no limits of its own: its models are never built.
    """
    known = registered(architecture)
    highest = {field: product // pixels for field, product in known.most.items()} if known else {}
    return min({"top_dim": MAX_TOP_DIM, **highest}.get(name, math.inf), FIELDS[name].high)


def _is_config(model: dict) -> dict:
    try:
        config = HVAEConfig(**model)
    except TypeError as error:
        raise ValueError(str(error)) from None
    channels, height, width = config.image_shape
    if config.layers > 2:
        raise ValueError(f"an atlas has models of at most two layers, not {config.layers}")
    pixels = height * width
    too_large = any(
        getattr(config, name) > most(name, pixels, config.architecture)
        for name in ("width", "channels", "top_dim")
    )
    if too_large or channels * pixels > MAX_FEATURES:
        raise ValueError("its models are larger than a page can show")
    return model


def _is_recipe(recipe: dict) -> dict:
    try:
        Recipe(**recipe)
    except TypeError as error:
        raise ValueError(str(error)) from None
    return recipe


def _counts_seconds(made_with: dict) -> dict:
    for name, value in made_with.items():
        is_number = isinstance(value, int | float)
        if name.endswith(("_seconds", "_hours")) and not (is_number and 0 <= value < 1e12):
            raise ValueError(f"{name} must be a number of at least 0, not {one_line(repr(value), 60)}")
    return made_with


def _sums_to_one(frequencies: list[float]) -> list[float]:
    if frequencies and abs(sum(frequencies) - 1) > 1e-3:
        raise ValueError(f"they must add up to 1, not {sum(frequencies):g}")
    return frequencies


def _once_each(betas: list[float]) -> list[float]:
    if len({in_name(beta) for beta in betas}) < len(betas):
        raise ValueError("a β is there twice")
    return betas


def _largest_first(values: list[float]) -> list[float]:
    if any(value < following for value, following in pairwise(values)):
        raise ValueError("they must come largest first")
    return values


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=rf"^{FILE_NAME.pattern}$")]
Key = Annotated[str, Field(min_length=1, max_length=100)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Reason = Annotated[str, Field(max_length=500)]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Beta = Annotated[float, Field(ge=LOWEST_BETA, lt=END_OF_BETAS)]
Side = Annotated[list[Beta], Field(min_length=1, max_length=100), AfterValidator(_once_each)]
Parameters = Annotated[dict[Key, int | float | str], Field(max_length=20), AfterValidator(_is_recipe)]
ModelFields = Annotated[
    dict[Key, int | float | str | Annotated[list[int], Field(max_length=3)]],
    Field(max_length=20),
    AfterValidator(_is_config),
]
Share = Annotated[float, Field(ge=0, le=1)]
Eigenvalue = Annotated[float, Field(ge=0, le=1e6)]
Score = Literal[SCORES + tuple(f"{score}_se" for score in SCORES)]

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Betas(BaseModel):
    """The grid: all pairs of these values."""

    model_config = STRICT
    beta_2: Side
    beta_1: Side

    @property
    def pairs(self) -> list[tuple[float, float]]:
        """All pairs (β₂, β₁), in the order of the table: β₂ changes slowest."""
        return [(beta_2, beta_1) for beta_2 in self.beta_2 for beta_1 in self.beta_1]


class Pictures(BaseModel):
    """How many files of a user's own folder were used, and for what.

    train, test: the number of pictures of each class, in the order of `classes`; one number if pictures have
    no classes. passed_over: kind → number of files that were not used.
    """

    model_config = STRICT
    train: Annotated[list[Count], Field(min_length=1, max_length=MAX_CLASSES)]
    test: Annotated[list[Count], Field(min_length=1, max_length=MAX_CLASSES)]
    passed_over: Annotated[dict[Key, Count], Field(max_length=MAX_KINDS)] = {}

    @classmethod
    def of(cls, contents: Contents | None) -> Pictures | None:
        """Return a folder's counts, with only the most frequent kinds of files; None without a folder."""
        if contents is None:
            return None
        kinds = sorted(contents.passed_over.items(), key=lambda kind: -kind[1])[:MAX_KINDS]
        counts = {"train": list(contents.train.values()), "test": list(contents.test.values())}
        return cls(**counts, passed_over=dict(kinds))


class Sureness(BaseModel):
    """How sure a judge is of pictures, how often it is right, and its expected calibration error."""

    model_config = STRICT
    confidence: Share
    right: Share
    error: Share


class Judge(BaseModel):
    """What a judge learned from, and what it is worth.

    real, reconstructed: the numbers of training images and of their reconstructions; points: through how many
    points. accuracy: on real test images, with its standard error. held_out: how many test images were
    reconstructed through each point; reconstructions: on all of those, pooled; of_points: checkpoint → on its
    own.
    """

    model_config = STRICT
    real: Count
    reconstructed: Count
    points: Count
    accuracy: Share
    accuracy_se: Share
    held_out: Count
    reconstructions: Sureness
    of_points: Annotated[dict[FileName, Sureness], Field(max_length=MAX_JUDGED)] = {}


class Scatter(BaseModel):
    """What another run of the same training changes.

    runs: how many were compared, the atlas's own among them. points: the checkpoints that each has trained.
    deviations: column of metrics.parquet → standard deviation between runs, pooled over the points: the
    square root of the mean of their variances.
    """

    model_config = STRICT
    runs: Annotated[int, Field(ge=2, le=100)]
    points: Annotated[list[FileName], Field(min_length=1, max_length=MAX_REPEATED)]
    deviations: Annotated[dict[Key, Annotated[float, Field(ge=0, le=1e100)]], Field(max_length=200)]


class Manifest(BaseModel):
    """atlas.json.

    recipe: how points were trained; with a parent_recipe, each from the parent's fold. failures: checkpoint →
    why its metrics are NaN. evaluation: measurement → version and parameters of the stored numbers.
    label_frequencies: of the test set, in the order of `classes`. ceiling: the generation scores of real test
    images, with `_se` columns, and the classifier's accuracy on them. data: checksums of the splits. weights:
    type of the points' stored weights; the metrics are those of the stored weights. pending: the checksum of
    the next metrics.parquet, while it is being replaced. pictures: counts in a user's own folder. undefined:
    column → why no point has a number in it or in its standard error. spectrum: the largest eigenvalues of
    the training images' covariance, largest first. judges: what the judges of samples learned from, and what
    they are worth. scatter: what another run changes. The last five are left out if they are empty.
    """

    model_config = STRICT
    schema_version: Literal[1]
    dataset: Annotated[str, Field(min_length=1, max_length=MAX_DATASET_NAME)]
    classes: Annotated[list[Annotated[str, Field(max_length=MAX_CLASS_NAME)]], Field(max_length=MAX_CLASSES)]
    model: ModelFields
    betas: Betas
    recipe: Parameters
    parent_recipe: Parameters = {}
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    made_with: Annotated[
        dict[Key, int | float | Text], Field(max_length=100), AfterValidator(_counts_seconds)
    ] = {}
    failures: Annotated[dict[FileName, Reason], Field(max_length=MAX_POINTS)] = {}
    evaluation: Annotated[dict[Key, Text], Field(max_length=100)] = {}
    label_frequencies: Annotated[
        list[Annotated[float, Field(ge=0, le=1)]], Field(max_length=10_000), AfterValidator(_sums_to_one)
    ] = []
    ceiling: dict[Score, Annotated[float, Field(ge=0, le=1e6)]] = {}
    data: dict[Literal["train", "test"], Sha256] = {}
    weights: Literal["float32", "float16"] = "float32"
    files: Annotated[dict[FileName, Sha256], Field(max_length=3 * MAX_POINTS)]
    pending: dict[Literal[METRICS], Sha256] = {}
    pictures: Pictures | None = None
    undefined: Annotated[dict[Key, Reason], Field(max_length=200)] = {}
    spectrum: Annotated[list[Eigenvalue], Field(max_length=STORED), AfterValidator(_largest_first)] = []
    judges: dict[Literal["source", "calibrated"], Judge] = {}
    scatter: Scatter | None = None

    @model_validator(mode="after")
    def _one_frequency_for_each_class(self) -> Manifest:
        if self.label_frequencies and len(self.label_frequencies) != len(self.classes):
            raise ValueError("label_frequencies must have one number for each of classes")
        return self

    @model_validator(mode="after")
    def _one_number_of_pictures_for_each_class(self) -> Manifest:
        counts = self.pictures and {len(self.pictures.train), len(self.pictures.test)}
        if counts and counts != {max(1, len(self.classes))}:
            raise ValueError("pictures must have one number for each of classes")
        return self

    @model_serializer(mode="wrap")
    def _without_what_says_nothing(self, serialize: SerializerFunctionWrapHandler) -> dict:
        optional = ("pictures", "undefined", "spectrum", "judges", "scatter")
        return {name: value for name, value in serialize(self).items() if value or name not in optional}

    def is_undefined(self, column: str) -> bool:
        """Return whether no point can have a number in this column of the table, on this data set."""
        return column in self.undefined or column.removesuffix("_se") in self.undefined

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether its models were not trained by `precompute`, but added one by one: `Atlas.add`."""
        return ELSEWHERE in self.made_with

    @property
    def has_labels(self) -> bool:
        """Whether the labels of its images carry information: there are two classes or more."""
        return len(self.classes) > 1

    @model_validator(mode="after")
    def _scores_that_can_be(self) -> Manifest:
        scores = {name: np.array([value]) for name, value in self.ceiling.items()}
        for _, text in broken(scores, self.setting._replace(config=None)):
            raise ValueError(f"ceiling: {text}")
        return self

    @property
    def setting(self) -> Setting:
        """What the bounds of the numbers in metrics.parquet depend on."""
        of_labels = self.label_frequencies or [1.0]
        known = sum(of_labels) > 0 and len(of_labels) > 1
        entropy = label_entropy(of_labels) if known else math.log(max(len(self.classes), 1))
        judged = Estimate(*(self.ceiling.get(f"classifier_accuracy{end}", math.nan) for end in ("", "_se")))
        once = frozenset(
            name for one in accuracy.MEASUREMENTS if self._version(one.name) == 1 for name in one.names
        )
        return Setting(len(self.classes), entropy, self.config, sample_size(judged), once)

    def _version(self, measurement: str) -> int | None:
        """Return the version by which a measurement's columns were measured; None if it is unknown."""
        try:
            return json.loads(self.evaluation[measurement])["version"]
        except (KeyError, TypeError, ValueError, RecursionError):
            return None

    @property
    def side(self) -> int:
        """Height and width of the pictures."""
        return self.config.image_shape[1]

    @property
    def config(self) -> HVAEConfig:
        """The config of every model in the atlas."""
        return HVAEConfig(**self.model)


def made_from_plan(manifest: Manifest, *names: str) -> dict:
    """All that determines the weights of the named models; a file carries it, for a resumed run to know."""
    return {
        "dataset": manifest.dataset,
        "data": manifest.data,
        "model": manifest.model,
        "names": list(names),
        "beta_range": [min(manifest.betas.beta_2), max(manifest.betas.beta_2)],
        "recipe": manifest.recipe,
        "parent_recipe": manifest.parent_recipe,
        "seed": manifest.seed,
    }


def read_manifest(folder: Path) -> Manifest:
    """Return atlas.json of a folder, validated. Raises UserError, which names the first error in it."""
    text = read_plain(folder, MANIFEST)
    try:
        content = json.loads(text, parse_constant=_no_number, object_pairs_hook=no_key_twice)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{MANIFEST} in {folder} is not readable JSON ({one_line(error)}).") from None
    version = content.get("schema_version") if isinstance(content, Mapping) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise UserError(
            f"{MANIFEST} in {folder} has schema version {one_line(version, 20)}, this program knows "
            f"{SCHEMA_VERSION}: install a newer release."
        )
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = one_line(".".join(str(part) for part in first["loc"]) or "the whole file", 120)
        raise UserError(f"{MANIFEST} in {folder} is not valid: {where}: {one_line(first['msg'])}.") from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number")
