"""Every kind of picture against the server's, byte by byte."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image
from python_side import (
    Atlas,
    HVAEConfig,
    Subject,
    dimension_rates,
    kinds,
    leading_directions,
    read_image,
)

PICTURES = {kind.name: kind for kind in kinds() if kind.mimetype == "image/png"}

ASKED = [
    ("samples", {}),
    ("samples", {"n": 3, "seed": 2**31 - 1, "temperature": 0.5}),
    ("traversal", {"seed": 4}),
    ("traversal", {"shifts": {"z2.3": 2.5, "z1.0": -1.5, "z1.2": 3, "z2.0": 0}}),
    ("dimensions", {"seed": 1}),
    ("dimensions", {"latent": "z1", "rows": 3}),
    ("place", {}),
    ("place", {"across": 2.25, "up": -1}),
    ("resample", {"seed": 3}),
    ("resample", {"images": [5, 1, 2], "rows": 2}),
    ("layers", {}),
    ("layers", {"images": [3, 9], "draws": 2, "seed": 6}),
    ("layers", {"images": [0], "draws": 0}),
    ("mix", {}),
    ("mix", {"images": [7]}),
    ("interpolation", {}),
    ("interpolation", {"images": [1, 2, 8], "steps": 3}),
    ("reconstructions", {}),
    ("reconstructions", {"images": [10, 4, 3, 2, 1, 0, 5, 6, 8, 9]}),
    ("examples", {"images": [2, 2, 0]}),
]


def servers_sheet(subject, kind, query):
    """The server's sheet as RGBA, uint8 (height, width, 4)."""
    parsed = PICTURES[kind].query.model_validate(query)
    made = PICTURES[kind].make(subject, parsed)
    colours = made[..., :-1].repeat(3 if made.shape[2] == 2 else 1, axis=2)
    return np.concatenate([colours, made[..., -1:]], axis=2)


def compare(modules, kernels, file, subject, asked):
    """Compare sheets; returns the share of pixels that differ, by one grey level."""
    found = modules(
        "pictures",
        kernels=kernels,
        file=file,
        images=subject.images,
        asked=[{"kind": kind, "query": query} for kind, query in asked],
    )
    off = pixels = 0
    for (kind, query), outcome in zip(asked, found, strict=True):
        assert "made" in outcome, (kind, query, outcome)
        sheet, expected = outcome["made"], servers_sheet(subject, kind, query)
        assert (sheet["height"], sheet["width"]) == expected.shape[:2], (kind, query)
        difference = np.abs(sheet["data"].reshape(expected.shape).astype(int) - expected)
        assert difference.max() <= 1, (kind, query)
        assert difference[..., 3].max() == 0, (kind, query)
        off += (difference.max(axis=2) > 0).sum()
        pixels += (expected[..., 3] > 0).sum()
    return off / pixels


def shipped(name, number):
    atlas = Atlas.shipped(name)
    file = atlas.metrics["checkpoint"].iloc[number]
    images, rates = atlas.examples().images, dimension_rates(atlas.metadata(file))
    about = {"name": file, "bytes": (atlas.path / file).read_bytes()}
    return about, Subject(atlas.load_checkpoint(file), lambda: images, rates)


def test_every_kind_is_compared():
    assert {kind for kind, _ in ASKED} == set(PICTURES)


@pytest.mark.parametrize(("atlas", "number"), [("mnist", 30), ("street-digits", 8)])
def test_pictures_of_points_that_ship_are_the_servers(modules, atlas, number):
    assert compare(modules, "wasm", *shipped(atlas, number), ASKED) < 1e-4


def test_pictures_in_plain_javascript_are_the_servers(modules):
    few = [("samples", {"n": 8}), ("layers", {"images": [0, 2]}), ("mix", {"images": [0, 1]})]
    assert compare(modules, "plain", *shipped("mnist", 80), few) < 1e-4


ARCHITECTURES = ["xiao-bamler", "xiao-bamler, ladder, colour", "local, colour", "local, ladder"]


def subject_of(model, count=12):
    images = np.random.default_rng(0).integers(0, 256, (count, *model.config.image_shape), dtype=np.uint8)
    return Subject(model, lambda: images, [])


