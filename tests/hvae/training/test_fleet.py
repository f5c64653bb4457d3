import math
from dataclasses import replace

import pytest
import torch

from hvae import HVAEConfig
from hvae.datasets import load
from hvae.model import split_noise
from hvae.training.fleet import Fleet, State, with_weights
from hvae.training.objective import training_loss
from hvae.training.recipe import Recipe
from hvae.training.stacked_convolutions import (
    einsum_convolution,
    grouped_convolution,
    matmul_convolution,
)
from hvae.training.train import initial_model, initial_parent
from hvae.training.ways_to_compute import FORMULATIONS

CONFIG = HVAEConfig(width=8, top_dim=4, channels=2)
RECIPE = Recipe(epochs=1, beta_warmup=0.5)
BETAS = {"a": [1.0, 1.0], "b": [0.1, 1.0], "c": [10.0, 0.3]}


@pytest.fixture(scope="module")
def digits():
    return load("digits", "train")


def fleet(digits, names="abc", formulation="loop", state=None, recipe=RECIPE, models=None) -> Fleet:
    models = models or [initial_model(CONFIG, digits, 0)] * len(names)
    betas = [BETAS[name] for name in names]
    return Fleet(models, list(names), betas, digits, recipe, 0, formulation, state)


def after(trained: Fleet, steps: int) -> State:
    for _ in range(steps):
        trained.step()
    return trained.state()


def test_a_model_turns_out_the_same_alone_and_among_others(digits):
    together = after(fleet(digits), 20).weights
    assert not torch.equal(together[0], together[1])
    for row, name in enumerate("abc"):
        assert torch.equal(after(fleet(digits, name), 20).weights[0], together[row])


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_every_formulation_takes_the_same_steps(digits, formulation):
    expected = after(fleet(digits), 5).weights
    # AdamW's first steps are lr · sign(gradient), whatever its size: at a gradient of 0 ± rounding, which
    # weights that are masked by others have, two formulations may step in opposite directions.
    difference = (after(fleet(digits, formulation=formulation), 5).weights - expected).abs()
    assert (difference < 1e-5).float().mean() > 0.999
    assert difference.max() < 5 * 2 * RECIPE.learning_rate


@pytest.mark.parametrize(("precision", "most"), [("float32", 1e-4), ("bfloat16", 0.3)])
@pytest.mark.parametrize("formulation", FORMULATIONS)
@pytest.mark.parametrize("inference", ["generalized", "ladder"])
def test_gradients_are_those_of_autograd_on_each_model(digits, inference, formulation, precision, most):
    model = initial_model(replace(CONFIG, inference=inference), digits, 0)
    names = "abc"
    trained = Fleet(
        [model] * 3, list(names), list(BETAS.values()), digits, RECIPE, 0, formulation, precision=precision
    )
    inputs = trained.inputs()
    for row, gradients in enumerate(trained.gradients()):
        elbo = model(inputs.x, split_noise(inputs.noise[row], CONFIG.latent_shapes))
        loss = training_loss(elbo.distortion, elbo.rates, torch.tensor(BETAS[names[row]]), inputs.warmth)
        model.zero_grad()
        loss.backward()
        expected = [(p.grad.movedim(1, -1) if p.ndim == 4 else p.grad).flatten() for p in model.parameters()]
        error = (gradients - torch.cat(expected)).norm() / torch.cat(expected).norm()
        assert error < most
        assert (error > 1e-5) == (precision == "bfloat16")


@pytest.mark.parametrize("architecture", ["xiao-bamler", "local"])
def test_every_formulation_takes_the_same_steps_whatever_the_architecture(digits, architecture):
    config = HVAEConfig.of(architecture, width=8, top_dim=4, channels=2)
    models = [initial_model(config, digits, 0)] * 2
    expected, *others = (
        after(fleet(digits, "ab", formulation, models=models), 3).weights for formulation in FORMULATIONS
    )
    for weights in others:
        assert ((weights - expected).abs() < 1e-5).float().mean() > 0.999
        assert (weights - expected).abs().max() < 3 * 2 * RECIPE.learning_rate


