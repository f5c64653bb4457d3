"""`python -m app --export`: what is written, where it may be, and that nobody's words become script."""

import errno
import html
import json
import os
import re
import shutil

import pytest
from atlas_builder import add_parent, build_atlas
from plugins import linear_architecture, without_plugins
from recorded_once import recorded_once

from app.export import writing
from app.export.export import Options, exported, first_address
from app.export.html import MARK, Page, json_text
from app.export.layout import Layout, sort_properties
from app.export.licences import licences
from app.export.models import by_weight, chosen_points, runs_in_browsers
from hvae.architectures.plugin import load_plugin
from hvae.architectures.registry import names
from hvae.atlas.atlas import Atlas, shipped_names
from hvae.config import HVAEConfig
from hvae.errors import UserError

EVIL = "</script><script>alert(1)</script><!-- \" ' \u2028 & <img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    return Atlas.open(add_parent(build_atlas(tmp_path_factory.mktemp("atlas") / "small", (1.0, 10.0))))


@pytest.fixture(scope="module", autouse=True)
def record_once():
    with recorded_once():
        yield


def export(atlas, path, **options):
    return list(exported({atlas.name: atlas}, path, Options(**options)))


def files(folder):
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def written(atlas, tmp_path_factory):
    """A folder and a file, exported once, and what was said of the folder; not to be changed."""
    root = tmp_path_factory.mktemp("written")
    said = export(atlas, root / "site")
    export(atlas, root / "page.html")
    return root / "site", root / "page.html", said


def test_the_same_atlas_gives_the_same_bytes_and_replaces_its_own_export_alone(atlas, written, tmp_path):
    first, once, said = files(written[0]), written[1].read_bytes(), written[2]
    assert {"index.html", ".nojekyll", "LICENCES.txt", "atlases/small/parent.safetensors"} <= set(first)
    assert first["atlases/small/b2-1_b1-10.safetensors"] == atlas.read("models/b2-1_b1-10.safetensors")
    assert "4 of 4 models, the parent" in said[1] and "http.server" in said[-1]
    site = shutil.copytree(written[0], tmp_path / "site")
    (site / "stray.txt").write_text("of an earlier version")
    export(atlas, site)
    assert files(site) == first
    page = shutil.copy(written[1], tmp_path / "page.html")
    export(atlas, page)
    assert page.read_bytes() == once and len(once) < 5 * 2**20
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html", "site"]
    times = {data[4:8] for name, data in first.items() if name.startswith("page/")}
    assert times == {bytes(4)}, "gzip would say when it was packed"
    everything = b"".join([*first.values(), once])
    assert b"2026-" not in once and str(written[0].parent).encode() not in everything


LICENSED = {
    "HVAE Explorer": "The HVAE Explorer maintainers",
    "dash": "Plotly Technologies Inc.",
    "dash-mantine-components": "Snehil Vijay",
    "plotly": "Plotly Technologies Inc.",
    "plotly.js": "Plotly, Inc.",
    "React": "Meta Platforms, Inc.",
    "Mantine": "Vitaly Rtishchev",
}
"""Whose programs an export holds, all of them under the MIT licence."""


def test_the_licences_of_all_that_it_holds_are_in_a_folder_and_in_one_file(written):
    in_folder = (written[0] / "LICENCES.txt").read_text(encoding="utf-8")
    page = written[1].read_text(encoding="utf-8")
    (in_page,) = re.findall(r'<script type="text/plain" id="licences">(.*?)</script>', page, re.DOTALL)
    assert html.unescape(in_page) == in_folder
    *programs, bundled, data = [part.strip() for part in in_folder.split("-" * 100)]
    assert [part.partition("\n")[0] for part in programs] == list(LICENSED)
    for part, holder in zip(programs, LICENSED.values(), strict=True):
        words = " ".join(part.split())
        assert holder in words and "Permission is hereby granted, free of charge" in words
        assert "THE SOFTWARE IS PROVIDED" in words
    assert "Font Awesome" in bundled and "buffer module" in bundled and "react-jsx-runtime" in bundled
    assert data.startswith("Test images") and "Handwritten Digits" in data


def test_that_a_plug_ins_models_have_no_pictures_is_said(tmp_path):
    assert all(map(runs_in_browsers, names()))
    with without_plugins():
        (tmp_path / "linear.py").write_text(linear_architecture(), encoding="utf-8")
        load_plugin(tmp_path / "linear.py")
        config = HVAEConfig(architecture="linear", width=8, top_dim=4, channels=2)
        said = export(Atlas.open(build_atlas(tmp_path / "atlas", (1.0,), config)), tmp_path / "page.html")
    assert [line for line in said if "pictures" in line and "the architecture linear" in line]


@pytest.mark.parametrize("name", shipped_names())
def test_the_data_of_every_atlas_that_ships_has_a_licence(name):
    said = licences([Atlas.shipped(name).manifest.dataset], [])
    assert "see where the data set is from" not in said


def test_where_a_strangers_pictures_lie_is_not_said():
    said = licences(["folder:/home/somebody/pictures"], [])
    assert "folder: see where" in said and "somebody" not in said


