"""The scatter between runs: which points are trained again, how they are measured, how runs are pooled."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from statistics import mean, variance

import numpy as np
import pandas as pd
import pytest
from command_line import ROOT, called
from small_runs import shrink_models

from hvae import Atlas
from hvae.atlas.checkpoint import load_model
from hvae.datasets import load
from hvae.errors import UserError
from hvae.files import sha256
from hvae.metrics.measurements.generation import GENERATION
from hvae.metrics.measurements.reconstruction import RECONSTRUCTION
from hvae.metrics.registry import EvaluationData, metric_columns
from hvae.numerics import denormals_flushed
from precompute.planning.repeated import points_to_repeat
from precompute.repeat import pooled


@pytest.fixture(scope="module")
def repeated(digits_atlas, tmp_path_factory) -> Path:
    """A folder with a copy of `digits_atlas`, `atlas`, with the scatter of two more runs, in `runs`."""
    place = tmp_path_factory.mktemp("repeated")
    with pytest.MonkeyPatch.context() as patch:
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
    before, after = (
        json.loads((one / "atlas.json").read_text()) for one in (digits_atlas, repeated / "atlas")
    )
    assert after.pop("scatter") and after == before
    assert all(sha256(repeated / "atlas" / name) == digest for name, digest in before["files"].items())


def test_a_folder_without_an_atlas_is_refused(tmp_path):
    result = called("repeat", tmp_path / "nothing")
    assert result.returncode == 2 and "There is no folder" in result.stderr


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # △ and ○ as on the page, ◇ on draws, the standard VAE, and four corners; each once.
        ("fashion-mnist", 8),
        ("mnist", 6),
    ],
)
def test_the_points_are_the_optima_the_standard_vae_and_the_corners(name, expected):
    atlas = Atlas.open(ROOT / "hvae" / "atlases" / name)
    table, betas = atlas.metrics, atlas.manifest.betas.beta_2
    wanted = {
        tuple(table.loc[table[column].idxmax(), ["beta_2", "beta_1"]])
        for column in ("psnr", "acc_rbf_svm_z2_draw", "inception_score")
    }
    near_one = betas[int(np.abs(np.log(betas)).argmin())]
    wanted |= {(near_one, near_one)}
    wanted |= {(high, low) for high in (betas[0], betas[-1]) for low in (betas[0], betas[-1])}
    points = points_to_repeat(atlas)
    assert set(points) == wanted and len(points) == len(wanted) == expected


def test_runs_that_are_alike_do_not_scatter_and_points_without_a_number_do_not_count():
    names = ["models/a.safetensors", "models/b.safetensors"]
    run = pd.DataFrame({"psnr": [20.0, 30.0], "rate_z2": [1.0, np.nan]}, names)
    same = pooled([run, run, run])
    assert (same.runs, same.points, same.deviations) == (3, names, {"psnr": 0, "rate_z2": 0})
    other = pd.DataFrame({"psnr": [np.nan, 32.0], "rate_z2": [1.5, np.nan]}, names)
    scatter = pooled([run, other])
    assert scatter.deviations == pytest.approx({"psnr": 2**0.5, "rate_z2": 0.125**0.5}, rel=1e-5)
    other["rate_z2"] = np.nan
    assert pooled([run, other]).points == names[1:]
    with pytest.raises(UserError, match="diverged"):
        pooled([run, other.assign(psnr=np.nan)])
