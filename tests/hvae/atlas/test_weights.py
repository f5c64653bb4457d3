"""Points whose weights are stored as float16, and metrics that are those of the stored weights."""

import json
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from small_runs import CONFIG, PLAN, run_small, small_data, weights

from hvae import Atlas, UserError
from hvae.atlas.checkpoint import load_model, rounded, save_model
from hvae.atlas.verify import problems
from hvae.metrics.psnr import psnr
from hvae.metrics.rates import layer_rates
from hvae.training.fleet import with_weights
from precompute import __main__ as command_line
from precompute.atlas_folder.folder import AtlasFolder

HALF = replace(PLAN, weights="float16")


@pytest.fixture(scope="module")
def data():
    return small_data()


@pytest.fixture(scope="module")
def half(data, tmp_path_factory):
    """An atlas of PLAN with float16 weights; not to be changed."""
    out = tmp_path_factory.mktemp("half") / "atlas"
    run_small(out, data, HALF)
    return out


@pytest.fixture(scope="module")
def full(data, tmp_path_factory):
    """The same with float32 weights; not to be changed."""
    out = tmp_path_factory.mktemp("full") / "atlas"
    run_small(out, data)
    return out


def test_points_are_float16_and_half_as_large_and_the_parent_is_not(half, full):
    assert Atlas.open(half).manifest.weights == "float16"
    for path in half.glob("models/*.safetensors"):
        tensors = load_file(path)
        assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
        other = load_file(full / "models" / path.name)
        assert all(torch.equal(tensors[name], other[name].half()) for name in other)
        # Beyond the numbers there is only the header.
        numbers = sum(tensor.numel() for tensor in tensors.values())
        assert (full / "models" / path.name).stat().st_size - path.stat().st_size == pytest.approx(
            2 * numbers, abs=400
        )
    assert (half / "parent.safetensors").read_bytes() == (full / "parent.safetensors").read_bytes()
    assert problems(half) == []


def test_the_metrics_are_exactly_those_of_the_stored_weights(half, full, data):
    atlas = Atlas.open(half)
    for row in atlas.metrics.to_dict("records"):
        model = atlas.load_checkpoint(row["checkpoint"])
        assert {weight.dtype for weight in model.state_dict().values()} == {torch.float32}
        model = model.to(memory_format=torch.channels_last)
        measured = layer_rates(model, data.test, seed=0)
        assert row["rate_z2"] == float(measured.rates[1])
        assert row["rate_z1"] == float(measured.rates[0])
        assert row["distortion"] == measured.distortion
        assert row["psnr"] == psnr(model, data.test).value
    assert not (atlas.metrics["distortion"] == Atlas.open(full).metrics["distortion"]).any()


def test_a_run_that_lost_its_table_rounds_to_the_same_bytes(half, data, tmp_path):
    out = tmp_path / "atlas"
    run_small(out, data, HALF)
    (out / "metrics.parquet").unlink()
    stray = out / "models" / ".beta.safetensors.half.tmp"
    stray.write_bytes(b"half")
    said = run_small(out, data, HALF)
    assert said.count("(0 s)") == 4  # read back, not trained again
    assert weights(out) == weights(half)
    assert (out / "metrics.parquet").read_bytes() == (half / "metrics.parquet").read_bytes()


def test_a_float16_file_does_not_pass_for_a_float32_one(half, full, data, tmp_path):
    out = tmp_path / "atlas"
    (out / "models").mkdir(parents=True)
    for path in half.glob("models/*.safetensors"):
        (out / "models" / path.name).write_bytes(path.read_bytes())
    run_small(out, data)
    assert weights(out) == weights(full)


def test_a_parent_of_another_run_of_the_plan_is_taken_over(half, full, data, tmp_path):
    out = tmp_path / "atlas"
    out.mkdir()
    (out / "parent.safetensors").write_bytes((full / "parent.safetensors").read_bytes())
    said = run_small(out, data, HALF)
    assert "parent" not in said
    assert weights(out) == weights(half)
    Atlas.open(out).load_parent()


def test_an_atlas_is_not_continued_with_another_precision(half, data):
    with pytest.raises(UserError, match=r"precision of weights \(float16, not float32\)"):
        run_small(half, data)


def test_an_atlas_from_before_there_was_a_choice_is_float32(full, tmp_path):
    content = json.loads((full / "atlas.json").read_text())
    del content["weights"]
    assert Atlas.open(full).manifest == type(Atlas.open(full).manifest).model_validate(content)


def test_rounding_twice_is_rounding_once_and_leaves_the_model_alone(full, data, tmp_path):
    model = load_model(next(full.glob("models/*.safetensors")))
    tiny = with_weights(model, torch.full((sum(p.numel() for p in model.parameters()),), 3e-7))
    before = {name: value.clone() for name, value in tiny.state_dict().items()}
    torch.set_flush_denormal(True)  # as in a run; 3e-7 is a denormal number as float16
    try:
        once = rounded(tiny, torch.float16)
        save_model(once, tmp_path / "tiny.safetensors", dtype=torch.float16)
    finally:
        torch.set_flush_denormal(False)
    stored = load_model(tmp_path / "tiny.safetensors")
    for name, value in once.state_dict().items():
        assert torch.equal(value, stored.state_dict()[name])
        assert value.any() and not torch.equal(value, before[name])
        assert torch.equal(tiny.state_dict()[name], before[name])


def test_the_command_line_takes_the_precision(half, data, monkeypatch):
    splits = {"train": data.train, "test": data.test}
    monkeypatch.setattr("precompute.run.datasets.load", lambda name, split, *_, **__: splits[split])
    asked = []
    monkeypatch.setattr("precompute.run.model_config", lambda *_: CONFIG)
    monkeypatch.setattr(AtlasFolder, "prepare", lambda path, plan, *_: asked.append(plan) or stop())
    for option in ([], ["--weights", "float16"]):
        monkeypatch.setattr(sys, "argv", ["precompute", "run", str(half), "--dataset", "digits", *option])
        command_line.main()
    assert [plan.weights for plan in asked] == ["float32", "float16"]


def stop():
    raise UserError("Enough.")