@pytest.mark.parametrize("there", ["folder with files", "file", "link", "page of another's"])
def test_what_is_not_an_export_is_never_replaced(atlas, tmp_path, there):
    place = tmp_path / ("out.html" if there in ("file", "page of another's") else "out")
    if there == "folder with files":
        place.mkdir()
        (place / "index.html").write_text("<!DOCTYPE html>\nmy own")
    elif there == "link":
        (tmp_path / "mine").mkdir()
        place.symlink_to(tmp_path / "mine")
    else:
        place.write_text("precious" if there == "file" else f"<!DOCTYPE html>\n<p>{MARK}")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match="no export"):
        export(atlas, place)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["site", "page.html"])
def test_a_full_disk_leaves_what_was_there(atlas, tmp_path, name, monkeypatch):
    place = tmp_path / name
    data = b"<!DOCTYPE html>\n" + MARK.encode() + b"\n"

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError) as raised:
        if name == "site":
            writing.write_folder(place, {"index.html": data})
        else:
            writing.write_file(place, data)
    assert raised.value.filename == str(place) and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"models": "some"}, "--models"),
        ({"models": "-1"}, "--models"),
        ({"start": "view=model"}, "--start"),
        ({"test_images": 0}, "--test-images"),
    ],
)
def test_a_mistake_is_told_before_anything_is_made(atlas, tmp_path, options, words):
    with pytest.raises(UserError, match=words):
        export(atlas, tmp_path / "site", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_must_be_there_to_write_to(atlas, tmp_path):
    with pytest.raises(UserError, match="no folder"):
        export(atlas, tmp_path / "no" / "site")


def test_parent_needs_a_parent(tmp_path, tiny_atlas):
    with pytest.raises(UserError, match="has no parent"):
        export(Atlas.open(tiny_atlas), tmp_path / "site", models="parent")


def test_the_models_that_matter_most_come_first(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    listed = by_weight(atlas)
    assert listed[0] == "b2-1_b1-1" and sorted(listed) == sorted(chosen_points(atlas, "all"))
    optimum = atlas.metrics.loc[atlas.metrics["psnr"].idxmax(), "checkpoint"]
    assert f"models/{listed[1]}.safetensors" == optimum
    assert {"b2-0.1_b1-0.1", "b2-1_b1-1", "b2-10_b1-10"} <= set(listed[:6])
    for count in range(10):
        assert set(chosen_points(atlas, str(count))) == set(listed[:count])


def test_an_address_to_begin_at():
    assert first_address(Options()) == ""
    assert first_address(Options(start="?view=model")) == "?view=model"
    assert first_address(Options(start="?view=model", lecture=True)) == "?view=model&lecture=1"
    assert first_address(Options(start="?lecture=3", lecture=True)) == "?lecture=3"


def test_nobodys_words_become_script():
    page = Page(
        title=EVIL,
        styles="p { color: red }",
        boot="run();",
        config={EVIL: EVIL},
        description="{}",
        contents={"start": EVIL, "atlases": [EVIL]},
        packed={EVIL: b"\0"},
        licences=EVIL,
    )
    text = page.text()
    assert "alert(1)</script>" not in text and "<img" not in text
    assert "\u2028" not in text.partition('id="_dash-config"')[2].partition('id="packed-')[0]
    assert re.findall(r"<script[^>]*>", text)[-1] == "<script>" and text.count("<script>") == 1
    assert json.loads(json_text({"said": EVIL})) == {"said": EVIL}


def test_what_would_end_a_script_is_refused():
    page = Page("", "", "say('</script>');", {}, "{}", {}, {}, "")
    with pytest.raises(ValueError, match="end an element"):
        page.text()


def test_a_dot_beyond_the_parents_range_has_no_stand_in():
    def point(beta, version="v"):
        return {"beta_2": beta, "beta_1": 1.0, "version": version}

    points = {"a": point(1.0), "b": point(100.0), "c": point(2.0), "d": point(1.0, "")}
    store = {"id": "points", "data": points}
    message = {"props": {"id": "link-message"}, "type": "P", "namespace": "html"}
    children = [{"props": store, "type": "Store", "namespace": "dcc"}, message]
    layout = Layout({"props": {"children": children}, "type": "Div", "namespace": "html"})
    layout.hold_models({"c"}, (0.1, 10.0))
    assert points["a"]["stand_in"] and not points["b"]["stand_in"] and points["b"]["version"] == ""
    assert points["c"] == point(2.0) and points["d"] == point(1.0, "")
    said = [child["props"]["children"] for child in children if "children" in child["props"]]
    assert "Pictures of 1 of 4 are drawn here by the parent" in said[0]
    assert "1 of 4 dots are not part" in said[1]


def test_the_order_of_properties_which_processes_differ_in_makes_no_difference():
    def component(*names):
        inner = {"props": dict.fromkeys(names), "type": "I", "namespace": "html"}
        props = {**dict.fromkeys(names), "children": [inner], "data": {"z": 1, "a": 2}}
        return {"props": props, "type": "Div", "namespace": "html"}

    one, other = (sort_properties(component(*names)) for names in (("data-b", "id"), ("id", "data-b")))
    assert json.dumps(one) == json.dumps(other)
    assert list(one["props"]["data"]) == ["z", "a"]  # what a store holds keeps its order
