import io
import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from atlas_builder import as_made_from
from rich.console import Console
from small_runs import small_data

from hvae import HVAE, Atlas, HVAEConfig, UserError
from hvae.atlas import metrics_table
from hvae.atlas.checkpoint import write_tensors
from hvae.atlas.per_image import paired_errors, read_per_image
from hvae.atlas.verify import problems
from hvae.datasets import load
from hvae.files import sha256
from hvae.metrics.registry import measurements, metric_columns
from precompute.atlas_folder.folder import AtlasFolder
from precompute.evaluate import evaluate_atlas, evaluate_folder, is_current
from precompute.planning.plan import Plan

pytestmark = pytest.mark.usefixtures("quick_measuring")


@pytest.fixture
def atlas_folder(digits_atlas, tmp_path):
    """A copy of a finished 2 × 2 atlas."""
    return shutil.copytree(digits_atlas, tmp_path / "atlas")


@pytest.fixture
def measured(monkeypatch):
    """Names of the measurements that are made, in order, with the measuring itself left as it is."""
    names = []

    def spied(measurement):
        measure = lambda model, data: names.append(measurement.name) or measurement.measure(model, data)  # noqa: E731
        return replace(measurement, measure=measure)

    monkeypatch.setattr("precompute.evaluate.measurements", lambda: [spied(one) for one in measurements()])
    return names


def blank(folder, columns, rows=slice(None)):
    """Take numbers out of an atlas, as if a metric had been added since it was made."""
    opened = AtlasFolder.open(folder)
    for row in list(opened.rows.values())[rows]:
        row.update(dict.fromkeys(columns, np.nan))
    opened.write()
    opened.close()


def test_a_run_fills_every_column_and_gives_standard_errors(digits_atlas):
    atlas = Atlas.open(digits_atlas)
    assert is_current(atlas)
    assert np.isfinite(atlas.metrics[list(metric_columns())]).all(axis=None)
    for column in metric_columns():
        if column.startswith(("mi_", "acc_", "inception", "diversity", "sharpness")):
            assert (atlas.metrics[f"{column}_se"] >= 0).all()


def test_the_scores_of_real_images_are_kept_as_the_ceiling(digits_atlas):
    manifest = Atlas.open(digits_atlas).manifest
    ceiling = manifest.ceiling
    assert ceiling["inception_score"] == pytest.approx(ceiling["diversity"] * ceiling["sharpness"], rel=1e-5)
    assert 0.9 < ceiling["classifier_accuracy"] <= 1
    counts = np.bincount(load("digits", "test").labels.numpy())
    assert manifest.label_frequencies == pytest.approx(counts / counts.sum())


