import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from command_line import ROOT, SMALL, called, precompute
from hypothesis import given
from hypothesis import strategies as st

from hvae import Atlas, UserError
from hvae.atlas.atlas import table_columns
from hvae.atlas.verify import problems
from hvae.datasets import load
from hvae.files import sha256
from precompute.planning.grid import grid, parse_betas

pytestmark = pytest.mark.usefixtures("quick_measuring")


def test_a_run_logs_a_line_per_point_and_leaves_a_sound_atlas(digits_atlas):
    assert problems(digits_atlas) == []
    metrics = Atlas.open(digits_atlas).metrics
    assert list(metrics.columns[: len(table_columns())]) == list(table_columns())
    assert len(metrics) == 4
    assert called("verify", digits_atlas).returncode == 0
    assert "4 of 4 points trained, 4 with every metric" in called("status", digits_atlas).stdout


def test_the_metrics_are_those_of_the_stored_models(digits_atlas):
    atlas = Atlas.open(digits_atlas)
    test = load("digits", "test")
    x = test.batch(torch.arange(len(test)))
    for row in atlas.metrics.to_dict("records"):
        model = atlas.load(row["beta_2"], row["beta_1"])
        rates, distortion = model.rates(x, seed=0).mean(0), model.distortion(x, seed=0).mean()
        assert row["rate_z1"] == pytest.approx(rates[0].item(), rel=1e-4)
        assert row["rate_z2"] == pytest.approx(rates[1].item(), rel=1e-4)
        assert row["distortion"] == pytest.approx(distortion.item(), rel=1e-5)
        assert row["rate_total"] == pytest.approx(row["rate_z1"] + row["rate_z2"])
        assert row["neg_elbo"] == pytest.approx(row["distortion"] + row["rate_total"])
        mse = (model.reconstruct(x) - x).double().square().mean().item()
        assert row["psnr"] == pytest.approx(-10 * np.log10(mse), rel=1e-5)


def test_whatever_a_kill_left_out_of_step_is_made_again(digits_atlas, tmp_path, small_models):
    out = copy(digits_atlas, tmp_path / "atlas")
    expected = sha256(out / "metrics.parquet")
    # As after something else meddled with the table, a kill while writing, and a lost checkpoint.
    pd.read_parquet(out / "metrics.parquet").iloc[:1].to_parquet(out / "metrics.parquet", index=False)
    (out / "models" / ".beta.safetensors.half.tmp").write_bytes(b"half")
    next(out.glob("models/*.safetensors")).unlink()
    assert called("run", out, *SMALL).returncode == 0
    assert sha256(out / "metrics.parquet") == expected
    assert problems(out) == []


def test_ctrl_c_leaves_a_usable_partial_atlas_and_says_how_to_go_on(unlabelled, tmp_path):
    out = tmp_path / "atlas"
    command = [sys.executable, "-m", "precompute", "run", str(out), *unlabelled.options]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    # When it lists two points, its table holds one at least.
    while points_listed(out) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command continues" in stderr
    assert "Traceback" not in stderr
    assert 1 <= len(Atlas.open(out).metrics) < 4
    assert problems(out) == []
    assert "left to train: about" in called("status", out).stdout


def points_listed(out: Path) -> int:
    """How many points the atlas.json of an atlas that is being written lists."""
    manifest = out / "atlas.json"
    return manifest.read_text().count('"models/') if manifest.exists() else 0


def copy(atlas: Path, to: Path) -> Path:
    for path in atlas.rglob("*"):
        if path.is_file():
            (to / path.relative_to(atlas)).parent.mkdir(parents=True, exist_ok=True)
            (to / path.relative_to(atlas)).write_bytes(path.read_bytes())
    return to


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_damaged_checkpoint_is_trained_again_not_signed(digits_atlas, tmp_path, small_models):
    out = copy(digits_atlas, tmp_path / "atlas")
    victim = sorted(out.glob("models/*"))[1]
    flip_a_byte(victim)
    assert called("run", out, *SMALL).returncode == 0
    assert sha256(victim) == sha256(digits_atlas / "models" / victim.name)
    assert problems(out) == []


@pytest.mark.parametrize("pattern", ["models/*.safetensors", "metrics.parquet", "examples.npz"])
def test_verify_names_the_file_in_which_one_byte_was_flipped(digits_atlas, tmp_path, pattern):
    out = copy(digits_atlas, tmp_path / "atlas")
    victim = sorted(out.glob(pattern))[0]
    flip_a_byte(victim)
    found = problems(out)
    assert len(found) == 1
    assert victim.name in found[0]


def test_verify_exits_with_1_and_says_what_is_missing(digits_atlas, tmp_path):
    out = copy(digits_atlas, tmp_path / "atlas")
    (out / "examples.npz").unlink()
    result = called("verify", out)
    assert result.returncode == 1
    assert "examples.npz" in result.stderr


