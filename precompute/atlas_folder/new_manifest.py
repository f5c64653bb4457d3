"""The first atlas.json of a plan: what the atlas will be, and what it is made with."""

from __future__ import annotations

import dataclasses
import os
import platform
import shlex
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import torch

from hvae import __version__
from hvae.atlas.atlas import Betas, Manifest
from hvae.atlas.manifest import MAX_TEXT, Pictures
from hvae.config import HVAEConfig
from hvae.metrics.limits import limits, undefined
from hvae.metrics.measurements.reconstruction import RECONSTRUCTION
from hvae.metrics.registry import EvaluationData
from precompute.planning.plan import Plan

NUMBERS_COME_FROM = ("torchvision", "scikit-learn", "numpy", "pandas")
MOST_THREADS = 1024


def new_manifest(plan: Plan, config: HVAEConfig, data: EvaluationData, device: torch.device) -> Manifest:
    """Return the first atlas.json of a plan."""
    return Manifest(
        schema_version=1,
        dataset=plan.dataset,
        classes=list(data.test.classes),
        model=config.to_dict(),
        betas=Betas(beta_2=plan.betas, beta_1=plan.betas),
        recipe=dataclasses.asdict(plan.recipe),
        parent_recipe=dataclasses.asdict(plan.parent_recipe) if plan.parent_recipe else {},
        seed=plan.seed,
        made_with={
            "command": command_line()[:MAX_TEXT],
            "device": device_name(device),
            "python": platform.python_version(),
            "torch": torch.__version__,
            **{package: version(package) for package in NUMBERS_COME_FROM},
            "hvae-explorer": __version__,
        },
        evaluation={RECONSTRUCTION.name: RECONSTRUCTION.fingerprint()},
        data=data.digests,
        weights=plan.weights,
        files={},
        pictures=Pictures.of(data.train.contents),
        undefined=undefined(limits(data.train, data.test)),
    )


def command_line() -> str:
    """Return the command line, without bytes that are no text."""
    typed = shlex.join(["python", "-m", "precompute", *sys.argv[1:]])
    return os.fsencode(typed).decode("utf-8", "replace")


def recorded_threads(manifest: Manifest) -> int | None:
    """Return the number of CPU threads for an atlas's parent and classifier; None if it is not chosen yet."""
    recorded = manifest.made_with.get("threads")
    return recorded if isinstance(recorded, int) and 1 <= recorded <= MOST_THREADS else None


def device_name(device: torch.device) -> str:
    """Return the name of the device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({processor()}, {torch.get_num_threads()} threads)"


def processor() -> str:
    """Return the processor's name if the platform knows it, else its architecture."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, name = line.partition(":")
            if key.strip() == "model name":
                return name.strip()
    return platform.processor() or platform.machine()
