"""Points that a user trains from the parent's fold, in a copy of the atlas of their own."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from atlas_builder import as_made_from, flip_one_byte
from small_runs import parent_atlas

from app.atlases.user_copy import copy_folder, existing_copy, extending
from app.training.train_point import TrainingSetting, train_point, trained
from hvae import Atlas, UserError
from hvae.atlas.checkpoint import read_tensors
from hvae.atlas.point import Point
from hvae.atlas.verify import problems
from hvae.datasets import load
from hvae.files import sha256
from hvae.metrics.rates import layer_rates


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    folder = tmp_path / "data-folder"
    monkeypatch.setenv("HVAE_DATA_DIR", str(folder))
    return folder


@pytest.fixture(scope="session")
def small_atlas(tmp_path_factory) -> Path:
    """A 2×2 atlas of digits with a parent, of a small model; not to be changed."""
    return parent_atlas(tmp_path_factory.mktemp("atlases") / "small")


@pytest.fixture(autouse=True)
def denormals_as_before():
    yield
    torch.set_flush_denormal(False)


def train(atlas, beta_2, beta_1, reports=None):
    reports = [] if reports is None else reports
    wish = {"beta_2": beta_2, "beta_1": beta_1}
    told = train_point(reports.append, TrainingSetting(atlas, "data"), wish)
    return {**told, "folder": str(copy_folder(Atlas.open(atlas)))}


def files_of(folder):
    return {path.relative_to(folder): sha256(path) for path in folder.rglob("*") if path.is_file()}


def test_a_trained_point_is_added_to_a_sound_copy_and_the_atlas_stays_as_it_was(small_atlas, data_folder):
    before = files_of(small_atlas)
    trained = train(small_atlas, 0.5, 0.2)
    assert trained == {"point": "beta2-0.5_beta1-0.2", "folder": str(data_folder / "atlases" / "small")}
    assert files_of(small_atlas) == before
    assert problems(trained["folder"]) == []
    original, copy = Atlas.open(small_atlas), Atlas.open(trained["folder"])
    pd.testing.assert_frame_equal(copy.metrics.iloc[:-1], original.metrics)
    row = copy.metrics.iloc[-1]
    assert (row["beta_2"], row["beta_1"]) == (0.5, 0.2)
    assert np.isfinite(row[["rate_z2", "rate_z1", "distortion", "psnr"]].to_numpy(float)).all()
    assert np.isnan(row["inception_score"]) and np.isnan(row["acc_knn_z2"])
    assert copy.load(0.5, 0.2).sample(2).shape == (2, 1, 32, 32)
    assert copy.manifest.betas == original.manifest.betas


def test_a_point_of_an_atlas_of_float16_weights_is_measured_as_it_is_stored(
    small_atlas, data_folder, tmp_path
):
    folder = as_made_from(shutil.copytree(small_atlas, tmp_path / "half"), weights="float16")
    copy = Atlas.open(train(folder, 0.5, 0.2)["folder"])
    row = copy.metrics.iloc[-1]
    stored = read_tensors(copy.checked_file(row["checkpoint"]))
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
    model = copy.load_checkpoint(row["checkpoint"]).to(memory_format=torch.channels_last)
    test = load("digits", "test")
    rates = layer_rates(model, test, seed=copy.manifest.seed)
    assert (row["rate_z1"], row["rate_z2"], row["distortion"]) == (*rates.rates, rates.distortion)
    assert problems(copy.path) == []


def test_a_second_point_extends_the_same_copy(small_atlas, data_folder):
    folder = train(small_atlas, 0.5, 0.2)["folder"]
    again = train(small_atlas, 0.7, 0.3)
    assert again["folder"] == folder
    assert list(Atlas.open(folder).metrics["checkpoint"])[-2:] == [
        "models/beta2-0.5_beta1-0.2.safetensors",
        "models/beta2-0.7_beta1-0.3.safetensors",
    ]
    assert problems(folder) == []


def test_a_copy_that_is_opened_itself_is_extended_and_not_copied_again(small_atlas, data_folder):
    folder = train(small_atlas, 0.5, 0.2)["folder"]
    assert train(folder, 0.7, 0.3)["folder"] == folder
    assert [path.name for path in (data_folder / "atlases").iterdir() if path.is_dir()] == ["small"]


def test_a_point_trained_here_is_to_the_bit_what_precompute_makes_of_these_betas(
    small_atlas, data_folder, tmp_path
):
    """The grid's own point at (0.1, 1), trained again in an atlas that lacks it."""
    atlas, checkpoint = Atlas.open(small_atlas), "models/beta2-0.1_beta1-1.safetensors"
    lacking = Atlas(
        atlas.path,
        atlas.manifest.model_copy(
            update={"files": {name: sum for name, sum in atlas.manifest.files.items() if name != checkpoint}}
        ),
        atlas.metrics,
    )
    point = Point(0.1, 1.0)
    made = trained(lambda *_: None, lacking, point, "data")
    theirs = atlas.load_checkpoint(checkpoint).state_dict()
    assert all(torch.equal(weight, theirs[name]) for name, weight in made.model.state_dict().items())
    row = atlas.metrics.set_index("checkpoint").loc[checkpoint]
    assert {name: row[name] for name in made.row if name != "checkpoint"} == {
        name: value for name, value in made.row.items() if name != "checkpoint"
    }
    from hvae.atlas.metadata import read_metadata

    metadata = read_metadata(small_atlas / checkpoint)
    assert {name: metadata[name] for name in made.metadata} == made.metadata


