"""An atlas that changes while it is served: a message where something is amiss, all else goes on."""

from __future__ import annotations

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from atlas_builder import build_atlas, flip_one_byte
from callbacks import ask_for_figures

from app.server.build import create_app
from hvae.atlas.atlas import Atlas, read_manifest, table_columns
from hvae.atlas.metrics_table import write_table
from hvae.files import write_json

PICTURE = "/pictures/own/b2-1_b1-1/samples.png?n=1"
OTHER = "/pictures/own/b2-10_b1-10/samples.png?n=1"


@pytest.fixture
def client(own_atlas):
    return create_app({"own": Atlas.open(own_atlas)}).server.test_client()


def texts(component):
    """All words of a layout."""
    if isinstance(component, str):
        return [component]
    if isinstance(component, dict):
        return texts(component.get("props", {}).get("children"))
    return [text for part in component or [] for text in texts(part)] if isinstance(component, list) else []


def page(client):
    return " ".join(texts(client.get("/_dash-layout").get_json()))


def refused(client, address, status):
    answer = client.get(address)
    assert answer.status_code == status, answer.data
    sentence = answer.get_json()["error"]
    assert sentence.endswith(".") and "/tmp" not in sentence
    return sentence


def without(folder, *gone):
    """Take points out of an atlas, as if a run had not reached them yet."""
    manifest = read_manifest(folder)
    metrics = pd.read_parquet(folder / "metrics.parquet")
    files = {name: digest for name, digest in manifest.files.items() if name not in gone}
    write_table(
        folder, manifest.model_copy(update={"files": files}), metrics[~metrics["checkpoint"].isin(gone)]
    )


def test_points_that_a_run_adds_are_served(own_atlas, client, tmp_path):
    whole = shutil.copytree(own_atlas, tmp_path / "whole")
    without(own_atlas, "models/b2-1_b1-1.safetensors")
    refused(client, PICTURE, 404)
    assert "8 two-layer models" in page(client)
    for name in ("metrics.parquet", "atlas.json"):
        (whole / name).replace(own_atlas / name)
    assert client.get(PICTURE).status_code == 200
    assert "9 two-layer models" in page(client)
    assert client.get("/atlases/own/metrics.csv").text.count("\n") == 10


def test_a_checkpoint_that_is_gone_or_damaged_costs_its_own_pictures_until_it_is_back(own_atlas, client):
    file = own_atlas / "models/b2-1_b1-1.safetensors"
    whole, before = file.read_bytes(), client.get(PICTURE).data
    file.unlink()
    assert "cannot be read" in refused(client, PICTURE, 409)
    assert client.get(OTHER).status_code == 200
    file.write_bytes(whole)
    flip_one_byte(file)
    assert "damaged" in refused(client, PICTURE, 409)
    file.write_bytes(whole)
    assert client.get(PICTURE).data == before


def test_a_folder_that_goes_away_leaves_the_page_and_comes_back(own_atlas, client, tmp_path):
    before = client.get(PICTURE).data
    own_atlas.rename(tmp_path / "elsewhere")
    assert "There is no folder own" in page(client)
    assert "9 two-layer models" in page(client) and client.get("/").status_code == 200
    refused(client, PICTURE, 409)
    refused(client, "/pictures/own/b2-1_b1-1/reconstructions.png", 409)
    assert client.get("/atlases/own/metrics.csv").status_code == 200
    (tmp_path / "elsewhere").rename(own_atlas)
    assert "There is no folder" not in page(client)
    assert client.get(PICTURE).data == before
    assert client.get("/pictures/own/b2-1_b1-1/reconstructions.png").status_code == 200


@pytest.mark.parametrize("text", ["", "{", '{"schema_version": 2}'])
def test_while_atlas_json_cannot_be_read_what_was_read_before_stays(own_atlas, client, text):
    whole, before = (own_atlas / "atlas.json").read_bytes(), client.get(PICTURE).data
    (own_atlas / "atlas.json").write_text(text)
    assert "The page shows its last readable state." in page(client)
    assert client.get(PICTURE).data == before
    (own_atlas / "atlas.json").write_bytes(whole)
    assert "The page shows its last readable state." not in page(client)
    assert client.get(PICTURE).data == before


def test_another_atlas_in_its_place_is_served_as_what_it_is(own_atlas, colour_atlas, client):
    assert client.get(PICTURE).status_code == 200
    shutil.rmtree(own_atlas)
    shutil.copytree(colour_atlas, own_atlas)
    with create_app({"own": Atlas.open(colour_atlas)}).server.test_client() as fresh:
        assert client.get(PICTURE).data == fresh.get(PICTURE).data
        assert page(client) == page(fresh)


def test_a_checkpoint_that_is_no_longer_what_atlas_json_says_is_refused_though_it_did_not_change(
    own_atlas, client
):
    assert client.get(PICTURE).status_code == 200
    content = json.loads((own_atlas / "atlas.json").read_text())
    content["files"]["models/b2-1_b1-1.safetensors"] = "0" * 64
    write_json(own_atlas / "atlas.json", content)
    assert "damaged" in refused(client, PICTURE, 409)


def test_metrics_that_are_measured_later_get_their_planes(tmp_path):
    folder = build_atlas(tmp_path / "own")
    client = create_app({"own": Atlas.open(folder)}).server.test_client()
    planes = client.get("/_dash-layout").text.count('"control-size-')
    scores = {"inception_score": 4.5, "diversity": 9.0}
    scores |= {f"{name}_calibrated": value for name, value in scores.items()}
    metrics = pd.read_parquet(folder / "metrics.parquet").fillna(scores).fillna(0.5)
    assert set(metrics.columns) == set(table_columns())
    write_table(folder, read_manifest(folder), metrics)
    assert client.get("/_dash-layout").text.count('"control-size-') == 3 > planes
    new = ask_for_figures(client, "", "landscapes", {"sizes": ["psnr", "acc_rbf_svm_z2", "sharpness"]})
    assert all("best" in new["response"][f"landscapes-note-{index}"]["children"] for index in (1, 2))
    opened_before = ask_for_figures(client, "", "landscapes", {"sizes": ["psnr"]})
    drawn = [name for name in opened_before["sideUpdate"] if re.fullmatch(r"landscapes-\d", name)]
    assert drawn == ["landscapes-0"]


def test_figures_are_drawn_again_where_the_atlas_has_changed_and_else_are_not(own_atlas, client):
    drawn = ask_for_figures(client, "", "reconstruction", {})["response"]["reconstruction-drawn"]["data"]
    without(own_atlas, "models/b2-1_b1-1.safetensors")
    again = ask_for_figures(client, "", "reconstruction", {}, drawn)
    assert set(again["sideUpdate"]) == {f"reconstruction-{index}" for index in range(3)}
    assert len(again["sideUpdate"]["reconstruction-0"]["figure"]["data"]) > 0
    drawn = again["response"]["reconstruction-drawn"]["data"]
    assert ask_for_figures(client, "", "reconstruction", {}, drawn) is None


def test_all_who_ask_at_once_see_the_new_atlas(own_atlas, client):
    assert client.get(PICTURE).status_code == 200
    without(own_atlas, "models/b2-1_b1-1.safetensors")
    with ThreadPoolExecutor(8) as readers:
        answers = list(
            readers.map(lambda _: client.application.test_client().get(PICTURE).status_code, range(32))
        )
    assert answers == [404] * 32
