"""What each layer does, in pictures: each against the model's public methods, or another picture."""

import numpy as np
import pytest
import torch
from atlas_builder import build_atlas
from sheets import as_bytes, assert_same, tiles
from sklearn.decomposition import PCA

from app.server.build import create_app
from hvae.atlas.atlas import Atlas
from hvae.config import HVAEConfig

POINT = "/pictures/tiny/b2-1_b1-0.1"


@pytest.fixture(scope="module")
def client(tiny_atlas):
    return create_app({"tiny": Atlas.open(tiny_atlas)}).server.test_client()


@pytest.fixture(scope="module")
def model(tiny_atlas):
    return Atlas.open(tiny_atlas).load(beta_2=1, beta_1=0.1)


@pytest.fixture(scope="module")
def examples(tiny_atlas):
    return Atlas.open(tiny_atlas).examples().images


@pytest.fixture(scope="module")
def show(client):
    def get(address):
        response = client.get(f"{POINT}/{address}")
        assert response.status_code == 200, response.data
        return tiles(response.data)

    return get


def floats(images):
    return torch.from_numpy(images).float() / 255


@torch.inference_mode()
def standardised(model, x):
    """ε₁ and the prior it belongs to, written out with encode and the prior's own network."""
    z1, z2 = model.encode(x)
    context = model.grow[1](z2.mean, None)
    prior = model.layers[0].prior(context)
    return ((z1.mean - prior.mean) / prior.std), z2.mean


@torch.inference_mode()
def decode(model, z2, epsilon):
    prior = model.layers[0].prior(model.grow[1](z2, None))
    return model.decode({1: prior.mean + prior.std * epsilon, 2: z2})


def test_rows_of_resample_share_the_z2_of_the_samples(show, model):
    shown = show("resample.png?seed=3&rows=5")
    assert shown.shape == (5, 8, 32, 32)
    z2 = model.noise(5, seed=3)[1]
    assert_same(shown[:, 0], as_bytes(model.decode({2: z2}, fill="mean")))
    assert_same(shown[:, 1], as_bytes(model.sample(5, seed=3)))
    flat = shown.reshape(40, -1)
    assert len(np.unique(flat, axis=0)) == 40, "every picture is drawn anew"


def test_fewer_rows_are_the_first_of_more(show):
    assert (show("resample.png?rows=3") == show("resample.png?rows=8")[:3]).all()


def test_z2_kept_from_images(show, model, examples):
    shown = show("resample.png?images=4,2&seed=1")
    assert shown.shape == (2, 8, 32, 32)
    z2 = model.encode(floats(examples[[4, 2]]))[1].mean
    assert_same(shown[:, 0], as_bytes(model.decode({2: z2}, fill="mean")))
    assert_same(shown[:, 1], as_bytes(model.decode({2: z2}, fill="sample", seed=1)))


def test_a_traversal_moves_z1_along_its_principal_components(show, model, examples):
    epsilon, _ = standardised(model, floats(examples))
    components = PCA().fit(epsilon.flatten(1).numpy())
    z2 = model.noise(16, seed=2)[1]
    vector = components.components_[1] * np.sign(
        components.components_[1][np.abs(components.components_[1]).argmax()]
    )
    step = torch.from_numpy(vector * np.sqrt(components.explained_variance_[1])).float().reshape(1, 2, 8, 8)
    expected = decode(model, z2, -2.5 * step)
    assert_same(show("traversal.png?seed=2&z1.1=-2.5").reshape(16, 32, 32), as_bytes(expected))


def test_shifts_of_nothing_change_nothing(show):
    plain = show("traversal.png?seed=5")
    assert (show("traversal.png?seed=5&z1.0=0&z2.3=0") == plain).all()
    assert (show("traversal.png?seed=5&z1.0=1") != plain).any()


def test_strips_walk_the_dimensions_of_z2_by_their_rates(show, model):
    """The builder gives dimension k half the rate of dimension k − 1."""
    shown = show("dimensions.png?seed=1&rows=3")
    assert shown.shape == (3, 8, 32, 32)
    for dimension in range(3):
        z2 = model.noise(1, seed=1)[1].repeat(8, 1)
        z2[:, dimension] += torch.tensor([-3 + 6 * step / 7 for step in range(8)])
        assert_same(shown[dimension], as_bytes(model.decode({2: z2})))


