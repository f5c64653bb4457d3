"""Make an atlas with many points from a small one, to time the page: real models, made-up places.

Every point of an N × N grid gets the file of the nearest point of the given atlas, and metrics interpolated
over log β. Use it for speed only.
"""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.interpolate import RegularGridInterpolator

from hvae.atlas.atlas import CALIBRATED, CLASSIFIER, EXAMPLES, MANIFEST, METRICS, PARENT, Atlas
from hvae.atlas.metadata import KEY
from hvae.files import sha256, write_json, write_whole


def stand_in(atlas: Atlas, n: int, folder: Path) -> Path:
    """Write an n × n stand-in of a complete square atlas into `folder`, and return it."""
    (folder / "models").mkdir(parents=True)
    table = atlas.metrics.sort_values(["beta_2", "beta_1"])
    sides = [np.log(np.unique(table[column])) for column in ("beta_2", "beta_1")]
    numbers = table.columns.drop(["checkpoint", "beta_2", "beta_1"])
    grid = table[numbers].to_numpy(float).reshape(len(sides[0]), len(sides[1]), -1)
    betas = [np.linspace(side[0], side[-1], n) for side in sides]
    places = np.stack(np.meshgrid(*betas, indexing="ij"), -1).reshape(-1, 2)
    rows = pd.DataFrame(RegularGridInterpolator(sides, grid)(places), columns=numbers)
    rows[["beta_2", "beta_1"]] = np.exp(places)
    rows["checkpoint"] = [f"models/point-{index:04}.safetensors" for index in range(len(rows))]
    for (beta_2, beta_1), name in zip(np.exp(places), rows["checkpoint"], strict=True):
        nearest = atlas.read(atlas.nearest(beta_2, beta_1)["checkpoint"])
        (folder / name).write_bytes(moved(nearest, beta_2, beta_1))
    others = [name for name in (EXAMPLES, CLASSIFIER, CALIBRATED, PARENT) if name in atlas.manifest.files]
    for name in others:
        shutil.copy(atlas.checked_file(name), folder / name)
    # Interpolated errors belong to no number of images, and interpolated products to no factors.
    rows["inception_score"] = rows["diversity"] * rows["sharpness"]
    metrics = rows[[column for column in table.columns if not column.endswith("_se")]]
    write_whole(folder / METRICS, lambda aside: metrics.to_parquet(aside, index=False))
    names = [METRICS, *others, *rows["checkpoint"]]
    axes = dict(zip(("beta_2", "beta_1"), (np.exp(side).tolist() for side in betas), strict=True))
    files = {name: sha256(folder / name) for name in names}
    manifest = atlas.manifest.model_dump() | {"betas": axes, "files": files}
    write_json(folder / MANIFEST, manifest)
    return folder


def moved(checkpoint: bytes, beta_2: float, beta_1: float) -> bytes:
    """Return the bytes of a checkpoint whose metadata hold (β₂, β₁), but not how it was trained."""
    (length,) = struct.unpack("<Q", checkpoint[:8])
    header = json.loads(checkpoint[8 : 8 + length])
    about = json.loads(header["__metadata__"][KEY])
    said = {"config": about["config"], "betas": {"beta_2": beta_2, "beta_1": beta_1}}
    header["__metadata__"][KEY] = json.dumps(said)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + checkpoint[8 + length :]