MISTAKES = {
    "a data set that does not exist": (["run", "{out}", "--dataset", "mnits"], "mnist"),
    "a β range without a count": (["run", "{out}", "--dataset", "digits", "--betas", "0.1:10"], "LO:HI:N"),
    "a negative β": (["run", "{out}", "--dataset", "digits", "--betas", "-1:10:3"], "LO:HI:N"),
    "an infinite β": (["run", "{out}", "--dataset", "digits", "--betas", "1:inf:3"], "LO:HI:N"),
    "a device that is not there": (
        ["run", "{out}", "--dataset", "digits", "--device", "cuda:99"],
        "--device",
    ),
    "a device of no kind": (["run", "{out}", "--dataset", "digits", "--device", "abacus"], "--device"),
    "a data folder without data": (["run", "{out}", "--dataset", "folder:{out}"], "{out}"),
    "an OUT that is a file": (["run", "{file}", *SMALL], "{file}"),
    "an OUT inside a file": (["run", "{file}/atlas", *SMALL], "{file}"),
    "an OUT with other things in it": (["run", "{full}", *SMALL], "{full}"),
    "a plan for a data set that does not exist": (["plan", "{out}", "--dataset", "mnits"], "mnist"),
    "a plan for a folder with other things in it": (["plan", "{full}", *SMALL], "{full}"),
    "status of nothing": (["status", "{out}"], "{out}"),
    "verify of nothing": (["verify", "{out}"], "{out}"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_with_one_line_and_no_traceback(mistake, tmp_path):
    places = {"out": tmp_path / "out", "file": tmp_path / "file", "full": tmp_path / "full"}
    places["file"].write_text("not a folder")
    places["full"].mkdir()
    (places["full"] / "thesis.tex").write_text("precious")
    arguments, named = MISTAKES[mistake]
    result = called(*[argument.format(**places) for argument in arguments])
    assert result.returncode != 0
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert named.format(**places) in result.stderr
    assert [path.name for path in places["full"].iterdir()] == ["thesis.tex"]
    assert (places["full"] / "thesis.tex").read_text() == "precious"


def test_a_mistake_ends_the_process_with_one_line(tmp_path):
    result = precompute("run", tmp_path / "atlas", "--dataset", "mnits")
    assert result.returncode == 2
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert result.stderr.startswith("Error: ")


def test_an_atlas_of_another_plan_is_not_overwritten(digits_atlas, small_models):
    before = (digits_atlas / "atlas.json").read_bytes()
    result = called("run", digits_atlas, *SMALL[:-1], "7")
    assert result.returncode == 2
    assert "epochs" in result.stderr
    assert (digits_atlas / "atlas.json").read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o500)
    result = called("run", tmp_path / "atlas", *SMALL)
    assert result.returncode == 1
    assert str(tmp_path / "atlas") in result.stderr


@given(st.floats(0.001, 1), st.floats(1.5, 100), st.integers(2, 30))
def test_betas_are_log_spaced_from_lo_to_hi(low, ratio, n):
    values = parse_betas(f"{low!r}:{low * ratio!r}:{n}")
    assert len(values) == n
    assert values[0] == pytest.approx(low, rel=1e-5)
    assert values[-1] == pytest.approx(low * ratio, rel=1e-5)
    steps = np.diff(np.log(values))
    assert steps == pytest.approx([np.log(ratio) / (n - 1)] * (n - 1), rel=1e-2)


def test_the_default_range_contains_the_standard_vae_exactly():
    values = parse_betas("0.1:10:13")
    assert 1.0 in values
    assert len({point.name for point in grid(values)}) == 169


@pytest.mark.parametrize(
    "text", ["", "1", "0.1:10:0", "0.1:10:1", "10:0.1:3", "a:b:c", "nan:1:3", "0.1:10:100"]
)
def test_a_range_that_is_none_is_refused(text):
    with pytest.raises(UserError, match="LO:HI:N"):
        parse_betas(text)


def test_a_checkpoint_is_usable_alone(digits_atlas):
    from hvae.atlas.checkpoint import load_model
    from hvae.atlas.metadata import read_metadata

    path = next(digits_atlas.glob("models/*.safetensors"))
    assert load_model(path).sample(1).shape == (1, 1, 32, 32)
    metadata = read_metadata(path)
    manifest = json.loads((digits_atlas / "atlas.json").read_text())
    assert metadata["config"] == manifest["model"]
    rates = metadata["dimension_rates_z2"]
    row = Atlas.open(digits_atlas).metrics.set_index("checkpoint").loc[f"models/{path.name}"]
    assert sum(rates) == pytest.approx(row["rate_z2"], rel=1e-4)