def test_strips_of_z1_are_traversals_of_one_sample(show):
    shown = show("dimensions.png?latent=z1&seed=4&rows=2")
    for direction in range(2):
        for column, shift in ((0, -3), (7, 3)):
            walked = show(f"traversal.png?seed=4&z1.{direction}={shift}")[0, 0]
            assert_same(shown[direction, column], walked)


def test_as_many_strips_as_there_are_dimensions(tmp_path):
    config = HVAEConfig((1, 32, 32), top_dim=2, channels=2, width=8)
    client = create_app({"small": Atlas.open(build_atlas(tmp_path / "small", (1.0,), config))}).server
    shown = tiles(client.test_client().get("/pictures/small/b2-1_b1-1/dimensions.png?rows=8").data)
    assert shown.shape == (2, 8, 32, 32)


def test_mixing_takes_z2_from_the_row_and_the_residual_of_z1_from_the_column(show, model, examples):
    shown = show("mix.png?images=3,1,7")
    assert shown.shape == (4, 4, 32, 32)
    chosen = examples[[3, 1, 7]]
    assert (shown[0, 1:] == chosen[:, 0]).all() and (shown[1:, 0] == chosen[:, 0]).all()
    epsilon, z2 = standardised(model, floats(chosen))
    for row in range(3):
        for column in range(3):
            expected = decode(model, z2[row : row + 1], epsilon[column : column + 1])
            assert_same(shown[1 + row, 1 + column][None], as_bytes(expected))


def test_an_image_mixed_with_itself_is_its_reconstruction(show):
    mixed, reconstructions = show("mix.png?images=3,1,7"), show("reconstructions.png?images=3,1,7")
    assert_same(np.array([mixed[1 + index, 1 + index] for index in range(3)]), reconstructions[1])
    assert (mixed[1, 2] != mixed[2, 1]).any()


def test_interpolation_leads_from_one_reconstruction_to_the_other(show, model, examples):
    shown = show("interpolation.png?images=5,2&steps=6")
    assert shown.shape == (1, 8, 32, 32)
    assert (shown[0, [0, 7]] == examples[[5, 2], 0]).all()
    assert_same(shown[0, [1, 6]], show("reconstructions.png?images=5,2")[1])
    epsilon, z2 = standardised(model, floats(examples[[5, 2]]))
    third = decode(model, (0.6 * z2[:1] + 0.4 * z2[1:]), 0.6 * epsilon[:1] + 0.4 * epsilon[1:])
    assert_same(shown[0, 3][None], as_bytes(third))


def test_interpolation_goes_on_from_image_to_image(show):
    shown = show("interpolation.png?images=5,2,8")
    assert shown.shape == (2, 10, 32, 32)
    assert_same(shown[:1], show("interpolation.png?images=5,2"))
    assert_same(shown[1:], show("interpolation.png?images=2,8"))


def test_examples_are_the_test_images(show, examples):
    assert (show("examples.png?images=7,1,3")[0] == examples[[7, 1, 3], 0]).all()


def test_layers_shows_what_each_layer_keeps_of_an_image(show, examples):
    shown = show("layers.png?images=6,0&seed=2")
    assert shown.shape == (2, 8, 32, 32)
    assert (shown[:, 0] == examples[[6, 0], 0]).all()
    assert_same(shown[:, 1], show("reconstructions.png?images=6,0")[1])
    assert_same(shown[:, 2:], show("resample.png?images=6,0&seed=2")[:, :6])
    assert (show("layers.png?images=6,0&seed=2&draws=0") == shown[:, :3]).all()


