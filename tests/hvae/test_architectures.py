"""Architectures by name: what each of them computes, and names that are not registered."""

import dataclasses
import math
import sys

import pytest
import torch
from atlas_builder import add_parent, build_atlas
from torch.distributions import Bernoulli, Normal, kl_divergence

from app.page.points import points_data
from app.server.build import create_app
from hvae import HVAE, Atlas, HVAEConfig, UserError
from hvae.architectures import registry
from hvae.atlas.checkpoint import load_model, load_parent, save_model, save_parent
from hvae.atlas.manifest import most
from hvae.atlas.verify import problems
from hvae.datasets.dataset import HIGHEST_SIDE, LOWEST_SIDE
from hvae.parent import Parent

NAMES = ("residual", "xiao-bamler", "local")
FORMS = [
    (name, inference, likelihood)
    for name in NAMES
    for inference in ("generalized", "ladder")
    for likelihood in ("gaussian", "bernoulli")
]
SMALL = {"image_shape": (1, 16, 16), "width": 8, "top_dim": 6, "channels": 2}
each_form = pytest.mark.parametrize(("name", "inference", "likelihood"), FORMS)
each = pytest.mark.parametrize("name", NAMES)


def lively(model):
    """The model in eval mode, its weights far from their initial values: every term of a KL matters."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.1 * torch.randn(weight.shape, generator=generator))
    return model.eval()


def small(name: str, **fields) -> HVAEConfig:
    return HVAEConfig.of(name, **{**SMALL, **fields})


def pictures(n: int, shape=(1, 16, 16)) -> torch.Tensor:
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(1))


def log_ratio(inferred, layer: int) -> torch.Tensor:
    """log q(z_ℓ|z_>ℓ, x) − log p(z_ℓ|z_>ℓ) of each draw, (N,)."""
    q, p, z = (part[layer] for part in (inferred.posteriors, inferred.priors, inferred.latents))
    return (Normal(q.mean, q.std).log_prob(z) - Normal(p.mean, p.std).log_prob(z)).flatten(1).sum(1)


def test_all_of_them_are_registered_the_default_first():
    assert registry.names() == NAMES


@each_form
def test_rates_are_torch_distributions_kl_and_its_estimate_from_draws(name, inference, likelihood):
    model = lively(HVAE(small(name, inference=inference, likelihood=likelihood)))
    draws = 4000
    with torch.inference_mode():
        inferred = model.infer(pictures(1).expand(draws, -1, -1, -1), model.noise(draws, seed=5))
    for layer, (q, p) in enumerate(zip(inferred.posteriors, inferred.priors, strict=True)):
        exact = kl_divergence(
            Normal(q.mean.double(), q.std.double()), Normal(p.mean.double(), p.std.double())
        )
        rates = inferred.rates[:, layer].double()
        torch.testing.assert_close(rates, exact.flatten(1).sum(1), rtol=1e-5, atol=0)
        difference = log_ratio(inferred, layer).double() - rates
        assert abs(difference.mean()) < 4 * difference.std() / math.sqrt(draws)


@each_form
def test_distortion_is_the_log_density_of_the_likelihood(name, inference, likelihood):
    model = lively(HVAE(small(name, inference=inference, likelihood=likelihood)))
    x = pictures(3).round()
    logits = model.logits(*model.infer(x, model.noise(3, seed=7)).latents)
    of_pixels = {
        "gaussian": Normal(logits.sigmoid(), math.sqrt(model.config.variance)),
        "bernoulli": Bernoulli(logits=logits),
    }[likelihood]
    expected = -of_pixels.log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(model.distortion(x, seed=7), expected, rtol=1e-5, atol=0)


@each_form
def test_a_fold_has_the_outputs_of_its_parent(name, inference, likelihood):
    torch.manual_seed(0)
    parent = lively(Parent(small(name, inference=inference, likelihood=likelihood)))
    x, betas, logits, inferred = pictures(3), [0.3, 4.0], [], []
    model = parent.fold(betas)
    parent.hvae.picture_head.register_forward_hook(lambda *call: logits.append(call[-1]))
    infer = parent.hvae.infer
    parent.hvae.infer = lambda *arguments: inferred.append(infer(*arguments)) or inferred[-1]
    with torch.inference_mode():
        parent(x, model.noise(3, seed=2), torch.tensor([betas] * 3))
        expected = model.infer(x, model.noise(3, seed=2))
        assert (model.logits(*expected.latents) - logits[0]).abs().max() <= 1e-4
    both = zip(
        expected.posteriors + expected.priors, inferred[0].posteriors + inferred[0].priors, strict=True
    )
    for ours, theirs in both:
        assert (ours.mean - theirs.mean).abs().max() <= 1e-4
        assert (ours.log_std - theirs.log_std).abs().max() <= 1e-4


@each
def test_its_latents_have_the_shapes_of_its_config_and_decode_to_pictures(name):
    model = lively(HVAE(small(name, image_shape=(3, 24, 16))))
    x = pictures(2, (3, 24, 16))
    latents = model.infer(x, model.noise(2, seed=1)).latents
    assert [tuple(z.shape[1:]) for z in latents] == model.config.latent_shapes
    decoded = model.decode({1: latents[0], 2: latents[1]})
    torch.testing.assert_close(decoded, model.logits(*latents).sigmoid())
    assert decoded.shape == x.shape
    torch.testing.assert_close(model.decode_residuals(model.residuals(x)), model.reconstruct(x))
    assert model.sample(2, seed=1).shape == x.shape


@each
def test_the_picture_depends_on_z2_given_z1_only_where_there_is_a_direct_path(name):
    model = lively(HVAE(small(name)))
    z1, z2 = model.infer(pictures(2)).latents
    is_same = torch.allclose(model.decode({1: z1, 2: z2}), model.decode({1: z1, 2: z2 + 1}))
    assert is_same != model.config.has_direct_path
    if model.config.has_direct_path:
        with pytest.raises(ValueError, match="depends on 2 latents"):
            model.logits(z1)


def test_a_number_of_locals_z1_reaches_ten_by_ten_pixels():
    model = lively(HVAE(small("local", image_shape=(1, 32, 32))))
    z1, z2 = (torch.zeros(1, *shape) for shape in model.config.latent_shapes)
    moved = z1.clone()
    moved[0, 0, 8, 8] = 1
    changed = (model.decode({1: z1, 2: z2}) - model.decode({1: moved, 2: z2}))[0, 0].abs() > 1e-7
    rows, columns = changed.any(1).nonzero(), changed.any(0).nonzero()
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (12, 21, 12, 21)


def test_the_sources_network_has_the_sizes_of_its_description():
    config = HVAEConfig.of("xiao-bamler", image_shape=(3, 32, 32))
    assert config.latent_shapes == [(32, 4, 4), (32,)] and math.sqrt(config.variance) == pytest.approx(0.71)
    shapes = {key: tuple(weight.shape) for key, weight in HVAE(config).state_dict().items()}
    assert [shapes[f"bottom_up.z2.{place}.weight"] for place in (0, 2, 4)] == [
        (32, 3, 4, 4),
        (32, 32, 4, 4),
        (32, 32, 4, 4),
    ]
    assert shapes["layers.0.prior_hidden.weight"] == (256, 32)  # half of 32 · 4 · 4
    assert shapes["layers.0.posterior_head.weight"] == (64, 64, 4, 4)
    assert shapes["picture_head.out.weight"] == (32, 3, 4, 4)


@each
def test_a_file_says_its_architecture_and_gives_it_back(name, tmp_path):
    parent = lively(Parent(small(name)))
    save_parent(parent, tmp_path / "parent.safetensors")
    save_model(parent.fold([1.0, 1.0]), tmp_path / "point.safetensors")
    model, again = load_model(tmp_path / "point.safetensors"), load_parent(tmp_path / "parent.safetensors")
    assert model.config == again.config == small(name)
    torch.testing.assert_close(again.fold([1.0, 1.0]).sample(2), model.sample(2))


@each
def test_untrained_it_draws_the_mean_of_the_data(name):
    torch.manual_seed(0)
    model = HVAE(HVAEConfig.of(name, image_shape=(3, 32, 32)))
    mean = torch.tensor([0.2, 0.5, 0.7])
    model.start_at_mean(mean)
    torch.testing.assert_close(model.eval().sample(16).mean((0, 2, 3)), mean, atol=0.05, rtol=0)
    parent = Parent(small(name))
    parent.start_at_mean(torch.tensor([0.3]))
    assert parent.fold([1.0, 1.0]).sample(16).mean().item() == pytest.approx(0.3, abs=0.05)


@each
def test_its_defaults_are_small_enough_for_an_atlas_at_every_size(name):
    config = HVAEConfig.of(name)
    for side in range(LOWEST_SIDE, HIGHEST_SIDE + 1, 8):
        for field in ("top_dim", "channels", "width"):
            assert getattr(config, field) <= most(field, side * side, name)


def test_chosen_fields_and_other_defaults_go_together():
    assert HVAE(architecture="local", top_dim=8).config == HVAEConfig(
        architecture="local", channels=2, top_dim=8
    )


@pytest.mark.parametrize(
    ("name", "fields", "sentence"),
    [
        ("xiao-bamler", {"image_shape": (1, 28, 28)}, "multiples of 8 for the architecture xiao-bamler"),
        ("xiao-bamler", {"layers": 3}, "layers must be 2 for the architecture xiao-bamler, not 3"),
        ("local", {"layers": 1}, "layers must be 2 for the architecture local, not 1"),
    ],
)
def test_what_an_architecture_cannot_be_is_said_in_a_sentence(name, fields, sentence):
    with pytest.raises(ValueError, match=sentence):
        HVAEConfig.of(name, **fields)


@pytest.mark.parametrize(
    "name", ["", "Residual", "os.path", "a/b", "../x", "a b", "x" * 41, "local\n", 5, None]
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="architecture must be a name"):
        HVAEConfig(architecture=name)


def test_a_name_that_is_not_registered_is_kept_and_imports_nothing():
    before = set(sys.modules)
    config = HVAEConfig(architecture="antigravity")
    assert config.to_dict()["architecture"] == "antigravity"
    assert HVAEConfig(**config.to_dict()) == config
    with pytest.raises(UserError, match="architecture antigravity, which is not here"):
        HVAE(config)
    assert set(sys.modules) == before


@pytest.fixture
def atlas_of_a_stranger(tmp_path):
    """An atlas of an architecture that somebody registered where it was made, and that is missing here."""
    record = dataclasses.replace(registry.find("residual"), name="homemade")
    registry.REGISTRY.register(record)
    config = small("homemade", image_shape=(1, 32, 32))
    folder = add_parent(build_atlas(tmp_path / "theirs", (0.1, 1.0), config), (0.1, 1.0))
    registry.REGISTRY.unregister("homemade")
    return folder, record


def test_an_atlas_of_a_missing_architecture_opens_and_its_models_say_what_is_missing(atlas_of_a_stranger):
    folder, record = atlas_of_a_stranger
    before = set(sys.modules)
    atlas = Atlas.open(folder)
    assert len(atlas.metrics) == 4 and len(atlas.examples().images) == 12
    missing = "architecture homemade, which is not here: give the file that registers it"
    for load in (lambda: atlas.load(1, 1), atlas.load_parent):
        with pytest.raises(UserError, match=missing):
            load()
    said = problems(folder)
    assert len(said) == 1 and missing in said[0]
    assert not {name for name in set(sys.modules) - before if "homemade" in name}
    registry.REGISTRY.register(record)
    try:
        assert Atlas.open(folder).load(1, 1).sample(1).shape == (1, 1, 32, 32)
        assert problems(folder) == []
    finally:
        registry.REGISTRY.unregister("homemade")


def test_its_page_has_figures_and_numbers_and_its_pictures_say_what_is_missing(atlas_of_a_stranger):
    atlas = Atlas.open(atlas_of_a_stranger[0])
    client = create_app({"theirs": atlas}).server.test_client()
    assert client.get("/").status_code == 200 and client.get("/?view=model").status_code == 200
    assert len(points_data(atlas)) == 4
    response = client.get("/pictures/theirs/b2-1_b1-1/samples.png")
    assert response.status_code == 409
    assert "architecture homemade, which is not here" in response.get_json()["error"]


def test_the_default_is_left_out_of_what_is_written():
    assert "architecture" not in HVAEConfig().to_dict()
    assert HVAEConfig(**HVAEConfig().to_dict(), architecture="residual") == HVAEConfig()


def test_a_name_is_registered_once():
    with pytest.raises(ValueError, match="registered already"):
        registry.REGISTRY.register(registry.find("residual"))
