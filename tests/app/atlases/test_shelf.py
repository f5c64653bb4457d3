"""The shelf: readers hold an atlas as it was read, whole, while another one takes its place."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from threading import Event

import pandas as pd
import pytest

from app.atlases.shelf import Shelf, UnknownName
from app.atlases.user_copy import copy_atlas, copy_folder
from hvae import Atlas
from hvae.atlas.manifest import read_manifest
from hvae.atlas.metrics_table import write_table

POINT = "models/b2-1_b1-1.safetensors"
READERS = 20


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HVAE_DATA_DIR", str(tmp_path / "data"))


def smaller(folder, to):
    """A copy of an atlas that lacks POINT; returns `to`."""
    shutil.copytree(folder, to)
    manifest, metrics = read_manifest(to), pd.read_parquet(to / "metrics.parquet")
    (to / POINT).unlink()
    files = {name: digest for name, digest in manifest.files.items() if name != POINT}
    write_table(to, manifest.model_copy(update={"files": files}), metrics[metrics["checkpoint"] != POINT])
    return to


def put_in_place(atlas, folder):
    """Replace table and manifest by those of another, as a run does that writes."""
    for name in ("metrics.parquet", "atlas.json"):
        aside = folder / f".{name}.tmp"
        shutil.copyfile(atlas / name, aside)
        aside.replace(folder / name)


def grow_own_copy(atlas):
    """Make the user's own copy of an atlas; returns its folder."""
    folder = copy_folder(atlas)
    folder.parent.mkdir(parents=True, mode=0o700)
    copy_atlas(atlas, folder)
    return folder


def test_readers_get_a_whole_old_or_a_whole_new_atlas_and_never_a_mixture(own_atlas, tmp_path):
    whole = shutil.copytree(own_atlas, tmp_path / "whole")
    part = smaller(own_atlas, tmp_path / "part")
    known = {
        frozenset(atlas.metrics["checkpoint"]): atlas.manifest for atlas in map(Atlas.open, (whole, part))
    }
    shelf, changed = Shelf({"own": Atlas.open(own_atlas)}), Event()

    def read():
        seen = set()
        while not changed.is_set():
            shelf.refresh()
            snapshot = shelf["own"]
            for _ in range(20):
                points = frozenset(snapshot.atlas.metrics["checkpoint"])
                assert snapshot.atlas.manifest == known[points]
                assert set(snapshot.checkpoints.values()) == points
                assert snapshot.atlas.path == own_atlas
            seen.add(len(points))
        return seen

    with ThreadPoolExecutor(READERS) as threads:
        readers = [threads.submit(read) for _ in range(READERS)]
        try:
            for _ in range(8):
                for other in (part, whole):
                    put_in_place(other, own_atlas)
                    shelf.refresh()
                    assert len(shelf["own"].checkpoints) == len(Atlas.open(other).metrics)
        finally:
            changed.set()
        assert set().union(*(reader.result() for reader in readers)) == {8, 9}


def test_readers_get_the_atlas_or_the_users_own_copy_and_never_files_of_both(
    own_atlas, tmp_path, data_folder
):
    part = smaller(own_atlas, tmp_path / "own-part")
    shelf, copied = Shelf({"own": Atlas.open(part)}, own_copies=True), Event()

    def read():
        while True:
            is_last = copied.is_set()
            shelf.refresh()
            atlas = shelf["own"].atlas
            assert (atlas.path == part) == (len(atlas.metrics) == 8) == (POINT not in atlas.manifest.files)
            if is_last:
                return len(atlas.metrics)

    with ThreadPoolExecutor(READERS) as threads:
        readers = [threads.submit(read) for _ in range(READERS)]
        try:
            folder = grow_own_copy(Atlas.open(part))
            shutil.copyfile(own_atlas / POINT, folder / POINT)
            put_in_place(own_atlas, folder)
        finally:
            copied.set()
        assert [reader.result() for reader in readers] == [9] * READERS


def test_a_copy_that_appears_takes_its_atlases_place_though_nobody_asks(own_atlas, data_folder):
    """As where a visitor has closed the page that a training was started from."""
    shelf = Shelf({"own": Atlas.open(own_atlas)})
    shelf.refresh()
    before = shelf["own"]
    assert before.atlas.path == own_atlas
    folder = grow_own_copy(Atlas.open(own_atlas))
    shelf.refresh()
    after = shelf["own"]
    assert (after.atlas.path, after.origin) == (folder, own_atlas)
    shelf.refresh()
    assert shelf["own"] is after and before.atlas.path == own_atlas


def test_a_copy_that_was_there_before_takes_it_once_it_grows(own_atlas, tmp_path, data_folder):
    """Whoever opens the atlas once more sees the atlas."""
    part = smaller(own_atlas, tmp_path / "own-part")
    folder = grow_own_copy(Atlas.open(part))
    shelf = Shelf({"own": Atlas.open(part)})
    shelf.refresh()
    assert shelf["own"].atlas.path == part
    shutil.copyfile(own_atlas / POINT, folder / POINT)
    put_in_place(own_atlas, folder)
    shelf.refresh()
    assert shelf["own"].atlas.path == folder and len(shelf["own"].checkpoints) == 9


def test_what_a_reader_holds_cannot_be_changed(own_atlas):
    snapshot = Shelf({"own": Atlas.open(own_atlas)})["own"]
    for held, name in ((snapshot, "atlas"), (snapshot.atlas, "metrics"), (snapshot.atlas, "path")):
        with pytest.raises(FrozenInstanceError):
            setattr(held, name, None)


def test_a_version_stands_for_a_content_in_every_process(own_atlas, tmp_path):
    part = smaller(own_atlas, tmp_path / "part")
    whole = shutil.copytree(own_atlas, tmp_path / "whole")
    one, other = Shelf({"own": Atlas.open(own_atlas)}), Shelf({"whole": Atlas.open(whole)})
    first = one["own"].version
    assert first == other["whole"].version
    put_in_place(part, own_atlas)
    one.refresh()
    assert one["own"].version != first
    put_in_place(whole, own_atlas)
    one.refresh()
    assert one["own"].version == first


def test_a_name_that_is_not_there_is_refused_in_a_sentence(own_atlas):
    shelf = Shelf({"own": Atlas.open(own_atlas)})
    assert list(shelf) == ["own"] and "elsewhere" not in shelf
    with pytest.raises(UnknownName, match="There is no such atlas here."):
        shelf["elsewhere"]