def test_the_judges_are_described_and_the_calibrated_one_learned_through_every_point(digits_atlas):
    manifest, names = Atlas.open(digits_atlas).manifest, set(Atlas.open(digits_atlas).metrics["checkpoint"])
    source, calibrated = manifest.judges["source"], manifest.judges["calibrated"]
    assert (source.real, source.reconstructed, source.points) == (1437, 0, 0)
    assert (calibrated.real, calibrated.reconstructed, calibrated.points) == (1437, 1437 * 215 // 120, 4)
    assert source.accuracy == manifest.ceiling["classifier_accuracy"]
    assert manifest.ceiling["sharpness_calibrated"] <= 1
    for judge in (source, calibrated):
        assert judge.held_out == 360 and set(judge.of_points) == names
        mean = np.mean([point.confidence for point in judge.of_points.values()])
        assert judge.reconstructions.confidence == pytest.approx(mean, abs=2e-4)
    assert calibrated.reconstructions.error < source.reconstructions.error


def test_an_atlas_from_before_the_calibrated_judge_gets_it_and_keeps_its_numbers(
    atlas_folder, digits_atlas, measured, small_models
):
    content = json.loads((atlas_folder / "atlas.json").read_text())
    name = "classifier-calibrated.safetensors"
    added = [one for one in metric_columns() if "calibrated" in one]
    del content["judges"], content["files"][name], content["evaluation"]["generation by the calibrated judge"]
    content["ceiling"] = {key: value for key, value in content["ceiling"].items() if "calibrated" not in key}
    (atlas_folder / "atlas.json").write_text(json.dumps(content))
    (atlas_folder / name).unlink()
    blank(atlas_folder, [column for one in added for column in (one, f"{one}_se")])
    assert problems(atlas_folder) == []
    evaluate_atlas(atlas_folder, "data")
    assert set(measured) <= {"generation by the calibrated judge"}
    pd.testing.assert_frame_equal(Atlas.open(atlas_folder).metrics, Atlas.open(digits_atlas).metrics)
    assert sha256(atlas_folder / name) == sha256(digits_atlas / name)
    assert Atlas.open(atlas_folder).manifest.judges == Atlas.open(digits_atlas).manifest.judges
    assert problems(atlas_folder) == []


def test_an_atlas_that_is_up_to_date_is_left_alone(atlas_folder, measured):
    before = {path: path.read_bytes() for path in atlas_folder.rglob("*") if path.is_file()}
    evaluate_atlas(atlas_folder, "data")
    assert measured == []
    assert {path: path.read_bytes() for path in atlas_folder.rglob("*") if path.is_file()} == before


def test_only_what_is_missing_is_measured_and_it_comes_out_the_same(
    atlas_folder, measured, tmp_path, monkeypatch
):
    monkeypatch.setenv("HVAE_CACHE_DIR", str(tmp_path / "empty"))
    before = pd.read_parquet(atlas_folder / "metrics.parquet")
    blank(atlas_folder, ["mi_z1", "mi_z2"], rows=slice(1, 2))
    evaluate_atlas(atlas_folder, "data")
    assert measured == ["mutual information"]
    pd.testing.assert_frame_equal(pd.read_parquet(atlas_folder / "metrics.parquet"), before)


def test_numbers_by_an_older_definition_are_measured_again(atlas_folder, measured, monkeypatch, tmp_path):
    monkeypatch.setenv("HVAE_CACHE_DIR", str(tmp_path / "empty"))
    content = json.loads((atlas_folder / "atlas.json").read_text())
    content["evaluation"]["probes"] = '{"version": 0}'
    (atlas_folder / "atlas.json").write_text(json.dumps(content))
    evaluate_atlas(atlas_folder, "data")
    assert measured == ["probes"] * 4


def test_what_was_measured_before_comes_from_the_cache(atlas_folder, measured, monkeypatch, tmp_path):
    monkeypatch.setenv("HVAE_CACHE_DIR", str(tmp_path / "cache"))
    for _ in range(2):
        blank(atlas_folder, ["acc_knn_z2"])
        evaluate_atlas(atlas_folder, "data")
    assert measured == ["probes"] * 4


def test_a_point_that_diverged_is_marked_and_the_others_are_unaffected(tmp_path, monkeypatch):
    monkeypatch.setenv("HVAE_CACHE_DIR", str(tmp_path / "cache"))
    data = small_data()
    config = HVAEConfig(width=4, top_dim=4, channels=1)
    plan = Plan("digits", [0.1, 1.0])
    folder = AtlasFolder.prepare(tmp_path / "atlas", plan, config, data, torch.device("cpu"))
    for number, point in enumerate(plan.points[:3]):
        torch.manual_seed(number)
        model = HVAE(config).eval()
        if number == 1:
            with torch.no_grad():
                model.picture_head.out.bias.fill_(torch.nan)
        folder.add(point, model, data.test, seconds=0.0)
    evaluate_folder(folder, data, Console(file=io.StringIO()))
    folder.close()
    atlas = Atlas.open(tmp_path / "atlas")
    sick, healthy = atlas.metrics.iloc[1], atlas.metrics.drop(index=1)
    assert sick[["distortion", "psnr", "mi_z2", "inception_score"]].isna().all()
    assert "not finite" in atlas.manifest.failures[sick["checkpoint"]]
    assert list(atlas.manifest.failures) == [sick["checkpoint"]]
    assert np.isfinite(healthy[list(metric_columns())]).all(axis=None)
    assert problems(tmp_path / "atlas") == []


def test_a_damaged_classifier_is_trained_again(atlas_folder, digits_atlas, small_models):
    file = atlas_folder / "classifier.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert len(problems(atlas_folder)) == 1
    evaluate_atlas(atlas_folder, "data")
    assert sha256(file) == sha256(digits_atlas / "classifier.safetensors")
    assert problems(atlas_folder) == []


def test_an_atlas_that_another_process_writes_is_left_to_it(atlas_folder):
    opened = AtlasFolder.open(atlas_folder)
    with pytest.raises(UserError, match="Another process"):
        AtlasFolder.open(atlas_folder)
    opened.close()
    AtlasFolder.open(atlas_folder).close()


def test_numbers_are_not_measured_on_other_images(atlas_folder, monkeypatch):
    blank(atlas_folder, ["mi_z2"])
    as_made_from(atlas_folder, data={"train": "0" * 64, "test": "1" * 64})
    with pytest.raises(UserError, match="other images of digits"):
        evaluate_atlas(atlas_folder, "data")


@pytest.mark.parametrize("renamed", [False, True])
def test_a_kill_while_the_table_is_replaced_leaves_an_atlas_that_opens(atlas_folder, monkeypatch, renamed):
    opened = AtlasFolder.open(atlas_folder)
    opened.rows[next(iter(opened.rows))]["frechet"] = 1.25
    write_whole = metrics_table.write_whole

    def killed(path, write):
        if renamed:
            write_whole(path, write)
        raise KeyboardInterrupt

    monkeypatch.setattr(metrics_table, "write_whole", killed)
    with pytest.raises(KeyboardInterrupt):
        opened.write()
    opened.close()
    assert problems(atlas_folder) == []
    assert (1.25 in set(Atlas.open(atlas_folder).metrics["frechet"])) == renamed


def per_image_files(folder):
    return sorted((folder / "per-image").iterdir())


def test_what_single_images_contribute_adds_up_to_the_table(digits_atlas):
    atlas = Atlas.open(digits_atlas)
    assert len(per_image_files(digits_atlas)) == len(atlas.metrics)
    paired = paired_errors(atlas)
    for _, row in atlas.metrics.iterrows():
        stored = read_per_image(atlas, row["checkpoint"])
        assert {"psnr", "acc_rbf_svm_z2", "acc_rbf_svm_z2_draw", "acc_logistic_z2"} <= set(stored)
        assert -10 * np.log10(stored["psnr"].mean(dtype=float)) == pytest.approx(row["psnr"], rel=1e-5)
        assert stored["acc_knn_z2"].shape == (3, 360)
        for column in stored.keys() - {"psnr"}:
            assert stored[column].mean() == pytest.approx(row[column], rel=1e-6)
        for column in stored:
            error = np.sqrt(paired[column].at[row["checkpoint"], row["checkpoint"]])
            assert error == pytest.approx(row[f"{column}_se"], rel=1e-3) or error == 0


def test_only_missing_contributions_of_single_images_are_made_again_and_come_out_the_same(
    atlas_folder, measured
):
    first, second, *_ = per_image_files(atlas_folder)
    before = {file: file.read_bytes() for file in (first, second)}
    table = (atlas_folder / "metrics.parquet").read_bytes()
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1] + b"?")
    assert not is_current(Atlas.open(atlas_folder))
    evaluate_atlas(atlas_folder, "data")
    assert measured == [] and is_current(Atlas.open(atlas_folder))
    assert {file: file.read_bytes() for file in (first, second)} == before
    assert (atlas_folder / "metrics.parquet").read_bytes() == table


