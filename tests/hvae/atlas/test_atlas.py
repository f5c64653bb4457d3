import hashlib
import json
import subprocess
import sys
import warnings

import pandas as pd
import pytest
import torch
from safetensors import safe_open
from untrained_atlas import CONFIG, relist, untrained_atlas

from hvae import HVAE, Atlas, HVAEConfig, UserError
from hvae.atlas.atlas import table_columns
from hvae.atlas.checkpoint import load_model, save_model
from hvae.atlas.verify import problems
from hvae.files import write_whole


@pytest.fixture
def folder(tmp_path):
    return untrained_atlas(tmp_path / "tiny")


@pytest.mark.parametrize(
    ("asked", "nearest"), [((2.0, 0.2), (1, 0.1)), ((1e-8, 1e8), (0.1, 10)), ((1.0, 0.10001), (1, 0.1))]
)
def test_load_gives_the_nearest_point_in_log_beta_and_warns_unless_it_is_the_one_asked_for(
    folder, asked, nearest
):
    atlas = Atlas.open(folder)
    row = atlas.nearest(*asked)
    assert (row["beta_2"], row["beta_1"]) == nearest
    with pytest.warns(UserWarning, match=f"nearest is at β₂ = {nearest[0]}, β₁ = {nearest[1]},") as warned:
        model = atlas.load(*asked)
    assert warned[0].filename == __file__
    stored = load_model(folder / row["checkpoint"])
    assert not model.training
    torch.testing.assert_close(model.sample(2), stored.sample(2))


@pytest.mark.parametrize("asked", [(1.0, 0.1), (1, 0.1000000001)])
def test_a_point_that_exists_is_loaded_without_a_warning(folder, asked):
    atlas = Atlas.open(folder)
    stored = load_model(folder / atlas.nearest(1, 0.1)["checkpoint"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for model in (atlas.load(*asked), atlas.load(*asked, exact=True)):
            assert torch.equal(model.sample(1), stored.sample(1))


@pytest.mark.parametrize("asked", [(2.0, 0.2), (1.0, 0.10001)])
def test_load_exact_refuses_a_point_that_is_not_there_and_names_the_nearest(folder, asked):
    with pytest.raises(UserError, match="the nearest is at β₂ = 1, β₁ = 0.1:"):
        Atlas.open(folder).load(*asked, exact=True)


def test_a_model_comes_back_from_its_file_bit_by_bit(tmp_path):
    model = HVAE(HVAEConfig(layers=3, inference="ladder", likelihood="bernoulli", width=4))
    save_model(model.to(memory_format=torch.channels_last), tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors")
    assert again.config == model.config
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in model.state_dict().items())


def test_opening_an_atlas_does_not_import_torch(folder):
    code = "import sys, hvae; hvae.Atlas.open(sys.argv[1]).examples(); print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_loading_a_model_does_not_import_torchs_compiler(folder):
    code = """
import sys; from hvae import Atlas
Atlas.open(sys.argv[1]).load(1, 1)
assert not {"torch._dynamo", "sympy"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code, folder], check=True, timeout=60)


def test_a_damaged_checkpoint_is_named_and_the_others_still_load(folder):
    atlas = Atlas.open(folder)
    victim = folder / atlas.nearest(1, 1)["checkpoint"]
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(data)
    with pytest.raises(UserError, match=victim.name):
        atlas.load(1, 1)
    atlas.load(0.1, 0.1)


def test_what_an_older_release_did_not_measure_is_nan(folder):
    path = folder / "metrics.parquet"
    pd.read_parquet(path).drop(columns=["mi_z2", "sharpness"]).to_parquet(path)
    relist(folder)
    assert problems(folder) == []
    metrics = Atlas.open(folder).metrics
    assert set(metrics.columns) == set(table_columns())
    assert metrics[["mi_z2", "sharpness"]].isna().all(axis=None)


def test_a_file_that_fails_to_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "metrics.parquet"
    path.write_text("old")

    def half(aside):
        aside.write_text("ne")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(path, half)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_written_today_carries_a_checksum_of_its_other_keys_and_its_tensors(tmp_path):
    path = tmp_path / "model.safetensors"
    save_model(HVAE(CONFIG), path, {"betas": {"beta_2": 1.0, "beta_1": 1.0}})
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["hvae"])
        tensors = {name: file.get_tensor(name) for name in sorted(file.keys())}
    carried = about.pop("sha256")
    found = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name, tensor in tensors.items():
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode() + tensor.numpy().tobytes())
    assert carried == found.hexdigest()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="is damaged"):
        load_model(path)