def test_what_is_trained_is_told_step_by_step(small_atlas, data_folder):
    reports = []
    train(small_atlas, 0.5, 0.2, reports)
    stages = list(dict.fromkeys(report["stage"] for report in reports))
    assert stages == ["loading", "training", "measuring", "writing"]
    last = [report for report in reports if report["stage"] == "training"][-1]
    assert last["step"] == last["steps"] and last["seconds_left"] == 0


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"beta_2": 0.01, "beta_1": 1}, "The parent covers β from 0.1 to 1"),
        ({"beta_2": float("nan"), "beta_1": 1}, "The parent covers β from 0.1 to 1"),
        ({"beta_2": "a", "beta_1": 1}, "Training needs β₂ and β₁"),
        (None, "Training needs β₂ and β₁"),
        ({"beta_2": 0.1, "beta_1": 1}, "has a point at β₂ = 0.1, β₁ = 1 already"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_in_words_and_leaves_nothing(
    small_atlas, data_folder, wish, sentence
):
    with pytest.raises(UserError, match=sentence):
        train_point(lambda *_: None, TrainingSetting(small_atlas, "data"), wish)
    assert not (data_folder / "atlases" / "small").exists()


def test_a_training_that_was_stopped_goes_on_where_it_was_and_ends_in_the_same_bytes(
    small_atlas, data_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr("app.training.train_point.REPORT_SECONDS", 0)
    monkeypatch.setattr("hvae.training.refinement.SAVE_SECONDS", 0)

    def told_steps(reports):
        return [report["step"] for report in reports if report["stage"] == "training"]

    class Stopped(list):
        """Reports to a process that is told to end when three steps are done."""

        def append(self, report):
            super().append(report)
            if report.get("step") == 3:
                raise SystemExit

    with pytest.raises(SystemExit):
        train(small_atlas, 0.5, 0.2, Stopped())
    rest = []
    folder = train(small_atlas, 0.5, 0.2, rest)["folder"]
    assert told_steps(rest)[0] == 4
    assert not list((data_folder / "training").rglob("*.safetensors"))
    monkeypatch.setenv("HVAE_DATA_DIR", str(tmp_path / "undisturbed"))
    undisturbed = []
    other = train(small_atlas, 0.5, 0.2, undisturbed)["folder"]
    assert told_steps(undisturbed) == list(range(1, told_steps(undisturbed)[-1] + 1))
    assert files_of(Path(folder)) == files_of(Path(other))


def test_of_trainings_that_were_stopped_only_the_last_is_kept(small_atlas, data_folder, monkeypatch):
    monkeypatch.setattr("hvae.training.refinement.SAVE_SECONDS", 0)

    def stop_while_measuring(report):
        if report["stage"] == "measuring":
            raise SystemExit

    for beta_2 in (0.5, 0.7):
        with pytest.raises(SystemExit):
            wish = {"beta_2": beta_2, "beta_1": 0.2}
            train_point(stop_while_measuring, TrainingSetting(small_atlas, "data"), wish)
    kept = list((data_folder / "training").rglob("*.safetensors"))
    assert [path.name for path in kept] == ["beta2-0.7_beta1-0.2.safetensors"]


def test_one_point_is_trained_at_a_time(small_atlas, data_folder):
    with extending(Atlas.open(small_atlas)):
        with pytest.raises(UserError, match="being trained already"):
            train(small_atlas, 0.5, 0.2)
    assert train(small_atlas, 0.5, 0.2)["point"] == "beta2-0.5_beta1-0.2"


def test_data_that_are_not_here_are_a_sentence_that_names_the_option(small_atlas, data_folder, tmp_path):
    folder = as_made_from(shutil.copytree(small_atlas, tmp_path / "as-mnist"), dataset="mnist")
    with pytest.raises(
        UserError, match="MNIST cannot be read from the folder of data sets: .* --data-dir"
    ) as told:
        train_point(
            lambda *_: None,
            TrainingSetting(folder, tmp_path / "nowhere"),
            {"beta_2": 0.5, "beta_1": 0.2},
        )
    assert str(tmp_path) not in str(told.value)


def test_no_answer_names_a_folder_of_the_server_and_the_log_does(small_atlas, data_folder, tmp_path, caplog):
    reply = train_point(lambda *_: None, TrainingSetting(small_atlas, "data"), {"beta_2": 0.5, "beta_1": 0.2})
    assert reply == {"point": "beta2-0.5_beta1-0.2"}
    assert str(data_folder / "atlases" / "small") in caplog.text
    caplog.clear()
    (data_folder / "atlases").chmod(0o777)  # anybody may have written there
    with pytest.raises(UserError) as told:
        train(small_atlas, 0.7, 0.3)
    assert "HVAE_DATA_DIR" in str(told.value) and str(tmp_path) not in str(told.value)
    assert str(data_folder) in caplog.text


def test_other_images_than_the_atlas_was_made_from_are_refused(small_atlas, data_folder, tmp_path):
    folder = shutil.copytree(small_atlas, tmp_path / "other")
    as_made_from(folder, data={"train": "0" * 64, "test": "1" * 64})
    with pytest.raises(UserError, match="made from other images"):
        train(folder, 0.5, 0.2)


def test_a_damaged_atlas_is_not_copied(small_atlas, data_folder, tmp_path):
    folder = shutil.copytree(small_atlas, tmp_path / "damaged")
    flip_one_byte(folder / "models" / "beta2-1_beta1-1.safetensors")
    with pytest.raises(UserError, match="damaged"):
        train(folder, 0.5, 0.2)
    assert [path.name for path in (data_folder / "atlases").iterdir()] == [".lock"]


def test_atlases_of_one_name_have_copies_of_their_own(small_atlas, data_folder, tmp_path):
    train(small_atlas, 0.5, 0.2)
    folder = as_made_from(shutil.copytree(small_atlas, tmp_path / "small"), seed=1)
    other = Atlas.open(folder)
    assert copy_folder(other) == data_folder / "atlases" / "small-2"
    assert existing_copy(other) is None
    assert existing_copy(Atlas.open(small_atlas)).path == data_folder / "atlases" / "small"


def test_a_copy_of_an_atlas_that_has_grown_since_is_not_taken_for_it(small_atlas, data_folder):
    train(small_atlas, 0.5, 0.2)
    atlas = Atlas.open(small_atlas)
    grown = pd.concat([atlas.metrics, atlas.metrics.tail(1).assign(checkpoint="models/new.safetensors")])
    assert existing_copy(Atlas(atlas.path, atlas.manifest, grown)) is None


def test_metrics_measured_later_keep_the_point_in_the_table(small_atlas, data_folder):
    """`precompute evaluate` on the copy fills the other columns in."""
    from precompute.atlas_folder.folder import AtlasFolder

    folder = data_folder / "atlases" / "small"
    train(small_atlas, 0.5, 0.2)
    writing = AtlasFolder.open(folder)
    writing.write()
    writing.close()
    assert Atlas.open(folder).metrics["checkpoint"].iloc[-1] == "models/beta2-0.5_beta1-0.2.safetensors"
    assert problems(folder) == []