def test_numbers_that_single_images_do_not_add_up_to_are_found(atlas_folder):
    path = atlas_folder / "metrics.parquet"
    table = pd.read_parquet(path)
    table.loc[1, "psnr"] += 0.5
    table.to_parquet(path, index=False)
    content = json.loads((atlas_folder / "atlas.json").read_text())
    content["files"]["metrics.parquet"] = sha256(path)
    (atlas_folder / "atlas.json").write_text(json.dumps(content))
    (found,) = problems(atlas_folder)
    assert "does not add up to psnr in the table" in found


@pytest.mark.parametrize(
    ("tensors", "about", "sentence"),
    [
        ({"psnr": np.ones(4, np.float32)}, {"images": 5}, "psnr is not one number for each of 5 images"),
        ({"acc_knn_z2": np.ones((3, 4), np.uint8)}, {"images": 99}, "is not one number for each of 99"),
        ({"acc_knn_z2": np.ones((3, 4), np.float32)}, {"images": 4}, "is not one number for each of 4"),
        ({"acc_knn_z2": np.ones((0, 1), np.uint8)}, {"images": 4}, "is not one number for each of 4"),
        ({"gain": np.ones(4, np.float32)}, {"images": 4}, "which is no column"),
        ({"psnr": np.ones(4, np.float32)}, {"images": True}, "does not say what it is of"),
        ({"psnr": np.ones(4, np.float32)}, {"images": 4, "evaluation": 1}, "does not say what it is of"),
        ({"psnr": np.ones(4, np.float32)}, {"images": 4, "checkpoint": "0" * 64}, "is of another checkpoint"),
    ],
)
def test_a_strangers_contributions_of_single_images_are_refused_in_one_sentence(
    atlas_folder, tensors, about, sentence
):
    atlas = Atlas.open(atlas_folder)
    checkpoint, file = atlas.metrics["checkpoint"][0], per_image_files(atlas_folder)[0]
    usual = {"checkpoint": sha256(atlas_folder / checkpoint), "evaluation": {}}
    write_tensors(
        file, {name: torch.from_numpy(array) for name, array in tensors.items()}, {"per_image": usual | about}
    )
    content = json.loads((atlas_folder / "atlas.json").read_text())
    content["files"][f"per-image/{file.name}"] = sha256(file)
    (atlas_folder / "atlas.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=sentence):
        read_per_image(Atlas.open(atlas_folder), checkpoint)
    assert any(sentence in one for one in problems(atlas_folder))
    assert paired_errors(Atlas.open(atlas_folder))["psnr"].loc[checkpoint].isna().all()
