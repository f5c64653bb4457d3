"""An atlas: a folder with all points of one (β₂, β₁) grid, their metrics and a few test images.

Reading an atlas never unpickles, and never trusts it: every name is checked before it becomes a path,
every file against the SHA-256 in atlas.json. Opening one does not import torch; loading a model does.
"""

from __future__ import annotations

import io
import json
import re
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hvae.errors import UserError
from hvae.files import sha256, user_path
from hvae.metadata import reason

if TYPE_CHECKING:
    from hvae.model import HVAE
    from hvae.multirate import Parent

SCHEMA_VERSION = 1
MAX_POINTS = 100_000
MANIFEST = "atlas.json"
METRICS = "metrics.parquet"
EXAMPLES = "examples.npz"
CLASSIFIER = "classifier.safetensors"
PARENT = "parent.safetensors"
TRAINING = ".training"

PROBES = ("logistic", "linear_svm", "rbf_svm", "knn")
TRAINED_COLUMNS = ("rate_z2", "rate_z1", "rate_total", "distortion", "neg_elbo", "psnr")
"""What is measured as soon as a point is trained; `precompute evaluate` adds the rest."""
METRIC_COLUMNS = (
    *TRAINED_COLUMNS,
    *("mi_z2", "mi_z1"),
    *(f"acc_{probe}_{latent}" for latent in ("z2", "z1") for probe in PROBES),
    *("inception_score", "diversity", "sharpness"),
)
COLUMNS = ("beta_2", "beta_1", *METRIC_COLUMNS, "checkpoint")
"""Columns of metrics.parquet, in order; a metric that was not computed is NaN. Rates, distortion and
mutual information are in nats, psnr in dB, accuracies in [0, 1]."""

SHIPPED = Path(__file__).parent / "atlases"
"""The atlases that come with this package, each in a folder of its own."""
DEFAULT_NAME = "mnist"

_FILE_NAME = re.compile(r"(models/)?[A-Za-z0-9][A-Za-z0-9._-]{0,120}")

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=rf"^{_FILE_NAME.pattern}$")]
Beta = Annotated[float, Field(gt=0, lt=1e9)]


class Betas(BaseModel):
    """The grid: all pairs of these values."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    beta_2: Annotated[list[Beta], Field(min_length=1, max_length=1000)]
    beta_1: Annotated[list[Beta], Field(min_length=1, max_length=1000)]


class Manifest(BaseModel):
    """atlas.json.

    recipe: how points were trained; with a parent_recipe, each from the parent's fold. failures: checkpoint →
    why its metrics are NaN. evaluation: measurement → version and parameters of the stored numbers.
    label_frequencies: of the test set, in the order of `classes`. ceiling: the generation scores of real test
    images, with `_se` columns, and the classifier's accuracy on them. data: checksums of the splits that it
    was made from. weights: what points' weights are stored as; the metrics are those of the stored weights.
    pending: the checksum that metrics.parquet is about to have.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_version: Literal[1]
    dataset: Annotated[str, Field(min_length=1, max_length=1000)]
    classes: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=10_000)]
    model: dict[str, Any]
    betas: Betas
    recipe: dict[str, int | float | str]
    parent_recipe: dict[str, int | float | str] = {}
    seed: Annotated[int, Field(ge=0)]
    made_with: dict[str, Any] = {}
    failures: dict[FileName, Annotated[str, Field(max_length=500)]] = {}
    evaluation: dict[str, str] = {}
    label_frequencies: list[Annotated[float, Field(ge=0, le=1)]] = []
    ceiling: dict[str, float] = {}
    data: dict[Literal["train", "test"], Sha256] = {}
    weights: Literal["float32", "float16"] = "float32"
    files: dict[FileName, Sha256]
    pending: dict[Literal["metrics.parquet"], Sha256] = {}


class Examples(NamedTuple):
    """Test images: `images` uint8 (N, C, H, W), `labels` int64 (N,)."""

    images: np.ndarray
    labels: np.ndarray