def test_rates_of_an_image_are_those_of_a_loop_over_its_draws(client, model, examples):
    answer = client.get("/rates/tiny/b2-1_b1-0.1.json?images=9,4&draws=3&seed=7").get_json()
    assert answer["unit"] == "nats" and len(answer["images"]) == 2
    noise = model.noise(3, seed=7)
    normal = torch.distributions.Normal
    for given, index in zip(answer["images"], (9, 4), strict=True):
        x = floats(examples[[index]])
        totals = np.zeros(3)
        for draw in range(3):
            inference = model.infer(x, [part[draw : draw + 1] for part in noise])
            for place, layer in ((0, 1), (1, 0)):
                q, p = inference.posteriors[layer], inference.priors[layer]
                kl = torch.distributions.kl_divergence(normal(q.mean, q.std), normal(p.mean, p.std))
                totals[place] += kl.sum().item() / 3
            means = torch.sigmoid(model.logits(inference.latents[0]))
            totals[2] -= normal(means, 0.5**0.5).log_prob(x).sum().item() / 3
        expected = [*totals, totals.sum()]
        names = ("rate_z2", "rate_z1", "distortion", "neg_elbo")
        assert [given[name] for name in names] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "query",
    [
        *("resample.png?rows=0", "resample.png?rows=9", "resample.png?images=12", "resample.png?n=3"),
        *("dimensions.png?latent=z3", "dimensions.png?rows=9", "dimensions.png?latent="),
        *("mix.png?images=", "mix.png?images=1,1", "mix.png?images=0,1,2,3,4,5,6,7,8", "mix.png?images=12"),
        *("interpolation.png?images=1", "interpolation.png?images=1,2,3,4,5,6", "interpolation.png?steps=1"),
        *("interpolation.png?images=0,99", "interpolation.png?steps=17", "layers.png?draws=6"),
        *("traversal.png?z1.11=1", "traversal.png?z1.0=11", "traversal.png?z1.0=nan"),
        "layers.png?images=0,1,2,3,4,5,6,7,8",
    ],
)
def test_what_cannot_be_made_is_refused_in_a_sentence(client, query):
    response = client.get(f"{POINT}/{query}")
    assert response.status_code == 400, response.data
    sentence = response.get_json()["error"]
    assert sentence.endswith(".") and "\n" not in sentence


def test_a_model_of_one_layer_has_no_z1_to_walk(tmp_path):
    config = HVAEConfig((1, 32, 32), layers=1, top_dim=4, channels=2, width=8)
    atlas = Atlas.open(build_atlas(tmp_path / "one", (1.0,), config))
    client = create_app({"one": atlas}).server.test_client()
    address = "/pictures/one/b2-1_b1-1/"
    for picture in ("traversal.png?z1.0=1", "dimensions.png?latent=z1"):
        assert client.get(address + picture).status_code == 400
    for picture in ("resample.png", "mix.png", "interpolation.png", "dimensions.png", "layers.png"):
        assert client.get(address + picture).status_code == 200


@pytest.mark.parametrize("architecture", ["xiao-bamler", "local"])
def test_models_of_every_architecture_have_every_picture(architecture, tmp_path):
    config = HVAEConfig.of(architecture, top_dim=4, channels=2, width=8)
    atlas = Atlas.open(build_atlas(tmp_path / "other", (1.0,), config))
    model, x = atlas.load(1, 1), floats(atlas.examples().images[:2])
    client = create_app({"other": atlas}).server.test_client()
    for kind in ("resample", "mix", "interpolation", "dimensions", "layers", "dimensions.png?latent=z1"):
        address = kind if ".png" in kind else f"{kind}.png"
        assert client.get(f"/pictures/other/b2-1_b1-1/{address}").status_code == 200
    for address, expected in (
        ("samples.png?n=8&seed=3", model.sample(8, seed=3)),
        ("reconstructions.png?images=0,1", torch.cat([x, model.reconstruct(x)])),
        ("traversal.png?seed=2&z2.1=1.5", model.decode({2: model.noise(16, 2)[1] + torch.eye(4)[1] * 1.5})),
    ):
        shown = tiles(client.get(f"/pictures/other/b2-1_b1-1/{address}").data)
        pictures = shown[:, : len(expected) // len(shown)].reshape(-1, *shown.shape[2:])
        assert_same(pictures, as_bytes(expected))
    told = client.get("/rates/other/b2-1_b1-1.json?images=0").get_json()["images"][0]
    assert told["neg_elbo"] == pytest.approx(told["distortion"] + told["rate_z2"] + told["rate_z1"])


def test_colour_models_have_every_picture(tmp_path):
    config = HVAEConfig((3, 32, 32), top_dim=4, channels=2, width=8)
    atlas = Atlas.open(build_atlas(tmp_path / "rgb", (1.0,), config))
    client = create_app({"rgb": atlas}).server.test_client()
    for picture in ("resample", "mix", "interpolation", "dimensions", "layers"):
        assert client.get(f"/pictures/rgb/b2-1_b1-1/{picture}.png").status_code == 200
