"""Part of an atlas, made again, is compared with the atlas."""

import importlib.util
import shutil
import sys

import pytest
from atlas_builder import as_made_from
from documents import ROOT
from small_runs import run_small, small_data

from hvae.numerics import denormals_flushed

SCRIPT = ROOT / "bench" / "reproduce.py"


@pytest.fixture
def reproduce(monkeypatch, tmp_path):
    """The script, for which digits are fewer."""
    spec = importlib.util.spec_from_file_location("reproduce", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "reproduce", module)
    spec.loader.exec_module(module)
    data = small_data()
    monkeypatch.setattr(module, "load", lambda name, split, *_, **__: getattr(data, split))
    monkeypatch.setenv("HVAE_CACHE_DIR", str(tmp_path))  # which the script changes
    return module


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "atlas"
    with denormals_flushed():
        run_small(out, small_data())
    return out


def test_the_same_seed_gives_the_same_parent_points_and_numbers(
    made, reproduce, tmp_path, capsys, monkeypatch
):
    work = tmp_path / "work"
    assert reproduce.main(["--atlas", str(made), "--points", "1", "--parent", "--work", str(work)]) == 0
    said = capsys.readouterr().out
    assert "6 of 6 numbers are the same to the last bit" in said
    assert said.count("all the same") == 2 and not work.exists()


def test_points_are_trained_from_the_parent_that_ships_though_an_older_release_wrote_it(
    made, reproduce, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("precompute.atlas_folder.folder.SHA256", "what no file has")
    assert reproduce.main(["--atlas", str(made), "--points", "1", "--work", str(tmp_path / "work")]) == 0
    said = capsys.readouterr()
    assert "6 of 6 numbers are the same to the last bit" in said.out
    assert "parent" not in said.err


def test_an_atlas_of_other_images_is_refused(made, reproduce, tmp_path, capsys):
    other = tmp_path / "other"
    shutil.copytree(made, other)
    as_made_from(other, data={"train": "0" * 64, "test": "0" * 64})
    assert reproduce.main(["--atlas", str(other), "--work", str(tmp_path / "work")]) == 2
    assert "other images of digits" in capsys.readouterr().err
