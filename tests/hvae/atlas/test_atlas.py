import hashlib
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from hvae import HVAE, Atlas, HVAEConfig, UserError
from hvae.atlas.atlas import table_columns
from hvae.atlas.checkpoint import load_model, save_model
from hvae.atlas.verify import problems
from hvae.datasets import Images
from hvae.files import sha256, write_json, write_whole
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


@pytest.fixture
def folder(tmp_path):
    """A 3 × 3 atlas of untrained models."""
    path = tmp_path / "tiny"
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


def raw(path, old, new):
    """Change the text of atlas.json."""
    text = (path / "atlas.json").read_text()
    assert old in text
    (path / "atlas.json").write_text(text.replace(old, new))


def edit(path, **changes):
    content = json.loads((path / "atlas.json").read_text())
    write_json(path / "atlas.json", {**content, **changes})


def other_model(**fields):
    """Damage: models of another config."""
    return lambda folder: edit(folder, model={**CONFIG.to_dict(), **fields})


def test_a_sound_atlas_has_no_problems(folder):
    assert problems(folder) == []


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


def swap_for_link(folder):
    path = next(folder.glob("models/*"))
    target = folder.parent / "elsewhere.safetensors"
    path.rename(target)
    path.symlink_to(target)


def swap_for_fifo(folder):
    path = next(folder.glob("models/*"))
    path.unlink()
    os.mkfifo(path)


def metadata(config):
    return {"hvae": json.dumps({"config": config})}


def wrong_shapes(folder):
    save_file({"w": torch.zeros(3)}, next(folder.glob("models/*")), metadata(CONFIG.to_dict()))
    relist(folder)


def huge_config(folder):
    config = {**CONFIG.to_dict(), "width": 10**12}
    save_file({"w": torch.zeros(3)}, next(folder.glob("models/*")), metadata(config))
    relist(folder)


def not_a_number(folder):
    model = HVAE(CONFIG)
    with torch.no_grad():
        model.picture_head.out.bias[0] = torch.nan
    save_model(model, next(folder.glob("models/*")))
    relist(folder)


def pickled_examples(folder):
    np.savez(folder / "examples.npz", images=np.array([{"a": 1}], dtype=object), labels=np.arange(1))
    relist(folder)


def a_pickle_for_a_checkpoint(folder):
    next(folder.glob("models/*")).write_bytes(pickle.dumps({"w": 1}))
    relist(folder)


def no_psnr_column(folder):
    pd.read_parquet(folder / "metrics.parquet").drop(columns="psnr").to_parquet(folder / "metrics.parquet")
    relist(folder)


def text_for_rates(folder):
    metrics = pd.read_parquet(folder / "metrics.parquet").astype({"rate_z2": str})
    metrics.to_parquet(folder / "metrics.parquet")
    relist(folder)


def nan_rates(folder):
    metrics = pd.read_parquet(folder / "metrics.parquet")
    metrics.loc[0, "rate_z2"] = np.nan
    metrics.to_parquet(folder / "metrics.parquet")
    relist(folder)


def zeros_without_end(folder):
    """As /dev/zero is: a file of many terabytes that takes no room on the disk."""
    os.truncate(next(folder.glob("models/*")), 2**42)


def a_million_rows(folder):
    rows = np.full(10**6, 1.0)
    columns = {name: rows for name in table_columns() if name != "checkpoint"}
    pd.DataFrame({**columns, "checkpoint": "models/a.safetensors"}).to_parquet(folder / "metrics.parquet")
    relist(folder)


def packed_by_zstd(folder):
    pd.read_parquet(folder / "metrics.parquet").to_parquet(folder / "metrics.parquet", compression="zstd")
    relist(folder)


def few_bytes_for_many_names(folder):
    """A dictionary of one name of a mebibyte, which every row names."""
    columns = {name: np.ones(9_000) for name in table_columns() if name != "checkpoint"}
    names = pa.DictionaryArray.from_arrays(np.zeros(9_000, np.int32), ["x" * 2**20])
    table = pa.table({**columns, "checkpoint": names})
    pyarrow.parquet.write_table(table, folder / "metrics.parquet", store_schema=False)
    relist(folder)


def stored(folder, images, labels=None, header=None):
    """Write examples.npz, with another .npy header for the images if one is given."""
    file = io.BytesIO()
    np.save(file, images)
    data = file.getvalue() if header is None else header + file.getvalue()[128:]
    with zipfile.ZipFile(folder / "examples.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", data)
        with archive.open("labels.npy", "w") as entry:
            np.save(entry, np.arange(2) if labels is None else labels)
    relist(folder)


def bomb(folder):
    stored(folder, np.zeros((2**16, 1, 32, 32), np.uint8))


def bomb_that_claims_to_be_small(folder):
    bomb(folder)
    data = (folder / "examples.npz").read_bytes()
    small = struct.pack("<I", 2 * 1024 + 128)
    (folder / "examples.npz").write_bytes(data.replace(struct.pack("<I", 2**26 + 128), small))
    relist(folder)


def a_header_that_claims_a_million_million(folder):
    file = io.BytesIO()
    shape = (10**12, 1, 32, 32)
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
    stored(folder, np.zeros((2, 1, 32, 32), np.uint8), header=file.getvalue())


def labels_of_no_class(folder):
    stored(folder, np.zeros((2, 1, 32, 32), np.uint8), np.array([0, 2]))