@pytest.mark.parametrize(
    "config",
    [
        HVAEConfig(layers=1, top_dim=6, width=8),
        HVAEConfig(image_shape=(3, 16, 16), layers=3, top_dim=6, width=10, channels=3, inference="ladder"),
        HVAEConfig.of("xiao-bamler", image_shape=(1, 16, 16), top_dim=6, width=10, channels=5),
        HVAEConfig.of("xiao-bamler", image_shape=(3, 16, 16), top_dim=6, width=6, inference="ladder"),
        HVAEConfig.of("local", image_shape=(3, 16, 16), top_dim=6, width=10),
        HVAEConfig.of("local", image_shape=(1, 16, 16), top_dim=6, width=6, channels=5, inference="ladder"),
    ],
    ids=["one layer", "three layers, ladder, colour", *ARCHITECTURES],
)
def test_pictures_of_other_networks_are_the_servers(modules, random_model, file_of, config):
    model = random_model(config)
    asked = [(kind, query) for kind, query in ASKED if "z1" not in str(query) or config.layers > 1]
    # Weights are random, and some pixels lie on the edge between two bytes.
    assert compare(modules, "wasm", file_of(model), subject_of(model), asked) < 1e-3


def test_where_rates_are_unknown_dimensions_are_rated_on_the_test_images(modules, random_model, file_of):
    model = random_model(HVAEConfig(width=8, top_dim=6))
    compare(modules, "wasm", file_of(model), subject_of(model), [("dimensions", {"rows": 6})])


@pytest.mark.parametrize(("count", "shape"), [(40, (2, 3, 3)), (12, (4, 8, 8)), (1, (3,)), (2, (5,))])
def test_directions_are_pythons(modules, count, shape):
    generator = torch.Generator().manual_seed(0)
    residuals = torch.randn(count, *shape, generator=generator) * torch.linspace(0.1, 3, shape[-1])
    if count > 2:
        residuals[0].view(-1)[0] = torch.nan
    expected = leading_directions(residuals)
    found = modules("directions", residuals=residuals, count=count, size=residuals[0].numel())
    assert len(found["std"]) == len(expected.std)
    np.testing.assert_allclose(found["std"], expected.std, rtol=1e-5)
    for vector, theirs in zip(found["vectors"], expected.vectors, strict=True):
        np.testing.assert_allclose(vector, theirs.flatten(), atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_of_ones_own_is_read_as_the_server_reads_its_png(modules, channels):
    pixels = np.random.default_rng(1).integers(0, 256, (8, 12, 4), dtype=np.uint8)
    pixels[:2, :, 3] = 255
    pixels[2, :, 3] = 0
    png = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(png, "PNG")
    expected = read_image(base64.urlsafe_b64encode(png.getvalue()).decode(), (channels, 8, 12))
    image = {"width": 12, "height": 8, "data": pixels}
    assert (modules("ownImage", image=image, shape=[channels, 8, 12]) == expected.flatten()).all()


def test_an_image_of_ones_own_is_shown_as_the_server_would_show_it(modules):
    file, subject = shipped("mnist", 30)
    grey = subject.images[7, 0]
    pixels = np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=2)
    own = {"kind": "layers", "query": {"image": {"width": 32, "height": 32, "data": pixels}}}
    named = {"kind": "layers", "query": {"images": [7]}}
    found = modules("pictures", kernels="wasm", file=file, images=subject.images, asked=[own, named])
    assert (found[0]["made"]["data"] == found[1]["made"]["data"]).all()


@pytest.mark.parametrize(
    ("kind", "query", "says"),
    [
        ("samples", {"n": 65}, "n is not valid"),
        ("samples", {"n": 2.5}, "n is not valid"),
        ("samples", {"temperature": float("nan")}, "temperature is not valid"),
        ("samples", {"seed": -1}, "seed is not valid"),
        ("samples", {"colour": 1}, "no parameter"),
        ("traversal", {"shifts": {"z2.99": 1}}, "no dimension z2.99"),
        ("traversal", {"shifts": {"z1.32": 1}}, "no direction z1.32"),
        ("traversal", {"shifts": {"z3.1": 1}}, "shifts is not valid"),
        ("traversal", {"shifts": {"z2.1": 11}}, "shifts is not valid"),
        ("reconstructions", {"images": [1, 1]}, "images is not valid"),
        ("reconstructions", {"images": [999]}, "no image 999"),
        ("layers", {"images": [1], "image": {"width": 1, "height": 1, "data": b"abcd"}}, "not both"),
        ("layers", {"image": {"width": 1, "height": 1, "data": b"abcd"}}, "1 × 1 pixels"),
        ("layers", {"image": {"width": 9, "height": 1, "data": b"abcd"}}, "image is not valid"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(modules, kind, query, says):
    file, subject = shipped("mnist", 30)
    asked = [{"kind": kind, "query": query}]
    [outcome] = modules("pictures", kernels="wasm", file=file, images=subject.images, asked=asked)
    assert says in outcome["sentence"]
    assert outcome["sentence"].endswith(".")
