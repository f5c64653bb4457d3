"""Damage of every kind to every file: `verify` names the file and the reason."""

import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
import torch
from safetensors.torch import save_file
from untrained_atlas import CONFIG, relist, untrained_atlas

from hvae import HVAE, Atlas
from hvae.atlas.atlas import table_columns
from hvae.atlas.checkpoint import save_model
from hvae.atlas.verify import problems
from hvae.files import write_json


@pytest.fixture
def folder(tmp_path):
    return untrained_atlas(tmp_path / "tiny")


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


SCATTER = {"runs": 3, "deviations": {"psnr": 0.02}}


def scattered(folder, **changes):
    """Write a scatter between runs into atlas.json, of the first point that is there."""
    first = json.loads((folder / "atlas.json").read_text())["files"]
    point = next(name for name in sorted(first) if name.startswith("models/"))
    edit(folder, scatter={**SCATTER, "points": [point], **changes})


def test_a_scatter_between_runs_is_kept_and_an_atlas_without_it_does_not_name_it(folder):
    assert Atlas.open(folder).manifest.scatter is None
    assert "scatter" not in Atlas.open(folder).manifest.model_dump()
    scattered(folder)
    assert problems(folder) == []
    atlas = Atlas.open(folder)
    assert atlas.manifest.scatter.deviations == atlas.manifest.model_dump()["scatter"]["deviations"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"deviations": {"psnr": -0.1}}, "scatter.deviations.psnr"),
        ({"deviations": {"psnr": 1e101}}, "scatter.deviations.psnr"),
        ({"deviations": {"psnr": float("nan")}}, "NaN is not a number"),
        ({"deviations": {"charm": 0.1}}, "scatter names charm"),
        ({"deviations": {"checkpoint": 0.1}}, "scatter names checkpoint"),
        ({"deviations": {f"m{number}": 0.1 for number in range(201)}}, "scatter.deviations"),
        ({"points": ["models/of-another-atlas.safetensors"]}, "scatter names models/of-another"),
        ({"points": []}, "scatter.points"),
        ({"points": ["models/x.safetensors"] * 101}, "scatter.points"),
        ({"runs": 1}, "scatter.runs"),
        ({"runs": 10**9}, "scatter.runs"),
        ({"seeds": [1, 2]}, "scatter.seeds"),
    ],
)
def test_a_forged_scatter_is_refused_in_a_sentence(folder, changes, said):
    scattered(folder)
    content = json.loads((folder / "atlas.json").read_text())
    content["scatter"].update(changes)
    (folder / "atlas.json").write_text(json.dumps(content))
    (problem,) = problems(folder)
    assert said in problem and "\n" not in problem
