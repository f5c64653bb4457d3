"""Networks in the browser against the same networks in torch."""

from __future__ import annotations

import hashlib
import math
import re

import numpy as np
import pytest
import torch
from python_side import HVAE, Atlas, HVAEConfig, Parent, rounded, save_parent, to_floats

from hvae.atlas.atlas import shipped_names

TOLERANCE = 2e-5
"""Of pixel means."""

both_kernels = pytest.mark.parametrize("kernels", ["wasm", "plain"])

CONFIGS = {
    "as shipped": HVAEConfig(),
    "ladder": HVAEConfig(inference="ladder", top_dim=8),
    "one layer": HVAEConfig(layers=1, top_dim=5, width=12),
    "three layers": HVAEConfig(layers=3, channels=2, width=16),
    "three layers, ladder, colour": HVAEConfig(
        image_shape=(3, 32, 32), layers=3, inference="ladder", channels=3, width=10
    ),
    "widths beside multiples of four": HVAEConfig(width=22, channels=5, top_dim=13),
    "narrow": HVAEConfig(image_shape=(1, 16, 16), width=2, channels=1, top_dim=1),
    "bernoulli": HVAEConfig(likelihood="bernoulli", width=8),
    "many channels": HVAEConfig(channels=17, width=18, variance=0.05),
    "large": HVAEConfig(image_shape=(3, 64, 64), width=16, top_dim=40),
    "not square": HVAEConfig(image_shape=(1, 28, 20), layers=3, width=14),
    "four layers, down to a pixel": HVAEConfig(image_shape=(1, 16, 16), layers=5, width=8, top_dim=3),
    "xiao-bamler": HVAEConfig.of("xiao-bamler"),
    "xiao-bamler, ladder, colour": HVAEConfig.of(
        "xiao-bamler", image_shape=(3, 24, 16), inference="ladder", width=10, channels=5, top_dim=7
    ),
    "xiao-bamler, down to a pixel": HVAEConfig.of(
        "xiao-bamler", image_shape=(1, 8, 8), width=18, channels=1, top_dim=1, likelihood="bernoulli"
    ),
    "local": HVAEConfig.of("local"),
    "local, ladder, colour": HVAEConfig.of(
        "local", image_shape=(3, 32, 32), inference="ladder", width=22, channels=5, top_dim=13
    ),
    "local, not square, bernoulli": HVAEConfig.of(
        "local", image_shape=(1, 28, 20), width=34, channels=17, likelihood="bernoulli"
    ),
}
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def pictures(config, count=2):
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, 256, (count, *config.image_shape), generator=generator, dtype=torch.uint8)


def assert_close(found, expected, tolerance=TOLERANCE):
    np.testing.assert_allclose(found, expected.flatten(), rtol=0, atol=tolerance)


@both_kernels
@every_config
def test_a_sample_is_torchs_in_means_and_bytes(modules, random_model, file_of, kernels, config):
    model = random_model(config)
    noise = model.noise(2, seed=1)
    expected = model.sample(2, seed=1)
    found = modules("residualsDecoded", kernels=kernels, file=file_of(model), residuals=noise, n=2)
    assert_close(found["means"], expected)
    rgba = found["rgba"].reshape(2, *config.image_shape[1:], 4)
    shown = expected.mul(255).round().permute(0, 2, 3, 1).expand(-1, -1, -1, 3).numpy()
    assert (rgba[..., 3] == 255).all()
    assert np.abs(rgba[..., :3] - shown).max() <= 1


@both_kernels
@every_config
@torch.inference_mode()
def test_inference_is_torchs(modules, random_model, file_of, kernels, config):
    model, images = random_model(config), pictures(config)
    x = to_floats(images.numpy())
    found = modules("inferred", kernels=kernels, file=file_of(model), images=images, n=2, seed=5)
    for posterior, expected in zip(found["posteriors"], model.encode(x, seed=5), strict=True):
        assert_close(posterior["mean"], expected.mean, 1e-5 * float(expected.mean.abs().max()))
        assert_close(posterior["logStd"], expected.log_std, 2e-5)
    for residual, expected in zip(found["residuals"], model.residuals(x), strict=True):
        assert_close(residual, expected, 2e-5 * float(expected.abs().max()))
    assert_close(found["reconstructed"], model.reconstruct(x))
    elbo = model(x, model.noise(2, seed=5))
    np.testing.assert_allclose(found["elbo"]["distortion"], elbo.distortion, rtol=1e-4)
    for rates, expected in zip(found["elbo"]["rates"], elbo.rates.T, strict=True):
        np.testing.assert_allclose(rates, expected, rtol=1e-4)


@both_kernels
def test_latents_that_are_given_are_kept_and_the_others_filled_from_their_priors(
    modules, random_model, file_of, kernels
):
    model = random_model(HVAEConfig(layers=3, width=12, top_dim=6))
    file, given = file_of(model), dict(enumerate(model.noise(2, seed=8), start=1))
    for kept in ([3], [2], [1], [1, 3]):
        latents = {layer: given[layer] for layer in kept}
        about = {"latents": [{"layer": layer, "z": z} for layer, z in latents.items()], "n": 2, "file": file}
        mean = modules("latentsDecoded", kernels=kernels, temperature=1, **about)
        assert_close(mean, model.decode(latents))
        drawn = modules("latentsDecoded", kernels=kernels, seed=4, temperature=0.5, **about)
        assert_close(drawn, model.decode(latents, fill="sample", seed=4, temperature=0.5))


