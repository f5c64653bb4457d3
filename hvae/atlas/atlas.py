"""An atlas: a folder with all points of one (β₂, β₁) grid, their metrics and a few test images.

Reading an atlas never unpickles and trusts nothing: every name is checked before it becomes a path, and
every file against the SHA-256 in atlas.json. Opening an atlas does not import torch; loading a model does.
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hvae.atlas.examples import Examples, read_examples
from hvae.atlas.manifest import Betas, Manifest, read_manifest
from hvae.atlas.metadata import metadata_in
from hvae.atlas.metrics_table import read_metrics, table_columns
from hvae.atlas.origin import other_judge, other_parent, other_point
from hvae.atlas.point import Point
from hvae.atlas.untrusted_files import (
    CALIBRATED,
    CLASSIFIER,
    EXAMPLES,
    MANIFEST,
    METRICS,
    PARENT,
    TRAINING,
    checked_file,
    opened,
    plain_file,
    read_checked,
)
from hvae.config import HVAEConfig
from hvae.errors import UserError
from hvae.files import user_path

if TYPE_CHECKING:
    from hvae.metrics.classifier import Classifier
    from hvae.model import HVAE
    from hvae.parent import Parent

__all__ = [
    "CALIBRATED",
    "CLASSIFIER",
    "EXAMPLES",
    "MANIFEST",
    "METRICS",
    "PARENT",
    "TRAINING",
    "Atlas",
    "Betas",
    "Examples",
    "Manifest",
    "UserError",
    "checked_file",
    "plain_file",
    "read_examples",
    "read_manifest",
    "read_metrics",
    "table_columns",
]

SHIPPED = Path(__file__).parent.parent / "atlases"
"""The atlases that come with this package, each in a folder of its own."""
DEFAULT_NAME = "mnist"

IDENTIFYING = ("checkpoint", "beta_2", "beta_1", "rate_z2")
"""The columns that are compared with a checkpoint's header."""


