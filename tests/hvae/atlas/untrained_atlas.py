"""An atlas of untrained models with made-up numbers, to be opened or damaged."""

import json

import numpy as np
import torch

from hvae import HVAE, HVAEConfig
from hvae.atlas.checkpoint import save_model
from hvae.datasets import Images
from hvae.files import sha256, write_json
from hvae.metrics.registry import EvaluationData
from precompute.atlas_folder.folder import metrics_frame
from precompute.atlas_folder.new_manifest import new_manifest
from precompute.planning.plan import Plan

BETAS = [0.1, 1.0, 10.0]
CONFIG = HVAEConfig(width=4, top_dim=3, channels=1)


def few_images():
    """Black pictures of two classes, enough of them for every metric."""
    images = Images(torch.zeros((40, 1, 32, 32), dtype=torch.uint8), torch.arange(40) % 2, ("zero", "one"))
    return EvaluationData(images, images, 0)


def untrained_atlas(path):
    """Write a 3 × 3 atlas of untrained models into `path`, and return it."""
    (path / "models").mkdir(parents=True)
    plan = Plan("digits", BETAS)
    manifest = new_manifest(plan, CONFIG, few_images(), torch.device("cpu"))
    rows = {}
    for number, point in enumerate(plan.points):
        torch.manual_seed(number)
        name = point.checkpoint
        save_model(HVAE(CONFIG), path / name)
        rates = {"rate_z2": number, "rate_z1": 2.0 * number, "rate_total": 3.0 * number}
        measured = {**rates, "distortion": 600.0, "neg_elbo": 600.0 + 3 * number, "psnr": 20.0}
        rows[name] = {"beta_2": point.beta_2, "beta_1": point.beta_1, **measured, "checkpoint": name}
    metrics_frame(manifest.betas, rows).to_parquet(path / "metrics.parquet", index=False)
    np.savez(path / "examples.npz", images=np.zeros((2, 1, 32, 32), np.uint8), labels=np.arange(2))
    write_json(path / "atlas.json", manifest.model_dump())
    relist(path)
    return path


def relist(path):
    """Bring the checksums in atlas.json up to date, as someone who forges an atlas would."""
    content = json.loads((path / "atlas.json").read_text())
    names = ["metrics.parquet", "examples.npz", *(f"models/{file.name}" for file in path.glob("models/*"))]
    content["files"] = {name: sha256(path / name) for name in names if (path / name).is_file()}
    write_json(path / "atlas.json", content)