@pytest.mark.parametrize("atlas", shipped_names())
def test_points_that_ship_are_decoded_as_by_torch(modules, atlas):
    folder = Atlas.shipped(atlas)
    for file in list(folder.metrics["checkpoint"])[:: len(folder.metrics) // 3]:
        model = folder.load_checkpoint(file)
        about = {"name": file, "bytes": (folder.path / file).read_bytes()}
        found = modules("residualsDecoded", kernels="wasm", file=about, residuals=model.noise(16), n=16)
        assert_close(found["means"], model.sample(16))
        shown = model.sample(16).mul(255).round().permute(0, 2, 3, 1).expand(-1, -1, -1, 3)
        off = found["rgba"].reshape(*shown.shape[:3], 4)[..., :3] != shown.numpy()
        assert off.mean() < 1e-4


@both_kernels
@pytest.mark.parametrize("atlas", ["mnist", "street-digits"])
def test_a_parent_at_any_beta_does_what_its_fold_does(modules, kernels, atlas):
    folder = Atlas.shipped(atlas)
    file = {
        "name": "parent.safetensors",
        "bytes": (folder.path / "parent.safetensors").read_bytes(),
    }
    betas = [[0.1, 10.0], [1.0, 0.5], [10.0, 0.1], [1.0, 0.5]]
    parent = folder.load_parent()
    folds = [parent.fold(beta) for beta in betas]
    noise = folds[0].noise(4)
    found = modules("gated", kernels=kernels, file=file, betas=betas, residuals=noise, n=4)
    for means, fold in zip(found, folds, strict=True):
        assert_close(means, fold.sample(4))


@pytest.mark.parametrize("inference", ["generalized", "ladder"])
@pytest.mark.parametrize("architecture", ["residual", "xiao-bamler", "local"])
def test_a_parents_gates_reach_every_map_of_every_network(modules, tmp_path, architecture, inference):
    config = HVAEConfig.of(
        architecture, inference=inference, image_shape=(1, 16, 16), width=10, channels=3, top_dim=6
    )
    parent = Parent(config, (0.5, 2.0))
    with torch.no_grad():
        for number, parameter in enumerate(parent.parameters()):
            generator = torch.Generator().manual_seed(number)
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
    save_parent(parent.eval(), tmp_path / "parent.safetensors")
    file = {"name": "it", "bytes": (tmp_path / "parent.safetensors").read_bytes()}
    images, betas = pictures(config), [[2.0, 0.5], [0.7, 1.9]]
    folds = [parent.fold(beta) for beta in betas]
    noise = folds[0].noise(2)
    for means, fold in zip(
        modules("gated", kernels="wasm", file=file, betas=betas, residuals=noise, n=2), folds, strict=True
    ):
        assert_close(means, fold.sample(2))
    found, fold = modules("inferred", kernels="wasm", file=file, betas=betas[1], images=images, n=2), folds[1]
    assert_close(found["reconstructed"], fold.reconstruct(to_floats(images.numpy())))
    for posterior, expected in zip(found["posteriors"], fold.encode(to_floats(images.numpy())), strict=True):
        assert_close(posterior["mean"], expected.mean, 1e-4)


def test_a_model_does_the_same_after_many_others_were_used(modules, random_model, file_of):
    models = [random_model(HVAEConfig(width=width)) for width in (4, 6, 8, 10, 12, 14)]
    files = [file_of(model) for model in models]
    found = modules("revisited", files=files, residuals=models[0].noise(2), n=2)
    assert_close(found["before"], models[0].sample(2))
    assert (found["after"] == found["before"]).all()


@pytest.mark.parametrize(
    ("architecture", "golden"),
    [("residual", "6b62c3f5d6a24145"), ("xiao-bamler", "d1637908b78dc857"), ("local", "cafd9aed13f2d124")],
)
def test_given_latents_lead_to_the_very_same_bytes_everywhere(
    modules, random_model, file_of, architecture, golden
):
    """WebAssembly rounds alike on all machines: who changes the arithmetic changes this number knowingly."""
    config = HVAEConfig.of(architecture, image_shape=(3, 16, 16), width=8, channels=3, top_dim=4)
    model = random_model(config)
    residuals = [torch.arange(part.numel()).reshape(part.shape) % 7 / 3 - 1 for part in model.noise(2)]
    with torch.no_grad():
        for number, weight in enumerate(model.parameters()):
            places = torch.arange(weight.numel()).reshape(weight.shape)
            weight.copy_(((places * 7 + number) % 11 - 5) / (4 * weight[0].numel() ** 0.5))
    found = modules("residualsDecoded", kernels="wasm", file=file_of(model), residuals=residuals, n=2)
    assert_close(found["means"], model.decode_residuals(residuals))
    assert hashlib.sha256(found["means"].tobytes()).hexdigest()[:16] == golden


def test_weights_in_float16_are_what_torch_reads_back(modules, random_model, file_of):
    model = rounded(random_model(HVAEConfig(width=8)), torch.float16)
    file = file_of(model, dtype=torch.float16)
    found = modules("residualsDecoded", kernels="wasm", file=file, residuals=model.noise(2), n=2)
    assert_close(found["means"], model.sample(2))


def test_tiny_numbers_in_float16_are_read_as_they_are(modules, random_model, file_of):
    model = random_model(HVAEConfig(width=8))
    with torch.no_grad():
        model.picture_head.out.weight.mul_(1e-5)  # below 2⁻¹⁴: no longer normal numbers
        model.picture_head.out.bias.zero_()
    model = rounded(model, torch.float16)
    file = file_of(model, dtype=torch.float16)
    latents = {"latents": [], "n": 1, "file": file, "temperature": 1, "seed": 0}
    found = modules("latentsDecoded", kernels="wasm", **latents)
    logits = np.log(found.astype(float)) - np.log1p(-found.astype(float))
    expected = torch.logit(model.sample(1).double()).flatten().numpy()
    assert np.abs(expected).max() < 1e-3
    np.testing.assert_allclose(logits, expected, atol=3e-7)


OTHERS = {
    "residual": [{"layers": 3}, {"architecture": "local"}],
    "xiao-bamler": [{"inference": "ladder"}, {"architecture": "residual"}],
    "local": [{"inference": "ladder"}, {"architecture": "xiao-bamler"}],
}
"""What a small model's config could say in place of what it is."""


@pytest.mark.parametrize("architecture", OTHERS)
def test_what_does_not_fit_its_config_is_refused_in_a_sentence_and_takes_no_memory(
    modules, random_model, file_of, architecture
):
    model = random_model(HVAEConfig.of(architecture, width=8, channels=4, top_dim=4))
    claims = [
        {"width": 1024, "channels": 1024, "top_dim": 4096},
        {"image_shape": [1, 1024, 1024]},
        *OTHERS[architecture],
    ]
    impossible = (
        [{"width": 9}, {"layers": 33}] if architecture == "residual" else [{"width": 9}, {"layers": 3}]
    )
    impossible += [{"image_shape": [1, 12, 12]}] if architecture == "xiao-bamler" else []
    impossible += [{"architecture": "linear"}]
    said = [model.config.to_dict() | claim for claim in claims + impossible]
    files = [file_of(model, config=config)["bytes"] for config in said]
    first, *refused = modules("modelsBuilt", kernels="wasm", files=[file_of(model)["bytes"], *files])
    assert first["made"] > 0
    for result in refused[: len(claims)]:
        assert "do not fit its config" in result["sentence"]
    for result in refused[len(claims) :]:
        assert re.search("cannot be built|do not run in the browser|no usable model", result["sentence"])
    assert all(result["taken"] <= 0 for result in refused)  # a network of another config may go


@pytest.mark.parametrize("architecture", ["residual", "xiao-bamler", "local"])
def test_weights_of_a_few_bytes_do_not_make_the_browser_hold_gigabytes(
    modules, random_model, file_of, architecture
):
    """They fit a config whose pictures are huge."""
    side = 128 if architecture == "xiao-bamler" else 1024
    bomb = HVAEConfig.of(architecture, image_shape=(1024, side, side), width=2, top_dim=1, channels=1)
    [result] = modules("modelsBuilt", kernels="wasm", files=[file_of(random_model(bomb))["bytes"]])
    assert result["sentence"] == "The pictures of this model are too large for the browser."
    assert result["taken"] <= 0


@pytest.mark.parametrize(
    ("says", "fields"),
    [
        ("The pictures", {"architecture": "local", "image_shape": [1, 256, 256], "width": 2, "channels": 32}),
        ("This model", {"architecture": "xiao-bamler", "width": 1024}),
        ("This model", {"architecture": "residual", "width": 1024}),
    ],
)
def test_no_model_is_larger_than_a_browser_should_hold(modules, says, fields):
    [result] = modules("networksBuilt", configs=[fields])
    assert result["sentence"].startswith(says) and "too large for the browser" in result["sentence"]


def test_means_of_nothing_are_halves(modules, random_model, file_of):
    """A closed form, for once without torch's networks: no weights, no logits, p = ½."""
    model = HVAE(HVAEConfig(width=4, variance=0.25))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    images = torch.full((1, *model.config.image_shape), 255, dtype=torch.uint8)
    found = modules("inferred", kernels="wasm", file=file_of(model), images=images, n=1)
    assert (found["reconstructed"] == 0.5).all()
    assert found["elbo"]["rates"] == [pytest.approx(0, abs=1e-9)] * 2
    distortion = 1024 * (0.25 / 0.5 + 0.5 * math.log(2 * math.pi * 0.25))
    assert found["elbo"]["distortion"] == pytest.approx(distortion)