class Atlas:
    """An opened atlas. `path` is its folder, `manifest` its atlas.json, `metrics` its table of points.

    >>> atlas = Atlas.default()
    >>> model = atlas.load(beta_2=1.0, beta_1=0.1)
    """

    def __init__(self, path: Path, manifest: Manifest, metrics: pd.DataFrame) -> None:
        self.path = path
        self.manifest = manifest
        self.metrics = metrics

    @classmethod
    def open(cls, path: str | Path) -> Atlas:
        """Open the atlas in the folder `path`.

        Raises UserError, one sentence naming file and reason, where there is none or it is not sound.
        """
        folder = user_path(path)
        if not folder.is_dir():
            raise UserError(f"There is no folder {path}: name the folder that `precompute run` wrote.")
        manifest = read_manifest(folder)
        try:
            return cls(folder, manifest, read_metrics(folder, manifest))
        except UserError:
            # A run that is writing may have replaced both files since: look again, once.
            manifest = read_manifest(folder)
            return cls(folder, manifest, read_metrics(folder, manifest))

    @classmethod
    def default(cls) -> Atlas:
        """The atlas of MNIST that ships with this package."""
        return cls.shipped(DEFAULT_NAME)

    @classmethod
    def shipped(cls, name: str) -> Atlas:
        """An atlas that ships with this package; `shipped_names` lists them. Raises UserError."""
        names = shipped_names()
        if name not in names:
            raise UserError(f"No atlas {name} ships with this package: there are {', '.join(names)}.")
        return cls.open(SHIPPED / name)

    @property
    def name(self) -> str:
        """The folder's name, reduced to what is safe in an address."""
        return re.sub(r"[^A-Za-z0-9._-]+", "-", self.path.resolve().name).strip("-.") or "atlas"

    def nearest(self, beta_2: float, beta_1: float) -> pd.Series:
        """The row of `metrics` nearest to (β₂, β₁) in log β.

        Raises ValueError unless both are positive, UserError where the atlas has no point yet.
        """
        if not (beta_2 > 0 and beta_1 > 0):
            raise ValueError(f"β must be positive, not ({beta_2}, {beta_1})")
        if self.metrics.empty:
            raise UserError(f"{self.path} holds no point yet.")
        at = np.log(self.metrics[["beta_2", "beta_1"]].to_numpy(float))
        distance = ((at - np.log([beta_2, beta_1])) ** 2).sum(axis=1)
        return self.metrics.iloc[int(distance.argmin())]

    def load(self, beta_2: float, beta_1: float, device: str = "cpu") -> HVAE:
        """The model of the point nearest to (β₂, β₁) in log β, a plain HVAE in eval mode.

        Raises UserError where its checkpoint is missing or damaged.
        """
        return self.load_checkpoint(self.nearest(beta_2, beta_1)["checkpoint"], device)

    def load_checkpoint(self, name: str, device: str = "cpu") -> HVAE:
        """The model stored in the file `name` of this atlas (a value of the column `checkpoint`).

        Raises UserError where the file is missing, damaged, or not what atlas.json says it is.
        """
        from hvae.checkpoint import load_model

        model = load_model(self.checked_file(name), device)
        if model.config.to_dict() != self.manifest.model:
            raise UserError(f"{name} in {self.path} has another model config than {MANIFEST}.")
        return model

    def load_parent(self, device: str = "cpu") -> Parent:
        """The multi-rate parent; `load_parent().fold([beta_1, beta_2])` is a plain HVAE at any (β₂, β₁).

        Raises UserError where the atlas has none, or its file is damaged.
        """
        from hvae.checkpoint import load_parent

        if PARENT not in self.manifest.files:
            raise UserError(f"{self.path} has no parent: its points were trained from scratch.")
        parent = load_parent(self.checked_file(PARENT), device)
        if parent.config.to_dict() != self.manifest.model:
            raise UserError(f"{PARENT} in {self.path} has another model config than {MANIFEST}.")
        return parent

    def checked_file(self, name: str) -> Path:
        """The path of a file listed in atlas.json, its checksum verified. Raises UserError."""
        return checked_file(self.path, self.manifest.files, name)

    def examples(self) -> Examples:
        """The test images that ship with the atlas. Raises UserError where they are damaged."""
        return read_examples(self.checked_file(EXAMPLES))


def shipped_names() -> list[str]:
    """The names of the atlases that ship with this package, MNIST first."""
    names = [manifest.parent.name for manifest in SHIPPED.glob(f"*/{MANIFEST}")]
    return sorted(names, key=lambda name: (name != DEFAULT_NAME, name))


def read_manifest(folder: Path) -> Manifest:
    """Parse and validate OUT/atlas.json. Raises UserError naming the first thing that is wrong."""
    try:
        text = plain_file(folder, MANIFEST).read_bytes()
        content = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{MANIFEST} in {folder} is not readable JSON ({error}).") from None
    version = content.get("schema_version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise UserError(
            f"{MANIFEST} in {folder} has schema version {version}, this program knows {SCHEMA_VERSION}: "
            "install a newer release."
        )
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise UserError(f"{MANIFEST} in {folder} is not valid: {where}: {first['msg']}.") from None