def a_shape_of_a_million_million(folder):
    header = {"w": {"dtype": "F32", "shape": [10**6, 10**6], "data_offsets": [0, 4]}}
    header["__metadata__"] = metadata(CONFIG.to_dict())
    text = json.dumps(header).encode()
    next(folder.glob("models/*")).write_bytes(struct.pack("<Q", len(text)) + text + bytes(4))
    relist(folder)


DAMAGES = {
    "no atlas.json": (lambda folder: (folder / "atlas.json").unlink(), "atlas.json"),
    "JSON cut short": (lambda folder: (folder / "atlas.json").write_text('{"files": '), "atlas.json"),
    "JSON of another kind": (lambda folder: (folder / "atlas.json").write_text("[1]"), "atlas.json"),
    "a future schema": (lambda folder: edit(folder, schema_version=2), "newer release"),
    "a negative seed": (lambda folder: edit(folder, seed=-1), "seed"),
    "a file outside": (lambda folder: edit(folder, files={"../secret": "0" * 64}), "files"),
    "an absolute file": (lambda folder: edit(folder, files={"/etc/passwd": "0" * 64}), "files"),
    "a number beyond all": (lambda folder: raw(folder, '"seed": 0', '"seed": 1e999'), "seed"),
    "NaN": (lambda folder: raw(folder, '"seed": 0', '"seed": NaN'), "NaN is not a number"),
    "a file with a line break": (lambda folder: edit(folder, files={"a\nb\x1b[2J": "0" * 64}), "files"),
    "brackets in brackets": (lambda folder: raw(folder, '"seed": 0', f'"seed": {"[" * 10**5}'), "atlas.json"),
    "an atlas.json without end": (lambda folder: os.truncate(folder / "atlas.json", 2**42), "larger than"),
    "a recipe of another kind": (lambda folder: edit(folder, recipe={"epochs": -1}), "epochs"),
    "pictures beyond measure": (
        lambda folder: edit(folder, model={**CONFIG.to_dict(), "image_shape": [3, 1024, 1024]}),
        "larger than a page can show",
    ),
    "an architecture that is a module": (other_model(architecture="os.path"), "architecture must be a name"),
    "an architecture that is a book": (other_model(architecture="x" * 10**6), "architecture must be a name"),
    "an architecture that is a list": (other_model(architecture=[1, 2]), "architecture must be a name"),
    "an architecture of other sizes": (
        other_model(architecture="xiao-bamler", image_shape=[1, 28, 28]),
        "multiples of 8",
    ),
    "an architecture of other layers": (other_model(architecture="local", layers=1), "layers must be 2"),
    "a hidden layer beyond measure": (
        other_model(architecture="xiao-bamler", channels=1024),
        "larger than a page can show",
    ),
    "a ceiling of another kind": (
        lambda folder: edit(folder, ceiling={"diversity": "high"}),
        "ceiling",
    ),
    "shares that do not add up": (lambda folder: edit(folder, label_frequencies=[0.5, 0.1]), "add up to 1"),
    "pictures of other classes": (
        lambda folder: edit(folder, pictures={"train": [1, 2, 3], "test": [1, 2, 3]}),
        "one number for each of classes",
    ),
    "pictures below none": (
        lambda folder: edit(folder, pictures={"train": [-1, 1], "test": [1, 1]}),
        "train",
    ),
    "a reason of another kind": (lambda folder: edit(folder, undefined={"mi_z2": 1}), "undefined"),
    "hours that are no number": (
        lambda folder: edit(folder, made_with={"device_hours": "x"}),
        "device_hours",
    ),
    "zeros without end": (zeros_without_end, "larger than"),
    "a million rows": (a_million_rows, "1000000 rows"),
    "a table packed by zstd": (packed_by_zstd, "Snappy"),
    "names that unpack to gigabytes": (few_bytes_for_many_names, "no name of a file"),
    "a bomb for examples": (bomb, "more than 32 MiB"),
    "a bomb that claims to be small": (bomb_that_claims_to_be_small, "examples.npz"),
    "examples of a million million": (a_header_that_claims_a_million_million, "more than 32 MiB"),
    "labels of no class": (labels_of_no_class, "labels must be from 0 to 1"),
    "weights of a million million": (a_shape_of_a_million_million, "cannot be read as a checkpoint"),
    "a missing checkpoint": (lambda folder: next(folder.glob("models/*")).unlink(), "models/"),
    "a link for a checkpoint": (swap_for_link, "not a regular file"),
    "a pipe for a checkpoint": (swap_for_fifo, "not a regular file"),
    "weights of other shapes": (wrong_shapes, "do not fit"),
    "a config beyond measure": (huge_config, "width"),
    "weights that are not numbers": (not_a_number, "not finite numbers"),
    "objects in examples.npz": (pickled_examples, "examples.npz"),
    "a pickle for a checkpoint": (a_pickle_for_a_checkpoint, "models/"),
    "a missing column": (no_psnr_column, "psnr"),
    "a column of text": (text_for_rates, "rate_z2"),
    "a rate that is not a number": (nan_rates, "rate_z2"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_says_what_is_wrong_in_one_sentence(folder, damage):
    break_it, named = DAMAGES[damage]
    break_it(folder)
    found = problems(folder)
    assert len(found) == 1, found
    assert named in found[0]
    assert found[0].isprintable()


def test_a_link_in_place_of_the_folder_of_models_is_not_followed(folder):
    (folder / "models").rename(folder.parent / "elsewhere")
    (folder / "models").symlink_to(folder.parent / "elsewhere")
    assert len(problems(folder)) == 9 and all("not a regular file" in line for line in problems(folder))


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
