"""The picture endpoints: what they show, what they refuse, and how they can be cached."""

import io
from urllib.parse import quote

import numpy as np
import pytest
import torch
from atlas_builder import build_atlas, flip_one_byte
from PIL import Image
from sheets import as_bytes, tiles

from app.pictures.contact_sheet import GAP, contact_sheet, paired_sheet
from app.server.build import create_app
from hvae.atlas.atlas import Atlas

POINT = "/pictures/tiny/b2-1_b1-0.1"


@pytest.fixture(scope="module")
def client(tiny_atlas):
    return create_app({"tiny": Atlas.open(tiny_atlas)}).server.test_client()


@pytest.fixture(scope="module")
def model(tiny_atlas):
    return Atlas.open(tiny_atlas).load(beta_2=1, beta_1=0.1)


def test_samples_are_those_of_the_model(client, model):
    response = client.get(f"{POINT}/samples.png?n=16&seed=3&temperature=0.5")
    assert response.status_code == 200 and response.mimetype == "image/png"
    shown = tiles(response.data)
    assert shown.shape == (2, 8, 32, 32)
    expected = as_bytes(model.sample(16, seed=3, temperature=0.5))
    assert np.abs(shown.reshape(16, 32, 32).astype(int) - expected).max() <= 1


def test_reconstructions_stand_below_their_originals(client, model, tiny_atlas):
    response = client.get(f"{POINT}/reconstructions.png?images=5,0,7")
    shown = tiles(response.data)
    assert shown.shape == (2, 3, 32, 32)
    originals = Atlas.open(tiny_atlas).examples().images[[5, 0, 7]]
    assert (shown[0] == originals[:, 0]).all()
    expected = as_bytes(model.reconstruct(torch.from_numpy(originals).float() / 255))
    assert np.abs(shown[1].astype(int) - expected).max() <= 1


def test_a_traversal_shifts_the_z2_of_the_samples(client, model):
    response = client.get(f"{POINT}/traversal.png?seed=3&z2.1=2&z2.6=-1.5")
    z2 = model.noise(16, seed=3)[-1]
    z2[:, 1] += 2
    z2[:, 6] -= 1.5
    shown = tiles(response.data).reshape(16, 32, 32)
    assert np.abs(shown.astype(int) - as_bytes(model.decode({2: z2}, fill="mean"))).max() <= 1


def test_the_same_address_gives_the_same_picture_and_others_another(client):
    addresses = [
        f"{POINT}/samples.png?seed=0",
        f"{POINT}/samples.png?seed=1",
        f"{POINT}/traversal.png?seed=0",
        f"{POINT}/traversal.png?seed=0&z2.0=1",
        "/pictures/tiny/b2-10_b1-0.1/samples.png?seed=0",
    ]
    first = [client.get(address) for address in addresses]
    again = [client.get(address) for address in addresses]
    assert [response.data for response in first] == [response.data for response in again]
    assert len({response.data for response in first}) == len(addresses)
    assert len({response.headers["ETag"] for response in first}) == len(addresses)


def test_a_picture_that_the_client_has_is_not_sent_again(client):
    response = client.get(f"{POINT}/samples.png")
    etag = response.headers["ETag"]
    assert not etag.startswith("W/") and response.headers["Cache-Control"] == "no-cache"
    again = client.get(f"{POINT}/samples.png?temperature=1&n=16", headers={"If-None-Match": etag})
    assert again.status_code == 304 and again.data == b"" and again.headers["ETag"] == etag
    other = client.get(f"{POINT}/samples.png?seed=1", headers={"If-None-Match": etag})
    assert other.status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        *("n=0", "n=65", "n=many", "n=1.5", "n=", "seed=-1", "seed=2147483648", "seed=1e3"),
        *("temperature=nan", "temperature=inf", "temperature=-1", "temperature=5.1", "temperature=1e308"),
        *("n=1&n=1", "size=3", "z2.0=1", "shifts=1", "%00=1", "n=%F0%9F%98%80"),
        *("n=1_0", "n=%D9%A1", "n=%201", "seed=0x1", "temperature=1_0", "temperature=%EF%BC%91"),
        *("n=1%00", "n=" + "9" * 5000, "temperature=infinity", "temperature=-0.1", "n=true"),
    ],
)
def test_bad_sample_parameters_are_refused_in_a_sentence(client, query):
    refused(client.get(f"{POINT}/samples.png?{query}"))


@pytest.mark.parametrize(
    "query",
    [
        *("images=", "images=-1", "images=12", "images=0,0", "images=0,,1", "images=a", "images=1e1"),
        *("images=%D9%A1", "images=1_0", "images=0, 1", "images=0&images=1", "images[]=0"),
    ],
)
def test_bad_images_are_refused(client, query):
    refused(client.get(f"{POINT}/reconstructions.png?{query}"))