def read_metrics(folder: Path, manifest: Manifest) -> pd.DataFrame:
    """metrics.parquet as a DataFrame with COLUMNS. Raises UserError where it is not what it should be."""
    try:
        path = checked_file(folder, manifest.files, METRICS)
    except UserError:
        if METRICS not in manifest.pending:
            raise
        path = checked_file(folder, manifest.pending, METRICS)
    try:
        footer = pyarrow.parquet.read_metadata(path)
        if footer.num_rows > MAX_POINTS or footer.num_columns > 1000:
            raise ValueError(f"it has {footer.num_rows} rows and {footer.num_columns} columns")
        metrics = pd.read_parquet(path, engine="pyarrow")
    except Exception as error:  # pyarrow raises many kinds
        raise UserError(f"{METRICS} in {folder} is not readable ({reason(error)}).") from None
    needed = ("beta_2", "beta_1", *TRAINED_COLUMNS, "checkpoint")
    missing = [column for column in needed if column not in metrics.columns]
    if missing:
        raise UserError(f"{METRICS} in {folder} lacks the column {missing[0]}.")
    # An older release may have measured less.
    unmeasured = [column for column in METRIC_COLUMNS if column not in metrics.columns]
    metrics = metrics.assign(**dict.fromkeys(unmeasured, np.nan))
    for column in metrics.columns.drop("checkpoint"):
        if not pd.api.types.is_float_dtype(metrics[column]):
            raise UserError(f"{METRICS} in {folder}: the column {column} does not hold floats.")
    betas = metrics[["beta_2", "beta_1"]].to_numpy()
    if not (np.isfinite(betas) & (betas > 0)).all():
        raise UserError(f"{METRICS} in {folder} has a β that is not a positive number.")
    if not all(isinstance(name, str) for name in metrics["checkpoint"]):
        raise UserError(f"{METRICS} in {folder}: the column checkpoint does not hold names.")
    if metrics["checkpoint"].duplicated().any():
        raise UserError(f"{METRICS} in {folder} names a checkpoint twice.")
    unknown = [name for name in metrics["checkpoint"] if name not in manifest.files]
    if unknown:
        raise UserError(f"{METRICS} in {folder} names a checkpoint that {MANIFEST} does not: {unknown[0]!r}.")
    return metrics


def read_examples(path: Path) -> Examples:
    """Read examples.npz without unpickling, refusing what would unpack to over 256 MiB. Raises UserError."""
    try:
        data = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 256 * 2**20:
                raise ValueError("it unpacks to more than 256 MiB")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            examples = Examples(arrays["images"], arrays["labels"])
        images, labels = examples
        if images.dtype != np.uint8 or images.ndim != 4 or labels.shape != images.shape[:1]:
            raise ValueError("it must hold uint8 images (N, C, H, W) and as many labels")
    except Exception as error:  # zipfile, zlib and numpy raise many kinds
        raise UserError(f"{path.name} is not readable ({error}).") from None
    return examples


def plain_file(folder: Path, name: str) -> Path:
    """The path of the regular file `name` in `folder`. Raises UserError for anything else.

    A name cannot leave the folder: no `..`, no absolute path, no link, no device.
    """
    if not _FILE_NAME.fullmatch(name) or ".." in name:
        raise UserError(f"{name!r} in {folder} is not the name of an atlas file.")
    path = folder / name
    try:
        linked = path.parent != folder and path.parent.is_symlink()
        is_plain = stat.S_ISREG(path.lstat().st_mode) and not linked
    except OSError as error:
        raise UserError(f"{name} in {folder} cannot be read: {error.strerror}.") from None
    if not is_plain:
        raise UserError(f"{name} in {folder} is not a regular file.")
    return path


def checked_file(folder: Path, files: Mapping[str, str], name: str) -> Path:
    """The path of `name`, which must match its checksum in `files`. Raises UserError."""
    if name not in files:
        raise UserError(f"{name} in {folder} is not listed in {MANIFEST}.")
    path = plain_file(folder, name)
    try:
        actual = sha256(path)
    except OSError as error:
        raise UserError(f"{name} in {folder} cannot be read: {error.strerror}.") from None
    if actual != files[name]:
        raise UserError(f"{name} in {folder} is damaged: its checksum is not the one in {MANIFEST}.")
    return path
