"""The scatter between runs: which points are trained again, how they are measured, how runs are pooled."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import mean, variance

import numpy as np
import pandas as pd
import pytest
from command_line import ROOT, called
from small_runs import shrink_models, weights

from hvae import Atlas
from hvae.atlas.checkpoint import load_model
from hvae.atlas.verify import problems
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


def test_killed_after_its_first_point_it_goes_on_and_ends_as_if_undisturbed(unlabelled, tmp_path):
    killed, undisturbed = (shutil.copytree(unlabelled.atlas, tmp_path / name) for name in ("one", "other"))
    run, options = tmp_path / "runs" / "seed-5", ["--jobs", "1", "--seeds", "5"]
    command = [sys.executable, "-m", "precompute", "repeat", killed, "--output", run.parent, *options]
    process = subprocess.Popen([str(word) for word in command], cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(run.glob("models/*.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = {name: (run / name).stat().st_mtime_ns for name in listed(run)}
    assert "parent.safetensors" in kept
    assert "scatter" not in json.loads((killed / "atlas.json").read_text())
    for atlas, output in ((killed, run.parent), (undisturbed, tmp_path / "anew")):
        result = called("repeat", atlas, "--output", output, *options)
        assert result.returncode == 0, result.stderr
    assert {name: (run / name).stat().st_mtime_ns for name in kept} == kept
    assert weights(run) == weights(tmp_path / "anew" / "seed-5")
    assert (killed / "atlas.json").read_text() == (undisturbed / "atlas.json").read_text()
    assert Atlas.open(killed).manifest.scatter.runs == 2 and problems(killed) == []


def listed(folder: Path) -> list[str]:
    """The files of weights that an atlas.json lists."""
    files = json.loads((folder / "atlas.json").read_text())["files"]
    return [name for name in files if name.endswith(".safetensors")]


def edit(folder: Path, **fields: object) -> None:
    content = json.loads((folder / "atlas.json").read_text())
    (folder / "atlas.json").write_text(json.dumps({**content, **fields}))


@pytest.mark.parametrize(
    ("options", "change", "said"),
    [
        (["--seeds", "0,1"], {}, "itself was trained with seed 0"),
        (["--seeds", "1,1"], {}, "has a seed twice"),
        (["--seeds", "one"], {}, "are no seeds"),
        (["--seeds", ""], {}, "are no seeds"),
        (["--output", "ATLAS/runs"], {}, "lies inside the atlas"),
        ([], {"data": {"train": "0" * 64, "test": "0" * 64}}, "was made with another data than"),
        ([], {"made_with": {"elsewhere": "Atlas.create"}}, "was not trained by precompute run"),
        ([], {"betas": {"beta_2": [0.1, 10.0], "beta_1": [0.1, 1.0, 10.0]}}, "was not trained by"),
        ([], {"betas": {"beta_2": [0.1, 1.0, 10.0], "beta_1": [0.1, 1.0, 10.0]}}, "is not finished"),
        ([], {"evaluation": {}}, "lacks metrics: python -m precompute evaluate"),
    ],
)
def test_what_cannot_be_repeated_is_said_in_a_sentence_before_anything_is_trained(
    digits_atlas, tmp_path, small_models, options, change, said
):
    atlas = shutil.copytree(digits_atlas, tmp_path / "atlas")
    edit(atlas, **change)
    before = (atlas / "atlas.json").read_bytes()
    words = [word.replace("ATLAS", str(atlas)) for word in options]
    words = words if "--output" in words else [*words, "--output", str(tmp_path / "runs")]
    result = called("repeat", atlas, *words)
    assert result.returncode == 2 and said in result.stderr and result.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists() and not (atlas / "runs").exists()
    assert (atlas / "atlas.json").read_bytes() == before


def test_a_folder_without_an_atlas_is_refused(tmp_path):
    result = called("repeat", tmp_path / "nothing")
    assert result.returncode == 2 and "There is no folder" in result.stderr


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # △ ◇ ○ as on the page, the standard VAE, and four corners; each once.
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