@pytest.mark.parametrize("of_one", [True, False])
def test_one_grouped_convolution_is_that_of_each_model(of_one):
    torch.manual_seed(0)
    x, weight, bias = torch.randn(4, 2, 3, 9, 8), torch.randn(4, 5, 3, 3, 3), torch.randn(4, 5)
    x = x[0] if of_one else x
    rest = (2, 2), (1, 1)
    found = torch.vmap(lambda *of: grouped_convolution(*of, *rest), (None if of_one else 0, 0, 0))(
        x, weight, bias
    )
    for row, one in enumerate(found):
        expected = torch.conv2d(x if of_one else x[row], weight[row], bias[row], *rest)
        torch.testing.assert_close(one, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("convolution", [matmul_convolution, einsum_convolution])
@pytest.mark.parametrize(("k", "stride", "padding"), [(3, 1, 1), (3, 2, 1), (1, 1, 0)])
def test_a_convolution_by_products_is_a_convolution(convolution, k, stride, padding):
    torch.manual_seed(0)
    x, weight, bias = torch.randn(2, 3, 9, 8), torch.randn(5, 3, k, k), torch.randn(5)
    arguments = (x, weight, bias, (stride,) * 2, (padding,) * 2)
    torch.testing.assert_close(convolution(*arguments), torch.conv2d(*arguments), rtol=1e-4, atol=1e-5)


def test_steps_are_those_of_torchs_own_adamw_on_one_model(digits):
    trained = fleet(digits, "b", recipe=replace(RECIPE, clip_norm=5.0))
    model = initial_model(CONFIG, digits, 0).train()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=RECIPE.weight_decay)
    for _ in range(5):
        inputs = trained.inputs()
        optimizer.param_groups[0]["lr"] = inputs.learning_rate.item()
        elbo = model(inputs.x, split_noise(inputs.noise[0], CONFIG.latent_shapes))
        loss = training_loss(elbo.distortion, elbo.rates, torch.tensor(BETAS["b"]), inputs.warmth)
        optimizer.zero_grad()
        loss.backward()
        assert torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0) > 5.0
        optimizer.step()
        trained.step()
    ours = with_weights(model, trained.state().weights[0]).state_dict()
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(ours[name], weight, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["points", "parent"])
@pytest.mark.parametrize("stop", [1, 16, 19])
def test_a_state_goes_on_as_if_training_had_never_stopped(digits, kind, stop):
    def start(state=None):
        if kind == "points":
            return fleet(digits, state=state)
        parent = initial_parent(CONFIG, digits, 0, (0.1, 10.0))
        return Fleet([parent], ["parent"], None, digits, RECIPE, 0, state=state)

    whole = after(start(), 25)
    resumed = after(start(after(start(), stop)), 25 - stop)
    assert whole.step == resumed.step == 25
    assert all(torch.equal(a, b) for a, b in zip(whole[1:], resumed[1:], strict=True))


def test_some_rows_of_a_state_go_on_without_the_others(digits):
    halfway = after(fleet(digits), 10)
    rest = after(fleet(digits, "ca", state=halfway.rows([2, 0])), 10).weights
    assert torch.equal(rest, after(fleet(digits), 20).weights[[2, 0]])


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_a_model_that_diverges_harms_no_other(digits, formulation, monkeypatch):
    monkeypatch.setattr("hvae.training.fleet.FINITE_EVERY", 4)
    models = [initial_model(CONFIG, digits, 0) for _ in "abc"]
    with torch.no_grad():
        models[1].picture_head.out.weight.fill_(math.nan)
    broken = fleet(digits, formulation=formulation, models=models)
    weights = after(broken, 8).weights
    assert broken.alive == [True, False, True]
    assert weights[1].isnan().any()
    sound = after(fleet(digits, "ac", formulation), 8).weights
    if formulation == "loop":
        assert torch.equal(weights[[0, 2]], sound)
    assert weights[[0, 2]].isfinite().all()


