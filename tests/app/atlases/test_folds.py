"""Points between the dots: the parent's folds, by name."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from atlas_builder import add_parent, build_atlas, flip_one_byte
from PIL import Image
from torch.nn.functional import mse_loss

from app.atlases.models import OBJECTS_BYTES
from app.server.build import create_app
from hvae import Atlas
from hvae.atlas.atlas import PARENT
from hvae.atlas.point import Point

NAME = "fold_b2-0.316_b1-2.15"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return add_parent(build_atlas(tmp_path_factory.mktemp("folds") / "with-parent"))


@pytest.fixture(scope="module")
def server(folder):
    return create_app({"with-parent": Atlas.open(folder)}).server


@pytest.fixture
def client(server):
    return server.test_client()


@pytest.fixture(scope="module")
def fold(folder):
    return Atlas.open(folder).load_parent().fold([2.15, 0.316])


def pixels(answer):
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.data)).convert("L"))


@pytest.mark.parametrize("betas", [(0.316, 2.15), (1.0, 10.0), (0.1, 0.123456), (1e-6, 31622.776), (7e8, 3)])
def test_a_name_says_its_betas_to_four_digits(betas):
    told = Point.of_fold(Point(*betas).fold_name)
    assert told == tuple(float(f"{beta:.4g}") for beta in betas)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "fold_b2-1_b1-1.0",
            "fold_b2-01_b1-1",
            "fold_b2-1e0_b1-1",
            "fold_b2-0.31623_b1-1",
            "fold_b2-+1_b1-1",
        ),
        *("fold_b2-nan_b1-1", "fold_b2-1_b1", "fold_b2-._b1-1", "fold_b2-1_b1-1.png", "b2-1_b1-1"),
    ],
)
def test_each_fold_has_one_name_only(name):
    assert Point.of_fold(name) is None


def test_samples_between_the_dots_are_those_of_the_folded_parent(client, fold):
    sheet = pixels(client.get(f"/pictures/with-parent/{NAME}/samples.png?n=8&seed=3"))
    expected = fold.sample(8, seed=3).mul(255).round().byte().numpy()
    assert np.array_equal(sheet[:, :32], expected[0, 0])
    assert np.array_equal(sheet[:, -32:], expected[7, 0])


def test_every_kind_of_picture_can_be_had_of_a_fold(client):
    for kind in ("reconstructions", "traversal", "resample", "dimensions", "mix", "interpolation", "layers"):
        assert pixels(client.get(f"/pictures/with-parent/{NAME}/{kind}.png")).std() > 0


def test_two_places_of_the_plane_look_different_and_have_other_etags(client):
    here, there = (
        client.get(f"/pictures/with-parent/{name}/samples.png") for name in (NAME, "fold_b2-3_b1-0.2")
    )
    assert here.data != there.data and here.headers["ETag"] != there.headers["ETag"]
    assert here.headers["ETag"][0] == '"'
    again = client.get(here.request.path, headers={"If-None-Match": here.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["fold_b2-0.09_b1-1", "fold_b2-1_b1-10.1", "fold_b2-inf_b1-1"])
def test_what_the_parent_does_not_cover_is_not_found(client, name):
    assert client.get(f"/pictures/with-parent/{name}/samples.png").status_code == 404


def test_a_grid_whose_ends_were_rounded_in_a_name_is_covered_to_its_ends(tmp_path):
    folder = add_parent(build_atlas(tmp_path / "ends", (0.0316228, 3.16228)), (0.0316228, 3.16228))
    client = create_app({"ends": Atlas.open(folder)}).server.test_client()
    for name in ("fold_b2-0.03162_b1-3.162", "fold_b2-3.162_b1-0.03162"):
        assert client.get(f"/pictures/ends/{name}/samples.png").status_code == 200


def test_an_atlas_without_a_parent_says_so(tiny_atlas):
    client = create_app({"tiny": Atlas.open(tiny_atlas)}).server.test_client()
    answer = client.get(f"/pictures/tiny/{NAME}/samples.png")
    assert answer.status_code == 404 and "no parent" in answer.json["error"]


def test_a_damaged_parent_spoils_folds_and_no_dot(tmp_path):
    folder = add_parent(build_atlas(tmp_path / "damaged"))
    client = create_app({"damaged": Atlas.open(folder)}).server.test_client()
    assert client.get(f"/pictures/damaged/{NAME}/samples.png").status_code == 200
    flip_one_byte(folder / PARENT)
    answer = client.get(f"/pictures/damaged/{NAME}/samples.png?seed=1")
    assert answer.status_code == 409 and str(tmp_path) not in answer.json["error"]
    assert client.get("/pictures/damaged/b2-1_b1-1/samples.png").status_code == 200


def test_estimates_are_the_folds_rates_distortion_and_psnr_on_the_test_images(client, fold, folder):
    answer = client.get(f"/estimates/with-parent/{NAME}.json").json
    images = torch.from_numpy(Atlas.open(folder).examples().images) / 255
    assert answer["images"] == len(images) == 12
    with torch.no_grad():
        elbo = fold(images, fold.noise(len(images), seed=0))
    assert answer["rate_z1"] == pytest.approx(elbo.rates[:, 0].mean().item(), rel=1e-4)
    assert answer["rate_z2"] == pytest.approx(elbo.rates[:, 1].mean().item(), rel=1e-4)
    assert answer["distortion"] == pytest.approx(elbo.distortion.mean().item(), rel=1e-4)
    error = mse_loss(fold.reconstruct(images), images).item()
    assert answer["psnr"] == pytest.approx(-10 * np.log10(error), rel=1e-4)
    rates = [entry["rate"] for entry in answer["dimensions"]]
    assert rates == sorted(rates, reverse=True) and sum(rates) <= answer["rate_z2"] + 1e-6
    assert answer["stats"]["psnr"].endswith(" dB")


def test_few_images_are_enough_while_a_hand_moves(client):
    assert client.get(f"/estimates/with-parent/{NAME}.json?n=4").json["images"] == 4
    assert client.get(f"/estimates/with-parent/{NAME}.json?n=257").status_code == 400


def test_dots_have_estimates_too(client):
    assert client.get("/estimates/with-parent/b2-1_b1-1.json").json["images"] == 12


def test_folds_that_pass_by_do_not_push_dots_out_of_memory(server, client, monkeypatch):
    models = server.extensions["decoder"].models
    monkeypatch.setattr(models._others, "most_bytes", 4 * OBJECTS_BYTES)
    assert client.get("/pictures/with-parent/b2-1_b1-1/samples.png").status_code == 200
    for step in range(8):
        name = Point(1 + step / 10, 1).fold_name
        assert client.get(f"/pictures/with-parent/{name}/samples.png?n=1").status_code == 200
    assert ("with-parent", "b2-1_b1-1") in models._dots
    assert 0 < len(models._others) < 4 and models._others.bytes <= 4 * OBJECTS_BYTES
