import pytest
import torch

from hvae import HVAEConfig, UserError
from hvae.atlas.checkpoint import load_parent, save_parent, write_tensors
from hvae.datasets import load
from hvae.parent import Parent
from hvae.training.train import initial_parent

FORMS = [(layers, inference) for layers in (1, 2, 3) for inference in ("generalized", "ladder")]
BETAS = [0.3, 4.0, 0.1]


def lively_parent(**config) -> Parent:
    """A parent whose gates differ from one β to the next, and whose weights are far from initial ones."""
    torch.manual_seed(0)
    parent = Parent(HVAEConfig(width=8, top_dim=6, channels=2, **config))
    with torch.no_grad():
        for weight in parent.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return parent.eval()


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(4, 1, 32, 32, generator=torch.Generator().manual_seed(1))


def at(parent, x, betas):
    """Elbo of the parent at one β for all images, given the same noise as its folds are given."""
    model = parent.fold(BETAS[: parent.config.layers])
    with torch.no_grad():
        return parent(x, model.noise(len(x), seed=2), torch.tensor([betas] * len(x)))


@pytest.mark.parametrize(("layers", "inference"), FORMS)
def test_a_fold_has_the_outputs_of_its_parent(layers, inference, images):
    parent, betas = lively_parent(layers=layers, inference=inference), BETAS[:layers]
    model, logits, inferred = parent.fold(betas), [], []
    parent.hvae.picture_head.register_forward_hook(lambda *call: logits.append(call[-1]))
    infer = parent.hvae.infer
    parent.hvae.infer = lambda *arguments: inferred.append(infer(*arguments)) or inferred[-1]
    ours, theirs = model(images, model.noise(4, seed=2)), at(parent, images, betas)
    expected = model.infer(images, model.noise(4, seed=2))
    assert (model.logits(expected.latents[0]) - logits[0]).abs().max() <= 1e-4
    of_fold, of_parent = (one.posteriors + one.priors for one in (expected, inferred[0]))
    for a, b in zip(of_fold, of_parent, strict=True):
        assert (a.mean - b.mean).abs().max() <= 1e-4
        assert (a.log_std - b.log_std).abs().max() <= 1e-4
    torch.testing.assert_close(ours.rates, theirs.rates, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(ours.distortion, theirs.distortion, rtol=1e-5, atol=1e-4)


def test_folds_at_two_betas_differ_and_leave_the_parent_as_it_was(images):
    parent = lively_parent()
    before = {name: weight.clone() for name, weight in parent.state_dict().items()}
    first, second = parent.fold([0.1, 10.0]), parent.fold([10.0, 0.1])
    assert not torch.allclose(first.sample(2), second.sample(2))
    with torch.no_grad():
        for weight in first.parameters():
            weight.zero_()
    assert all(torch.equal(weight, before[name]) for name, weight in parent.state_dict().items())


def test_each_image_of_a_batch_is_treated_at_its_own_beta(images):
    parent = lively_parent()
    betas = torch.tensor([[0.1, 10.0], [1.0, 1.0], [5.0, 0.2], [10.0, 10.0]])
    noise = parent.fold([1.0, 1.0]).noise(4, seed=3)
    with torch.no_grad():
        together = parent(images, noise, betas)
        for i in range(4):
            row = slice(i, i + 1)
            alone = parent(images[row], [part[row] for part in noise], betas[row])
            torch.testing.assert_close(alone.rates, together.rates[row], rtol=1e-4, atol=1e-4)
            torch.testing.assert_close(alone.distortion, together.distortion[row], rtol=1e-5, atol=1e-4)


def test_an_untrained_parent_is_one_model_at_every_beta():
    parent = initial_parent(HVAEConfig(width=8), load("digits", "train"), 0, (0.1, 10.0))
    assert torch.equal(parent.fold([0.1, 10.0]).sample(2), parent.fold([3.0, 0.5]).sample(2))


@pytest.mark.parametrize("betas", [[1.0], [1.0, 0.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_a_fold_asks_for_one_positive_beta_per_layer(betas):
    with pytest.raises(ValueError, match="2 positive values"):
        lively_parent().fold(betas)


@pytest.mark.parametrize("beta_range", [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (1.0, float("inf"))])
def test_a_parent_asks_for_a_range_of_beta(beta_range):
    with pytest.raises(ValueError, match="beta_range"):
        Parent(HVAEConfig(), beta_range)


def test_a_parent_comes_back_from_its_file_as_it_was(tmp_path, images):
    parent = lively_parent(layers=3, inference="ladder")
    save_parent(parent, tmp_path / "parent.safetensors")
    loaded = load_parent(tmp_path / "parent.safetensors")
    assert (loaded.config, loaded.beta_range) == (parent.config, parent.beta_range)
    assert torch.equal(at(loaded, images, BETAS).rates, at(parent, images, BETAS).rates)


@pytest.mark.parametrize("beta_range", [None, "wide", [1], [1, 1], ["a", "b"], [0, 1]])
def test_a_parent_file_with_a_nonsensical_range_is_refused_in_a_sentence(tmp_path, beta_range):
    parent, path = lively_parent(), tmp_path / "parent.safetensors"
    metadata = {"config": parent.config.to_dict(), "beta_range": beta_range}
    write_tensors(path, parent.state_dict(), metadata)
    with pytest.raises(UserError, match="parent.safetensors has no usable range"):
        load_parent(path)


def test_a_point_is_not_taken_for_a_parent(tmp_path):
    parent, path = lively_parent(), tmp_path / "parent.safetensors"
    metadata = {"config": parent.config.to_dict(), "beta_range": [0.1, 10]}
    write_tensors(path, parent.fold([1.0, 1.0]).state_dict(), metadata)
    with pytest.raises(UserError, match="do not fit"):
        load_parent(path)