def test_a_fleet_without_a_sound_model_is_finished(digits):
    model = initial_model(CONFIG, digits, 0)
    with torch.no_grad():
        model.picture_head.out.weight.fill_(math.nan)
    assert fleet(digits, "a", models=[model]).is_finished


def test_noise_is_standard_normal_and_each_models_own(digits):
    noise = torch.cat([one.inputs().noise for one in stepped(fleet(digits, "ab"), 16)], dim=1)
    assert noise.mean().abs() < 0.01
    assert noise.std().item() == pytest.approx(1, abs=0.01)
    correlation = torch.corrcoef(noise.flatten(1))[0, 1]
    assert abs(correlation) < 4 / math.sqrt(noise[0].numel())


def test_an_epoch_shows_every_image_at_most_once_and_the_next_one_in_another_order(digits):
    small = replace(digits, images=digits.images[:100], labels=digits.labels[:100])
    seen = [
        one.inputs().x.flatten(1)
        for one in stepped(fleet(small, "a", recipe=replace(RECIPE, epochs=2, batch_size=20)), 10)
    ]
    first, second = torch.cat(seen[:5]), torch.cat(seen[5:])
    assert len(first.unique(dim=0)) == len(small.images.unique(dim=0))
    assert not torch.equal(first, second)


def test_a_parent_sees_betas_that_are_log_uniform_over_its_range(digits):
    parent = initial_parent(CONFIG, digits, 0, (0.1, 10.0))
    trained = Fleet([parent], ["parent"], None, digits, RECIPE)
    for one in stepped(trained, 5):
        place = one.inputs().betas[0].log10().add(1).div(2)
        assert place.shape == (64, 2)
        # One in each of 64 equal parts of the range, in an order of its own for each layer.
        expected = torch.arange(64).repeat(2, 1).T
        assert torch.equal(place.mul(64).floor().long().sort(dim=0).values, expected)
        assert abs(torch.corrcoef(place.T)[0, 1]) < 0.5


def stepped(trained: Fleet, steps: int):
    for _ in range(steps):
        yield trained
        trained.step()


def test_arguments_that_do_not_fit_together_are_refused(digits):
    model = initial_model(CONFIG, digits, 0)
    parent = initial_parent(CONFIG, digits, 0, (0.1, 10.0))
    for models, names, betas, message in (
        ([], [], [], "0 models"),
        ([model] * 2, ["a", "a"], [[1, 1]] * 2, "different names"),
        ([model], ["a"], [[1]], "2 layers need 2"),
        ([model] * 2, ["a", "b"], [[1, 1]], "2 models need"),
        ([model], ["a"], None, "HVAEs need values"),
        ([parent], ["a"], [[1, 1]], "draws its own"),
        ([model, initial_model(replace(CONFIG, width=4), digits, 0)], ["a", "b"], [[1, 1]] * 2, "one config"),
    ):
        with pytest.raises(ValueError, match=message):
            Fleet(models, names, betas, digits, RECIPE)


def test_all_that_adamw_keeps_is_on_the_device_of_the_weights(digits, monkeypatch):
    # Fused kernels of Apple's GPUs bind even the count of steps as the device's.
    class AdamW:
        def __init__(self, parameters, **_):
            self.state = made

    made = {}
    monkeypatch.setattr("torch.optim.AdamW", AdamW)
    fleet(digits.to("meta"), "ab", models=[initial_model(CONFIG, digits, 0)] * 2)
    (kept,) = made.values()
    assert {name: tensor.device.type for name, tensor in kept.items()} == {
        "step": "meta",
        "exp_avg": "meta",
        "exp_avg_sq": "meta",
    }


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_trains_replayed_steps_to_a_lower_objective(digits):
    on_gpu = digits.to("cuda")
    trained = fleet(on_gpu, formulation=None, recipe=replace(RECIPE, epochs=10))
    while not trained.is_finished:
        trained.step()
    model = with_weights(initial_model(CONFIG, on_gpu, 0), trained.state().weights[0])
    x = on_gpu.batch(torch.arange(300))
    assert model.distortion(x).mean() < initial_model(CONFIG, on_gpu, 0).distortion(x).mean()
