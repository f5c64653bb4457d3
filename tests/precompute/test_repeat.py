"""The scatter between runs: which points are trained again, how they are measured, and how runs are pooled."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from statistics import mean, variance

import numpy as np
import pandas as pd
import pytest
from command_line import called
from rich.console import Console
from small_runs import weights

from hvae import Atlas
from hvae.atlas.checkpoint import load_model
from hvae.datasets import load
from hvae.errors import UserError
from hvae.files import sha256
from hvae.metrics.measurements.generation import GENERATION
from hvae.metrics.measurements.reconstruction import RECONSTRUCTION
from hvae.metrics.registry import EvaluationData, metric_columns
from hvae.numerics import denormals_flushed
from precompute.repeat import pooled, repeat_atlas


@pytest.fixture
def own(digits_atlas, tmp_path, small_models) -> Path:
    """A 2×2 atlas of digits that the test may change."""
    return shutil.copytree(digits_atlas, tmp_path / "digits")


@pytest.fixture(scope="session")
def repeated(digits_atlas, common_folder, tmp_path_factory) -> Path:
    """A folder with a copy of that atlas, `atlas`, with the scatter of two more runs, in `runs`."""
    from conftest import made_once, shrink_models

    place = common_folder / "repeated"
    with made_once(place) as missing, pytest.MonkeyPatch.context() as patch:
        if missing:
            shrink_models(patch)
            shutil.copytree(digits_atlas, place / "atlas")
            result = called("repeat", place / "atlas", "--output", place / "runs", "--jobs", "1")
            assert result.returncode == 0, result.stderr
    return place


def test_deviations_are_those_of_a_plain_loop_with_the_atlas_own_judge_images_and_noise(
    repeated, small_models
):
    atlas = Atlas.open(repeated / "atlas")
    scatter, table = atlas.manifest.scatter, atlas.metrics.set_index("checkpoint")
    # On a grid of four points, the corners are all.
    assert scatter.runs == 3 and scatter.points == list(atlas.metrics["checkpoint"])
    data = EvaluationData(load("digits", "train"), load("digits", "test"), 0, atlas.load_judge())
    variances: dict[str, list[float]] = {}
    with denormals_flushed():
        for name in scatter.points:
            files = [repeated / "runs" / f"seed-{seed}" / name for seed in (1, 2)]
            models = [load_model(file) for file in files]
            for measurement in (RECONSTRUCTION, GENERATION):
                again = [measurement.measure(model, data) for model in models]
                for column in measurement.names:
                    values = [table.loc[name, column], *(found[column] for found in again)]
                    variances.setdefault(column, []).append(variance(values))
    for column, found in variances.items():
        assert scatter.deviations[column] == pytest.approx(mean(found) ** 0.5, rel=1e-4), column
    assert all(scatter.deviations[column] > 0 for column in variances)
    assert set(scatter.deviations) == {
        column for column in metric_columns() if np.isfinite(atlas.metrics[column]).any()
    }


def test_nothing_else_of_the_atlas_changes_and_verify_is_content(repeated, digits_atlas):
    result = called("verify", repeated / "atlas")
    assert (result.returncode, result.stderr) == (0, "")
    before, after = (json.loads((one / "atlas.json").read_text()) for one in (digits_atlas, repeated / "atlas"))
    assert after.pop("scatter") and after == before
    assert all(sha256(repeated / "atlas" / name) == digest for name, digest in before["files"].items())