@dataclass(frozen=True, eq=False, repr=False)
class Atlas:
    """An opened atlas. `path` is its folder, `manifest` its atlas.json, `metrics` its table of points.

    It does not change after reading; open it again to see changes on disk.

    >>> atlas = Atlas.default()
    >>> model = atlas.load(beta_2=1.0, beta_1=0.1)
    """

    path: Path
    manifest: Manifest
    metrics: pd.DataFrame

    @classmethod
    def open(cls, path: str | Path) -> Atlas:
        """Open the atlas in the folder `path`.

        Raises UserError, one sentence with the file and the reason, if there is none or it is not sound.
        """
        folder = user_path(path)
        if not folder.is_dir():
            raise UserError(f"There is no folder {path}: name the folder that `precompute run` wrote.")
        try:
            return cls._opened(folder)
        except UserError:
            # A run that is writing may have replaced files in between: read them once more.
            return cls._opened(folder)

    @classmethod
    def _opened(cls, folder: Path) -> Atlas:
        manifest = read_manifest(folder)
        atlas = cls(folder, manifest, read_metrics(folder, manifest))
        for row in atlas.metrics[list(IDENTIFYING)].to_dict("records"):
            atlas._refuse_swapped(row)
        return atlas

    def _refuse_swapped(self, row: dict) -> None:
        """Raise UserError if a checkpoint belongs to another point than its row, by its own header.

        Missing or damaged files are passed over: only their own pictures are lost.
        """
        name = row["checkpoint"]
        try:
            other = other_point(self.metadata(name), row, self.manifest)
            if other:
                self.checked_file(name)
        except UserError:
            return
        if other:
            raise UserError(f"{name} in {self.path} {other}.")

    @classmethod
    def default(cls) -> Atlas:
        """Return the atlas of MNIST that ships with this package."""
        return cls.shipped(DEFAULT_NAME)

    @classmethod
    def shipped(cls, name: str) -> Atlas:
        """Return an atlas that ships with this package; `shipped_names` lists them. Raises UserError."""
        names = shipped_names()
        if name not in names:
            raise UserError(f"No atlas {name} ships with this package: there are {', '.join(names)}.")
        return cls.open(SHIPPED / name)

    @property
    def name(self) -> str:
        """The folder's name, reduced to what is safe in an address."""
        return re.sub(r"[^A-Za-z0-9._-]+", "-", self.path.resolve().name).strip("-.") or "atlas"

    @classmethod
    def create(
        cls,
        path: str | Path,
        dataset: str,
        config: HVAEConfig,
        seed: int = 0,
        data_dir: str | Path = "data",
    ) -> Atlas:
        """Make an atlas for models that are trained elsewhere, and return it, without points: see `add`.

        dataset: as for `precompute run --dataset`. config: of every model; its image_shape is that of the
        pictures, (C, H, W). seed: of the noise that measurements draw.
        Raises UserError if the folder is not empty, or the data set is missing or has pictures of another
        shape.
        """
        from hvae.atlas.writing import create

        create(user_path(path), dataset, config, seed, data_dir)
        return cls.open(path)

    def add(self, beta_2: float, beta_1: float, model: HVAE, data_dir: str | Path = "data") -> Atlas:
        """Add a trained model at (β₂, β₁), and return the atlas with it; this one stays as it is.

        Its rates, distortion and PSNR are measured on the whole test set; `python -m precompute evaluate`
        measures the rest. model: in an atlas that `create` made, an HVAE of its config.
        Raises UserError if β is out of range or there already, if the model has another config or weights
        that are not finite, or if another process writes the atlas.
        """
        from hvae.atlas.writing import add

        add(self.path, beta_2, beta_1, model, data_dir)
        return Atlas.open(self.path)

    @property
    def config(self) -> HVAEConfig:
        """That of every model in the atlas."""
        return self.manifest.config

    @property
    def spectrum(self) -> np.ndarray | None:
        """The largest eigenvalues of the training images' covariance, for `hvae.theory`; float64 (≤ 1024,).

        None in an atlas made before they were stored.
        """
        return np.array(self.manifest.spectrum) if self.manifest.spectrum else None

    def nearest(self, beta_2: float, beta_1: float) -> pd.Series:
        """Return the row of `metrics` nearest to (β₂, β₁) in log β.

        Raises ValueError unless both are positive, UserError where the atlas has no point yet.
        """
        if not (beta_2 > 0 and beta_1 > 0):
            raise ValueError(f"β must be positive, not ({beta_2}, {beta_1})")
        if self.metrics.empty:
            raise UserError(f"{self.path} holds no point yet.")
        at = np.log(self.metrics[["beta_2", "beta_1"]].to_numpy(float))
        distance = ((at - np.log([beta_2, beta_1])) ** 2).sum(axis=1)
        return self.metrics.iloc[int(distance.argmin())]

    def load(self, beta_2: float, beta_1: float, device: str = "cpu", *, exact: bool = False) -> HVAE:
        """Return the model of the point nearest to (β₂, β₁) in log β, a plain HVAE in eval mode.

        Warns if the nearest point is another one. exact: raise UserError instead, with the nearest point in
        its text. Two β are the same if they agree to six digits, as in the names of checkpoints.
        Raises UserError if the checkpoint is missing or damaged.
        """
        row = self.nearest(beta_2, beta_1)
        nearest = Point(row["beta_2"], row["beta_1"])
        if nearest.name != Point(beta_2, beta_1).name:
            sentence = (
                f"{self.path} has no point at β₂ = {beta_2:g}, β₁ = {beta_1:g}; "
                f"the nearest is at β₂ = {nearest.beta_2:g}, β₁ = {nearest.beta_1:g}"
            )
            if exact:
                raise UserError(f"{sentence}: ask for that one, or open the atlas that has this point.")
            warnings.warn(f"{sentence}, and is loaded.", stacklevel=2)
        return self.load_checkpoint(row["checkpoint"], device)

    def load_checkpoint(self, name: str, device: str = "cpu") -> HVAE:
        """Return the model in the file `name` of this atlas (a value of the column `checkpoint`).

        Raises UserError if the file is missing or damaged, does not agree with atlas.json or the table, or
        has weights that are not finite.
        """
        from hvae.atlas.checkpoint import model_in

        if name in self.manifest.failures:
            raise UserError(f"{name} in {self.path}: {self.manifest.failures[name]}.")
        data, called = self.read(name), f"{name} in {self.path}"
        for row in self.metrics.loc[self.metrics["checkpoint"] == name, list(IDENTIFYING)].to_dict("records"):
            if other := other_point(metadata_in(io.BytesIO(data), called), row, self.manifest):
                raise UserError(f"{called} {other}.")
        return model_in(data, called, self.manifest.config).to(device)

    def load_parent(self, device: str = "cpu") -> Parent:
        """Return the multi-rate parent.

        `load_parent().fold([beta_1, beta_2])` is a plain HVAE at any (β₂, β₁).
        Raises UserError if the atlas has none, or its file is damaged.
        """
        from hvae.atlas.checkpoint import parent_in

        if PARENT not in self.manifest.files:
            raise UserError(f"{self.path} has no parent: its points were trained from scratch.")
        data, called = self.read(PARENT), f"{PARENT} in {self.path}"
        if other := other_parent(metadata_in(io.BytesIO(data), called), called, self.manifest):
            raise UserError(f"{called} {other}.")
        return parent_in(data, called, self.manifest.config).to(device)

    def load_judge(self, device: str = "cpu", name: str = CLASSIFIER) -> Classifier:
        """Return the classifier that judged the samples.

        name: CLASSIFIER, the judge as in the source, or CALIBRATED.

        Raises UserError if there is none for these pictures.
        """
        from hvae.metrics.classifier import load_classifier

        file = self.checked_file(name)
        if other := other_judge(self.metadata(name).get("classifier"), self.manifest):
            remedy = "delete it, and python -m precompute evaluate makes another"
            raise UserError(f"{name} in {self.path} {other}: {remedy}.")
        judge = load_classifier(file, device)
        if not all(weight.isfinite().all() for weight in judge.state_dict().values()):
            raise UserError(f"{name} in {self.path} has weights that are not finite numbers.")
        return judge

    def metadata(self, name: str) -> dict:
        """Return a checkpoint's metadata, without a check of its checksum. Raises UserError."""
        with opened(self.path, name) as file:
            return metadata_in(file, f"{name} in {self.path}")

    def read(self, name: str) -> bytes:
        """Return the bytes of a file listed in atlas.json, its checksum verified. Raises UserError."""
        return read_checked(self.path, self.manifest.files, name)

    def checked_file(self, name: str) -> Path:
        """Return the path of a file listed in atlas.json, its checksum verified. Raises UserError."""
        return checked_file(self.path, self.manifest.files, name)

    def examples(self) -> Examples:
        """Return the test images that ship with the atlas. Raises UserError if they are damaged."""
        return read_examples(self.path, self.manifest)


def shipped_names() -> list[str]:
    """Return the names of the atlases that ship with this package, MNIST first."""
    names = [manifest.parent.name for manifest in SHIPPED.glob(f"*/{MANIFEST}")]
    return sorted(names, key=lambda name: (name != DEFAULT_NAME, name))
