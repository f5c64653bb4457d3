"""Rates and estimates against the server's."""

from __future__ import annotations

import numpy as np
import pytest
from python_side import Atlas, HVAEConfig, Subject, dimension_rates, image_rates, kinds, to_floats

SERVERS = {kind.name: kind for kind in kinds() if kind.mimetype == "application/json"}


def close(value):
    """To a ten-thousandth; below 0.1 nats to 1e-5, as a KL is a difference of numbers that nearly cancel."""
    return pytest.approx(value, rel=1e-4, abs=1e-5)


def ask(modules, kernels, file, images, *asked):
    found = modules(
        "numbers",
        kernels=kernels,
        file=file,
        images=images,
        asked=[{"kind": kind, "query": query} for kind, query in asked],
    )
    return [outcome["made"] for outcome in found]


@pytest.mark.parametrize(
    ("atlas", "number", "kernels"),
    [("mnist", 70, "wasm"), ("street-digits", 20, "wasm"), ("mnist", 5, "plain")],
)
def test_rates_and_estimates_are_the_servers(modules, atlas, number, kernels):
    folder = Atlas.shipped(atlas)
    file = folder.metrics["checkpoint"].iloc[number]
    images, rates = folder.examples().images, dimension_rates(folder.metadata(file))
    subject = Subject(folder.load_checkpoint(file), lambda: images, rates)
    asked = [("rates", {"images": [0, 11], "draws": 8, "seed": 3}), ("estimates", {"n": 48}), ("map", {})]
    about = {"name": file, "bytes": (folder.path / file).read_bytes()}
    found_rates, found, found_map = ask(modules, kernels, about, images, *asked)

    expected = SERVERS["rates"].make(subject, SERVERS["rates"].query.model_validate(asked[0][1]))
    for ours, theirs in zip(found_rates["images"], expected, strict=True):
        assert ours == {name: close(value) for name, value in theirs.items()}

    expected = SERVERS["estimates"].make(subject, SERVERS["estimates"].query.model_validate(asked[1][1]))
    for name in set(expected) - {"stats", "traversal", "dimensions"}:
        assert found[name] == close(expected[name]), name
    assert [row["dimension"] for row in found["dimensions"]] == [
        row["dimension"] for row in expected["dimensions"]
    ]
    assert [row["rate"] for row in found["dimensions"]] == [
        close(row["rate"]) for row in expected["dimensions"]
    ]

    expected = SERVERS["map"].make(subject, SERVERS["map"].query())
    assert found_map["explained"] == close(expected["explained"]) and found_map["own"] is None
    np.testing.assert_allclose(found_map["places"], expected["places"], atol=1e-4)


ARCHITECTURES = {
    "xiao-bamler, colour": HVAEConfig.of("xiao-bamler", image_shape=(3, 16, 16), width=10, channels=3),
    "xiao-bamler, ladder": HVAEConfig.of("xiao-bamler", image_shape=(1, 16, 16), width=8, inference="ladder"),
    "local": HVAEConfig.of("local", image_shape=(1, 16, 16), width=8),
    "local, ladder, colour": HVAEConfig.of("local", image_shape=(3, 16, 16), width=10, inference="ladder"),
}
DEPTHS = {
    "one layer, bernoulli": HVAEConfig(layers=1, top_dim=5, width=8, likelihood="bernoulli"),
    "three layers, ladder, colour": HVAEConfig(
        image_shape=(3, 16, 16), layers=3, width=10, channels=3, inference="ladder", variance=0.1
    ),
}


def images_of(config):
    return np.random.default_rng(0).integers(0, 256, (3, *config.image_shape), dtype=np.uint8)


@pytest.mark.parametrize("config", [*DEPTHS.values(), *ARCHITECTURES.values()], ids=[*DEPTHS, *ARCHITECTURES])
def test_rates_of_other_models_are_pythons(modules, random_model, file_of, config):
    model, images = random_model(config), images_of(config)
    [found] = ask(modules, "wasm", file_of(model), images, ("rates", {"images": [2, 0], "draws": 5}))
    expected = image_rates(model, to_floats(images[[2, 0]]), draws=5)
    for number, ours in enumerate(found["images"]):
        for layer, rate in enumerate(expected.rates[number].tolist(), start=1):
            assert ours[f"rate_z{layer}"] == close(rate)
        assert ours["distortion"] == close(expected.distortion[number].item())
        total = expected.distortion[number].item() + expected.rates[number].sum().item()
        assert ours["neg_elbo"] == close(total)


@pytest.mark.parametrize("config", ARCHITECTURES.values(), ids=ARCHITECTURES)
def test_estimates_of_other_architectures_are_the_servers(modules, random_model, file_of, config):
    model, images = random_model(config), images_of(config)
    [found] = ask(modules, "wasm", file_of(model), images, ("estimates", {"n": 3}))
    estimates = SERVERS["estimates"]
    expected = estimates.make(Subject(model, lambda: images, []), estimates.query.model_validate({"n": 3}))
    for name in set(expected) - {"stats", "traversal", "dimensions"}:
        assert found[name] == close(expected[name]), name