def test_too_many_images_are_refused(client):
    refused(client.get(f"{POINT}/reconstructions.png?images={','.join(map(str, range(65)))}"))


@pytest.mark.parametrize(
    "query",
    [
        *(
            "z2.8=1",
            "z2.-1=1",
            "z2.01=1",
            "z2.x=1",
            "z1.11=1",
            "z3.0=1",
            "z2.=1",
            "z2.0=10.1",
            "z2.0=nan",
            "z2.0=-inf",
        ),
        *("z2.0=1&z2.0=2", "shifts=1", "n=4", "z2.99999=1", "z2.0="),
    ],
)
def test_bad_shifts_are_refused(client, query):
    refused(client.get(f"{POINT}/traversal.png?{query}"))


def refused(response):
    assert response.status_code == 400, response.data
    sentence = response.get_json()["error"]
    assert sentence.endswith(".") and "\n" not in sentence


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/other/b2-1_b1-0.1/samples.png",
        "/pictures/tiny/b2-9_b1-9/samples.png",
        "/pictures/tiny/b2-1_b1-0.1/portrait.png",
        "/pictures/tiny",
        f"/pictures/tiny/{quote('../../etc/passwd', safe='')}/samples.png",
    ],
)
def test_what_is_not_there_is_not_found(client, path):
    response = client.get(path)
    assert response.status_code == 404 and response.get_json()["error"]


def test_other_methods_are_refused_with_a_reason(client):
    response = client.post(f"{POINT}/samples.png")
    assert response.status_code == 405 and response.get_json()["error"]
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_damaged_checkpoint_is_told_without_the_servers_paths(own_atlas):
    client = create_app({"own": Atlas.open(own_atlas)}).server.test_client()
    address = "/pictures/own/b2-1_b1-1/samples.png"
    etag = client.get(address).headers["ETag"]
    file = own_atlas / "models" / "b2-1_b1-1.safetensors"
    whole = file.read_bytes()
    flip_one_byte(file)
    for headers in ({}, {"If-None-Match": etag}):
        response = client.get(address, headers=headers)
        assert response.status_code == 409
        sentence = response.get_json()["error"]
        assert "b2-1_b1-1.safetensors" in sentence and "damaged" in sentence
        assert str(own_atlas.parent) not in sentence
    assert client.get("/pictures/own/b2-1_b1-10/samples.png").status_code == 200
    download = client.get("/atlases/own/b2-1_b1-1.safetensors")
    assert download.status_code == 409 and download.get_json()["error"] == sentence
    file.unlink()
    assert client.get(address).status_code == 409
    file.write_bytes(whole)
    assert client.get(address).status_code == 200


def test_a_damaged_examples_file_spoils_reconstructions_only(own_atlas):
    flip_one_byte(own_atlas / "examples.npz")
    client = create_app({"own": Atlas.open(own_atlas)}).server.test_client()
    assert client.get("/pictures/own/b2-1_b1-1/reconstructions.png").status_code == 409
    assert client.get("/pictures/own/b2-1_b1-1/samples.png").status_code == 200


def test_colour_pictures(tmp_path):
    from hvae.config import HVAEConfig

    folder = build_atlas(tmp_path / "colour", (1.0,), HVAEConfig((3, 32, 32), top_dim=4, channels=2, width=8))
    client = create_app({"colour": Atlas.open(folder)}).server.test_client()
    for kind in ("samples", "reconstructions", "traversal"):
        response = client.get(f"/pictures/colour/b2-1_b1-1/{kind}.png")
        assert Image.open(io.BytesIO(response.data)).mode == "RGBA"


def test_a_contact_sheet_has_rows_of_eight_with_transparent_gaps():
    pictures = np.full((10, 1, 4, 4), 7, np.uint8)
    sheet = contact_sheet(pictures)
    assert sheet.shape == (2 * 4 + GAP, 8 * 4 + 7 * GAP, 2)
    assert (sheet[sheet[..., 1] == 255, 0] == 7).all() and (sheet[..., 1] == 255).sum() == 10 * 16


def test_a_paired_sheet_of_more_than_one_row():
    above, below = np.full((10, 3, 4, 4), 1, np.uint8), np.full((10, 3, 4, 4), 2, np.uint8)
    sheet = paired_sheet(above, below)
    assert sheet.shape == (4 * 4 + 3 * GAP, 8 * 4 + 7 * GAP, 4)
    assert [int(sheet[row * (4 + GAP), 0, 0]) for row in range(4)] == [1, 2, 1, 2]
