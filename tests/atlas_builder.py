"""Small atlases for tests: random weights, made-up rates, in the real layout."""

from __future__ import annotations

import json
import math
import shutil
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from hvae.atlas.atlas import EXAMPLES, MANIFEST, METRICS, PARENT, table_columns
from hvae.atlas.checkpoint import save_model, save_parent
from hvae.atlas.metadata import KEY, SHA256
from hvae.config import HVAEConfig
from hvae.files import sha256, write_json, write_whole
from hvae.model import HVAE
from hvae.parent import Parent

TINY = HVAEConfig(image_shape=(1, 32, 32), top_dim=8, channels=2, width=8)


def build_atlas(
    folder: Path,
    betas: tuple[float, ...] = (0.1, 1.0, 10.0),
    config: HVAEConfig = TINY,
    metrics: dict[str, list[float]] | None = None,
    classes: Sequence[str] = tuple("0123456789"),
    examples: int = 12,
) -> Path:
    """Write an atlas with one random-weight HVAE for each pair of `betas`; returns `folder`.

    metrics: columns to overwrite, one value per point, β₂ changing slowest. Rates follow a total that is
    given, and sums follow their parts. classes: of the test images, of which there are `examples`.
    """
    (folder / "models").mkdir(parents=True)
    places = [(beta_2, beta_1) for beta_2 in betas for beta_1 in betas]
    names = [f"models/b2-{beta_2:g}_b1-{beta_1:g}.safetensors" for beta_2, beta_1 in places]
    points = zip(places, names, strict=True)
    table = pd.DataFrame([_point(*place, name, config) for place, name in points])[list(table_columns())]
    table = _with_metrics(table, metrics or {})
    for number, row in enumerate(table.to_dict("records"), start=1):
        halves = [0.5**index for index in range(1, config.top_dim + 1)]
        rate = row["rate_z2"] if math.isfinite(row["rate_z2"]) else 0.0
        described = {
            "betas": {"beta_2": row["beta_2"], "beta_1": row["beta_1"]},
            "dimension_rates_z2": [rate * half / sum(halves) for half in halves] if rate else [],
        }
        save_model(_random_model(config, seed=number), folder / row["checkpoint"], described)
    write_whole(folder / METRICS, lambda aside: table.to_parquet(aside))
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (examples, *config.image_shape), dtype=np.uint8)
    write_whole(folder / EXAMPLES, lambda aside: _save_examples(aside, images, len(classes)))
    files = [folder / METRICS, folder / EXAMPLES, *sorted((folder / "models").iterdir())]
    write_json(
        folder / MANIFEST,
        {
            "schema_version": 1,
            "dataset": "digits",
            "classes": list(classes),
            "model": config.to_dict(),
            "betas": {"beta_2": list(betas), "beta_1": list(betas)},
            "recipe": {},
            "seed": 0,
            "files": {file.relative_to(folder).as_posix(): sha256(file) for file in files},
        },
    )
    return folder


def add_parent(folder: Path, beta_range: tuple[float, float] = (0.1, 10.0)) -> Path:
    """Give an atlas a parent of random weights, whose folds differ visibly; returns `folder`."""
    manifest = json.loads((folder / MANIFEST).read_text())
    parent = Parent(HVAEConfig(**manifest["model"]), beta_range)
    parent.hvae.load_state_dict(
        {
            name.replace(".weight", ".inner.weight").replace(".bias", ".inner.bias"): value
            for name, value in _random_model(parent.config, seed=99).state_dict().items()
        }
    )
    generator = torch.Generator().manual_seed(99)
    with torch.no_grad():
        parent.gates.weight.copy_(0.6 * torch.randn(parent.gates.weight.shape, generator=generator))
    save_parent(parent, folder / PARENT)
    manifest["files"][PARENT] = sha256(folder / PARENT)
    write_json(folder / MANIFEST, manifest)
    return folder


def as_made_from(folder: Path, **fields: object) -> Path:
    """Change fields of atlas.json, and what its files say they were made from; returns `folder`."""
    manifest = json.loads((folder / MANIFEST).read_text()) | fields
    for name in manifest["files"]:
        if name.endswith(".safetensors"):
            edit_header(folder / name, lambda about: _update_known(about, fields))
            manifest["files"][name] = sha256(folder / name)
    write_json(folder / MANIFEST, manifest)
    return folder


def _update_known(about: dict, fields: dict) -> None:
    for part in (about, about.get("made_from", {})):
        part.update({name: value for name, value in fields.items() if name in part})


def edit_header(file: Path, change: Callable[[dict], object]) -> None:
    """Change what a file of weights says about itself, in place; its own checksum is left out."""
    data = file.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    about = json.loads(header["__metadata__"][KEY])
    about.pop(SHA256, None)
    change(about)
    header["__metadata__"][KEY] = json.dumps(about)
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


def part_of(atlas: Path, to: Path, *kept: str) -> Path:
    """An atlas of which some files alone are there, as after a kill or a loss; returns `to`."""
    manifest = json.loads((atlas / MANIFEST).read_text())
    manifest["files"] = {name: manifest["files"][name] for name in kept}
    to.mkdir(parents=True)
    for name in kept:
        shutil.copyfile(atlas / name, to / name)
    write_json(to / MANIFEST, manifest)
    return to


def flip_one_byte(file: Path) -> None:
    """Flip a byte in the middle of `file`."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(bytes(data))


def _with_metrics(table: pd.DataFrame, metrics: dict[str, list[float]]) -> pd.DataFrame:
    """The table with columns overwritten, and with sums that are those of their parts."""
    table = table.assign(**metrics)
    if "rate_total" in metrics and not {"rate_z2", "rate_z1"} & metrics.keys():
        scale = table["rate_total"] / (table["rate_z2"] + table["rate_z1"])
        table = table.assign(rate_z2=table["rate_z2"] * scale, rate_z1=table["rate_z1"] * scale)
    total = table["rate_z2"] + table["rate_z1"]
    return table.assign(rate_total=total, neg_elbo=table["distortion"] + total)


def _point(beta_2: float, beta_1: float, checkpoint: str, config: HVAEConfig) -> dict:
    rate_z2 = 30 * math.sqrt(beta_1) / (math.sqrt(beta_1) + beta_2) + 1
    rate_z1 = 60 / (1 + 2 * beta_1) * (0.5 + 0.5 * beta_2 / (beta_2 + beta_1))
    total = rate_z2 + rate_z1
    distortion = 900 * config.image_shape[0] - total
    return {
        **dict.fromkeys(table_columns(), math.nan),
        "beta_2": beta_2,
        "beta_1": beta_1,
        "rate_z2": rate_z2,
        "rate_z1": rate_z1,
        "rate_total": total,
        "distortion": distortion,
        "neg_elbo": distortion + total,
        "psnr": 12 + math.log1p(total),
        "checkpoint": checkpoint,
    }


def _random_model(config: HVAEConfig, seed: int) -> HVAE:
    """A model whose pictures depend visibly on its latents and on `seed`."""
    generator = torch.Generator().manual_seed(seed)
    model = HVAE(config)
    with torch.no_grad():
        for parameter in model.parameters():
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 100
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 1.7 / math.sqrt(fan_in))
    return model.eval()


def _save_examples(path: Path, images: np.ndarray, classes: int) -> None:
    with open(path, "wb") as file:
        np.savez(file, images=images, labels=np.arange(len(images), dtype=np.int64) % max(1, classes))
