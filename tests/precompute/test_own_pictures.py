"""Runs on folders of pictures as people have them: few, without classes, split already, moved, changed."""

import json
import shutil
import warnings

import numpy as np
import pytest
from command_line import called
from PIL import Image
from small_runs import CONFIG

from hvae import Atlas
from hvae.atlas.verify import problems
from hvae.metrics.registry import measurements, metric_columns

METRIC_COLUMNS = metric_columns()
NEED_LABELS = [name for one in measurements() if one.needs_labels for name in one.names]
OPTIONS = ["--betas", "1:1:1", "--epochs", "1", "--jobs", "1", "--device", "cpu"]


@pytest.fixture(autouse=True)
def small(quick_measuring, monkeypatch, tmp_path):
    """Small models, few samples, no cache, and this folder to work in."""
    monkeypatch.setattr("precompute.run.model_config", lambda *_: CONFIG)
    monkeypatch.setattr("precompute.planning.cost.model_config", lambda *_: CONFIG)
    monkeypatch.setattr("precompute.planning.cost.MEASURED_SECONDS", 0.02)
    monkeypatch.setenv("HVAE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def draw(folder, counts, shade=0):
    """Grey pictures, so many of each class, of random dots."""
    dots = np.random.default_rng(shade)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            picture = dots.integers(0, 256, (32, 32), dtype=np.uint8)
            Image.fromarray(picture).save(folder / name / f"{shade}-{i:03}.png")
    return folder


def run(*arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        return called(*arguments, *OPTIONS)


NEED_FIVE = ["frechet", "precision", "recall"]
"""What needs five test images."""
FOLDERS = {
    # What is in the folder, what is said before training, and what then has no number.
    "one test image": (
        {"cats": 5, "dogs": 1},
        ["one test image only", "All test images are of one class, cats", "dogs has a single image"],
        ["mi_z2", "mi_z1", "mi_z2_bound", "psnr_se", *NEED_FIVE],
    ),
    "no classes": ({"": 9}, ["have no classes: what needs labels"], NEED_LABELS),
    "one class": ({"cats": 9}, ["are all of one class, cats"], NEED_LABELS),
    "no classes and one test image": ({"": 3}, ["no classes", "one test image"], [*NEED_LABELS, "psnr_se"]),
    "two pictures of one class": ({"cats": 2}, ["one class, cats", "one test"], [*NEED_LABELS, "psnr_se"]),
    "classes of one member": (
        {"a": 1, "b": 1, "c": 9},
        ["a, b each have a single image"],
        ["mi_z2", "mi_z1", "mi_z2_bound", *NEED_FIVE],
    ),
    "few test images": ({"a": 8, "b": 8}, ["only 2 test images: standard errors will be large"], NEED_FIVE),
    "a split": (
        {"train/a": 4, "train/b": 4, "test/a": 2, "test/b": 3},
        ["13 pictures: 6 a, 7 b; 8 to train on, 5 to test on"],
        [],
    ),
    "a split without classes": ({"train": 4, "val": 2}, ["have no classes"], NEED_LABELS),
    "a split whose training images are of one class": (
        {"train/a": 4, "test/a": 2, "test/b": 2},
        ["All training images are of one class, a"],
        NEED_LABELS,
    ),
    "a class that nothing tests": (
        {"train/a": 4, "train/b": 4, "train/c": 4, "val/a": 2, "val/b": 2},
        ["c has no test image", "too few test images, 4: the Fréchet distance"],
        NEED_FIVE,
    ),
    "a class that nothing trains": (
        {"train/a": 4, "train/b": 4, "val/a": 2, "val/b": 2, "val/c": 2},
        ["c has no training image"],
        [],
    ),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_run_says_what_it_cannot_measure_and_goes_through_to_the_end(tmp_path, name):
    counts, said, without_number = FOLDERS[name]
    draw(tmp_path / "pets", counts)
    planned, made = (run(command, "atlas", "--dataset", "folder:pets") for command in ("plan", "run"))
    assert (planned.returncode, made.returncode) == (0, 0), made.stderr
    before_training = made.stderr.split("parent  1 epochs")[0]
    for words in said:
        assert words in planned.stdout and words in before_training
    assert problems("atlas") == []
    atlas = Atlas.open("atlas")
    row = atlas.metrics.iloc[0]
    assert [column for column in without_number if np.isfinite(row[column])] == []
    expected = set(METRIC_COLUMNS) - set(without_number)
    assert [column for column in expected if not np.isfinite(row[column])] == []
    assert np.isfinite(list(atlas.manifest.ceiling.values())).all()
    assert bool(atlas.manifest.ceiling) == ("inception_score" in expected)
    assert "1 with every metric" in called("status", "atlas").stdout
    assert "up to date" in called("evaluate", "atlas").stderr


def test_what_is_used_and_passed_over_is_in_the_atlas(tmp_path):
    draw(tmp_path / "pets", {"cats": 6, "dogs": 8, "dogs/more": 3})
    (tmp_path / "pets" / "cats" / "x.raw").write_bytes(b"")
    made = run("run", "atlas", "--dataset", "folder:pets")
    assert "14 pictures of 18 files: 6 cats, 8 dogs" in made.stderr
    assert "4 files passed over: 3 in sub-folders, 1 .raw" in made.stderr
    kept = json.loads((tmp_path / "atlas" / "atlas.json").read_text())["pictures"]
    assert kept == {"train": [5, 7], "test": [1, 1], "passed_over": {".raw": 1, "in sub-folders": 3}}


def test_pictures_that_moved_are_the_same_data_set(tmp_path, monkeypatch):
    draw(tmp_path / "pets", {"cats": 6, "dogs": 8})
    assert run("run", "atlas", "--dataset", "folder:./pets/").returncode == 0
    before = (tmp_path / "atlas" / "metrics.parquet").read_bytes()
    assert Atlas.open("atlas").manifest.dataset == "folder:pets"
    elsewhere = tmp_path / "else" / "where"
    elsewhere.mkdir(parents=True)
    shutil.move(tmp_path / "pets", elsewhere / "animals")
    monkeypatch.chdir(elsewhere)
    again = run("run", tmp_path / "atlas", "--dataset", "folder:animals")
    assert again.returncode == 0 and "1 points, 1 done" in again.stderr, again.stderr
    assert (tmp_path / "atlas" / "metrics.parquet").read_bytes() == before


def forget(folder):
    """Have an atlas lack a metric, so that its images are needed."""
    content = json.loads((folder / "atlas.json").read_text())
    content["evaluation"]["probes"] = "{}"
    (folder / "atlas.json").write_text(json.dumps(content))


def test_evaluate_is_told_where_pictures_are_now(tmp_path):
    draw(tmp_path / "pets", {"cats": 6, "dogs": 8})
    assert run("run", "atlas", "--dataset", "folder:pets").returncode == 0
    (tmp_path / "data").mkdir()
    shutil.move(tmp_path / "pets", tmp_path / "data" / "animals")
    forget(tmp_path / "atlas")
    lost = called("evaluate", "atlas")
    assert lost.returncode == 2 and "--dataset folder:PATH" in lost.stderr
    assert called("evaluate", "atlas", "--dataset", "folder:data/animals").returncode == 0
    assert problems("atlas") == []
    forget(tmp_path / "atlas")
    (tmp_path / "data" / "animals").rename(tmp_path / "data" / "pets")
    assert called("evaluate", "atlas", "--data-dir", "data").returncode == 0


@pytest.mark.parametrize("command", ["run", "plan", "evaluate"])
def test_of_changed_pictures_it_is_said_how_many_came_and_went(tmp_path, command):
    draw(tmp_path / "pets", {"cats": 6, "dogs": 8})
    assert run("run", "atlas", "--dataset", "folder:pets").returncode == 0
    forget(tmp_path / "atlas")
    draw(tmp_path / "pets", {"cats": 2}, shade=1)
    (tmp_path / "pets" / "dogs" / "0-003.png").unlink()
    if command == "evaluate":
        result = called("evaluate", "atlas")
    else:
        result = run(command, "atlas", "--dataset", "folder:pets")
    assert result.returncode == 2
    assert "2 pictures came (2 cats) and 1 picture went (1 dogs)" in result.stderr


def test_a_name_with_colons_is_no_emoji(tmp_path):
    draw(tmp_path / "one", {"cats": 6, "dogs": 8})
    assert "folder:one: 1 points" in run("run", "atlas", "--dataset", "folder:one").stderr


STRANGE = ("cat\u202egnp", "do\x1b[31mg", "be\u200ba\rr", "co\nw", "\x07owl", "\u2066ape")
"""Names that would turn the text around, colour it, or ring the bell."""


def test_names_of_classes_move_no_cursor_and_turn_no_text(tmp_path):
    draw(tmp_path / "pets", dict.fromkeys(STRANGE, 4))
    planned, made = (run(command, "atlas", "--dataset", "folder:pets") for command in ("plan", "run"))
    assert (planned.returncode, made.returncode) == (0, 0), made.stderr
    for said in (planned.stdout, made.stderr, called("status", "atlas").stdout):
        assert all(line.isprintable() for line in said.split("\n")), said
    assert "gnp" in planned.stdout and "[31mg" in planned.stdout


def test_a_class_whose_name_cannot_be_kept_is_refused_before_training(tmp_path):
    draw(tmp_path / "pets", {"cats": 6, "d" * 201: 8})
    for command in ("plan", "run"):
        result = run(command, "atlas", "--dataset", "folder:pets")
        assert result.returncode == 2 and "at most 200" in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
