"""docs/network.md and docs/metrics.md suffice: what is built from them alone agrees with the project."""

from __future__ import annotations

import ast
import json
import math
import re
import sys
from dataclasses import replace
from pathlib import Path

import network_in_numpy as documented
import numpy as np
import pandas as pd
import pytest
import torch
from architectures_in_numpy import NETWORKS, is_transposed
from atlas_builder import TINY, add_parent, build_atlas
from documents import ROOT, section
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from app.pictures.contact_sheet import to_bytes
from hvae import HVAEConfig
from hvae.atlas.checkpoint import load_model, load_parent, save_model, save_parent
from hvae.atlas.metadata import read_metadata
from hvae.datasets import Images, load
from hvae.gaussian import Gaussian
from hvae.metrics.classifier import (
    Classifier,
    ClassifierConfig,
    class_probabilities,
    load_classifier,
    save_classifier,
)
from hvae.metrics.inception import diversity, inception_score, sample_probabilities, sharpness
from hvae.metrics.mutual_information import mixture_information
from hvae.metrics.probes import feature_accuracies
from hvae.metrics.psnr import psnr
from hvae.metrics.rates import layer_rates
from hvae.model import HVAE
from hvae.parent import Parent

SHIPPED = ("mnist", "street-digits")
BOTH = pytest.mark.parametrize("name", SHIPPED)
FEW = 16
POINT = "beta2-0.1_beta1-0.1"
"""A point of both atlases at which either latent carries more than 4 nats."""


def folder_of(name: str) -> Path:
    return ROOT / "hvae" / "atlases" / name


def checkpoint_of(name: str) -> Path:
    return folder_of(name) / "models" / f"{POINT}.safetensors"


def examples_of(name: str, count: int = FEW) -> tuple[np.ndarray, np.ndarray]:
    """Test images uint8 (N, C, H, W) and their labels (N,)."""
    with np.load(folder_of(name) / "examples.npz") as examples:
        return examples["images"][:count], examples["labels"][:count]


def without_labels(pixels: np.ndarray) -> Images:
    return Images(torch.from_numpy(pixels), torch.zeros(len(pixels), dtype=torch.int64), ("one",))


def random_hvae(config) -> HVAE:
    """An HVAE with weights far from their initial values, so that every term matters."""
    torch.manual_seed(0)
    model = HVAE(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return model.eval()


def test_the_documented_network_uses_neither_torch_nor_this_project():
    tree = ast.parse(Path(documented.__file__).read_text(encoding="utf-8"))
    imported = {name.split(".")[0] for node in ast.walk(tree) for name in names_imported_by(node)}
    assert imported - sys.stdlib_module_names == {"numpy", "safetensors"}


def names_imported_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [each.name for each in node.names] if isinstance(node, ast.Import) else []


# ---------------------------------------------------------------------------------------------------- tensors


def documented_maps(title: str = "The tensors of a point") -> dict[str, str]:
    """NAME → shape of its weight, as the page's table has them, in its order."""
    text = (ROOT / "docs" / "network.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in section(text, title).splitlines()]
    return {row[0].strip("| `"): row[3] for row in rows if row[0].startswith("| `")}


@pytest.mark.parametrize("architecture", NETWORKS)
def test_every_tensor_of_another_architecture_is_listed_with_its_shape(architecture):
    with torch.device("meta"):
        model = HVAE(HVAEConfig.of(architecture, image_shape=(3, 32, 32)))
    listed = documented_maps(f"The architecture `{architecture}`")
    expected = {}
    for name, shape in listed.items():
        numbers = re.findall(r"\d+", shape.replace("4C", "12").replace("C", "3"))
        weight = expected[f"{name}.weight"] = tuple(map(int, numbers))
        expected[f"{name}.bias"] = (weight[is_transposed(NETWORKS[architecture], name)],)
    assert {key: tuple(value.shape) for key, value in model.state_dict().items()} == expected
    assert list(model.state_dict()) == list(expected), "gates come in this order"


@pytest.mark.parametrize("inference", ["generalized", "ladder"])
@pytest.mark.parametrize("architecture", NETWORKS)
def test_another_architecture_is_built_from_its_description(architecture, inference, tmp_path):
    config = HVAEConfig.of(
        architecture, image_shape=(3, 16, 24), inference=inference, top_dim=5, channels=3, width=6
    )
    model = random_hvae(config)
    save_model(model, tmp_path / "point.safetensors")
    network = NETWORKS[architecture].of(tmp_path / "point.safetensors")
    x = np.random.default_rng(0).random((3, *config.image_shape)).astype(np.float32)
    np.testing.assert_allclose(network.sample(3, seed=5), model.sample(3, seed=5).numpy(), atol=1e-4)
    np.testing.assert_allclose(
        network.reconstruct(x), model.reconstruct(torch.from_numpy(x)).numpy(), atol=1e-4
    )
    rates, distortion = network.rates_and_distortion(x, seed=7)
    theirs = model.rates(torch.from_numpy(x), seed=7).numpy()
    np.testing.assert_allclose(np.stack([part.sum(1) for part in rates], 1), theirs, rtol=1e-4)
    np.testing.assert_allclose(distortion, model.distortion(torch.from_numpy(x), seed=7).numpy(), rtol=1e-5)


@BOTH
def test_every_tensor_of_a_point_is_listed_with_its_shape(name):
    config = documented.header(checkpoint_of(name))["config"]
    channels, top_dim = config["image_shape"][0], config["top_dim"]
    sizes = {"4C": 4 * channels, "C": channels, "2d": 2 * top_dim, "d": top_dim}
    shapes = {key: value.shape for key, value in documented.weights_in(checkpoint_of(name)).items()}
    expected = {}
    for map_name, shape in documented_maps().items():
        written = re.sub(r"4C|C|2d|d", lambda symbol: str(sizes[symbol[0]]), shape)
        expected[f"{map_name}.weight"] = tuple(int(number) for number in re.findall(r"\d+", written))
        expected[f"{map_name}.bias"] = expected[f"{map_name}.weight"][:1]
    assert shapes == expected
    assert documented.maps_in_order(config) == list(documented_maps())


# --------------------------------------------------------------------------------------------------- pictures


@BOTH
def test_samples_are_the_same_bytes(name):
    """But for a few that float32 rounds to the other side."""
    ours = documented.to_bytes(documented.Network.of(checkpoint_of(name)).sample(8, seed=3, temperature=0.7))
    theirs = to_bytes(load_model(checkpoint_of(name)).sample(8, seed=3, temperature=0.7))
    assert np.abs(ours.astype(int) - theirs).max() <= 1
    assert np.mean(ours != theirs) < 1e-3


@BOTH
def test_reconstructions_and_psnr_agree(name):
    pixels, _ = examples_of(name)
    x, model = pixels / 255, load_model(checkpoint_of(name))
    ours = documented.Network.of(checkpoint_of(name)).reconstruct(x)
    np.testing.assert_allclose(ours, model.reconstruct(torch.tensor(x).float()).numpy(), atol=1e-4)
    assert documented.psnr(x, ours) == pytest.approx(psnr(model, without_labels(pixels)).value, abs=1e-4)


@BOTH
def test_rates_and_distortion_agree_with_the_project_and_with_the_table(name):
    pixels, _ = examples_of(name)
    network = documented.Network.of(checkpoint_of(name))
    (rate_1, rate_2), distortion = network.rates_and_distortion(pixels / 255, seed=0)
    measured = layer_rates(load_model(checkpoint_of(name)), without_labels(pixels))
    ours = np.stack([rate_1.sum(1), rate_2.sum(1), distortion], axis=1)
    np.testing.assert_allclose(ours, measured.of_images, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(rate_2.mean(0), measured.top_rates, atol=1e-4)

    table = pd.read_parquet(folder_of(name) / "metrics.parquet")
    row = table.set_index("checkpoint").loc[f"models/{POINT}.safetensors"]
    squared_errors = ((network.reconstruct(pixels / 255) - pixels / 255) ** 2).reshape(FEW, -1).mean(1)
    for values, expected in (
        (ours[:, 0], row["rate_z1"]),
        (ours[:, 1], row["rate_z2"]),
        (ours[:, :2].sum(1), row["rate_total"]),
        (distortion, row["distortion"]),
        (ours.sum(1), row["neg_elbo"]),
        (squared_errors, 10 ** (-row["psnr"] / 10)),
    ):
        assert abs(values.mean() - expected) < 4 * values.std(ddof=1) / math.sqrt(FEW)
    of_dimensions = documented.header(checkpoint_of(name))["dimension_rates_z2"]
    assert sum(of_dimensions) == pytest.approx(row["rate_z2"])
    assert np.corrcoef(of_dimensions, rate_2.mean(0))[0, 1] > 0.9


@pytest.mark.parametrize(
    "changes",
    [
        {"inference": "ladder"},
        {"likelihood": "bernoulli"},
        {"layers": 1},
        {"layers": 1, "image_shape": (3, 28, 20)},
        {"image_shape": (2, 28, 20), "variance": 0.1},
        {"inference": "ladder", "likelihood": "bernoulli", "channels": 1, "top_dim": 3},
    ],
    ids=str,
)
def test_other_configurations_agree(changes, tmp_path):
    model = random_hvae(replace(TINY, **changes))
    save_model(model, tmp_path / "point.safetensors")
    network = documented.Network.of(tmp_path / "point.safetensors")
    x = np.random.default_rng(0).random((3, *model.config.image_shape)).astype(np.float32)
    np.testing.assert_allclose(network.sample(3, seed=5), model.sample(3, seed=5).numpy(), atol=1e-4)
    rates, distortion = network.rates_and_distortion(x, seed=7)
    theirs = model.rates(torch.from_numpy(x), seed=7).numpy()
    np.testing.assert_allclose(np.stack([part.sum(1) for part in rates], 1), theirs, rtol=1e-4)
    np.testing.assert_allclose(distortion, model.distortion(torch.from_numpy(x), seed=7).numpy(), rtol=1e-5)


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_the_noise_of_a_seed_and_its_permutation_can_be_made_elsewhere(seed):
    for shape in ((1, 32, 32), (1, 36, 20)):
        model = HVAE(replace(TINY, top_dim=5, image_shape=shape))
        network = documented.Network(model.config.to_dict(), {})
        for ours, theirs in zip(network.noise(3, seed), model.noise(3, seed), strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), atol=2e-6)
    order = torch.randperm(300, generator=torch.Generator().manual_seed(seed))
    assert documented.permutation(300, seed) == order.tolist()


# ----------------------------------------------------------------------------------------- parent, classifier


@BOTH
@pytest.mark.parametrize(("beta_2", "beta_1"), [(0.1, 10.0), (2.5, 0.3)])
def test_the_documented_fold_is_the_parents(name, beta_2, beta_1):
    file = folder_of(name) / "parent.safetensors"
    ours = documented.fold(file, beta_2, beta_1).weights
    theirs = load_parent(file).fold([beta_1, beta_2]).state_dict()
    assert set(ours) == set(theirs)
    for key, weight in theirs.items():
        np.testing.assert_allclose(ours[key], weight.numpy(), rtol=1e-4, atol=1e-5)


def test_the_documented_fold_of_a_ladder_is_the_parents_and_gives_its_pictures(tmp_path):
    add_parent(build_atlas(tmp_path / "atlas", (1.0,), replace(TINY, inference="ladder")), (0.2, 3.0))
    file = tmp_path / "atlas" / "parent.safetensors"
    theirs = load_parent(file).fold([0.1, 2.0]).sample(2, seed=1)
    np.testing.assert_allclose(documented.fold(file, 2.0, 0.1).sample(2, seed=1), theirs.numpy(), atol=1e-4)


@BOTH
def test_the_documented_classifier_gives_the_same_probabilities(name):
    pixels, labels = examples_of(name)
    file = folder_of(name) / "classifier.safetensors"
    ours = documented.class_probabilities(file, pixels / 255)
    theirs = class_probabilities(load_classifier(file), torch.tensor(pixels / 255).float())
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4)
    assert np.mean(ours.argmax(1) == labels) > 0.9


# ---------------------------------------------------------------------------------------------------- metrics


def test_mutual_information_is_the_documented_mixture_estimate():
    pixels, labels = examples_of("mnist")
    network = documented.Network.of(checkpoint_of("mnist"))
    z, posterior, _ = network.infer(pixels / 255, network.noise(len(pixels), 0))[1]
    of_torch = Gaussian(*(torch.from_numpy(part) for part in posterior))
    theirs = mixture_information(torch.from_numpy(z), of_torch, torch.from_numpy(labels))
    assert documented.mi_z2(z, posterior, labels) == pytest.approx(theirs.value, rel=1e-6)
    assert theirs.value > 0.5


def test_samples_are_judged_in_blocks_with_the_documented_seeds(tmp_path):
    model, classifier = random_hvae(TINY), Classifier(ClassifierConfig(classes=4, width=4))
    for weight in classifier.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    save_model(model, tmp_path / "point.safetensors")
    save_classifier(classifier.half().float().eval(), tmp_path / "judge.safetensors")
    theirs = sample_probabilities(model, load_classifier(tmp_path / "judge.safetensors"), n=508, seed=6)
    network = documented.Network.of(tmp_path / "point.safetensors")
    seeds = np.random.SeedSequence(6).generate_state(20, np.uint32).tolist()
    for block, rows in ((0, slice(0, 8)), (1, slice(500, 508))):
        ours = documented.class_probabilities(
            tmp_path / "judge.safetensors", network.sample(8, seed=seeds[block])
        )
        np.testing.assert_allclose(ours, theirs[rows].numpy(), atol=1e-4)
    of_project = {score.__name__: score(theirs).value for score in (inception_score, diversity, sharpness)}
    assert documented.scores(theirs.numpy()) == pytest.approx(of_project)


def test_accuracies_are_those_of_the_documented_classifiers():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 600)
    features = (rng.normal(size=(600, 6)) + 0.5 * labels[:, None]) * 10 ** rng.normal(size=6)
    train, test = slice(0, 200), slice(200, 600)
    classifiers = {
        "logistic": LogisticRegression(C=1, solver="newton-cg", tol=1e-4, max_iter=100),
        "linear_svm": LinearSVC(C=1, dual=False, tol=1e-2),
        "rbf_svm": SVC(C=10, gamma=1 / 6, tol=1e-2),
        "knn": KNeighborsClassifier(n_neighbors=5),
    }
    (theirs,) = feature_accuracies([features[train]], labels[train], [features[test]], labels[test], jobs=1)
    for name, classifier in classifiers.items():
        hits = []
        for part in (slice(0, 67), slice(67, 134), slice(134, 200)):
            fitted = make_pipeline(StandardScaler(), classifier).fit(features[part], labels[part])
            hits.append(fitted.predict(features[test]) == labels[test])
        variance = np.mean(hits, axis=0).var(ddof=1) / 400 + np.mean(hits, axis=1).var(ddof=1) / 3
        assert variance**0.5 == pytest.approx(theirs[name].standard_error, rel=0.1), name
        score = np.mean(hits)
        assert score == pytest.approx(theirs[name].value, abs=1 / 400), name  # one image of 400
    assert len({theirs[name].value for name in classifiers}) > 1


# --------------------------------------------------------------------------------------- pictures and digests


def test_the_digits_are_enlarged_split_and_digested_as_documented():
    digits = load_digits()
    parts = train_test_split(np.arange(1797), test_size=360, random_state=0, stratify=digits.target)
    for split, chosen in zip(("train", "test"), parts, strict=True):
        chosen = np.sort(chosen)
        images, labels = documented.enlarged_digits(digits.images[chosen]), digits.target[chosen]
        theirs = load("digits", split)
        np.testing.assert_array_equal(images, theirs.images.numpy())
        assert documented.split_digest(images, labels) == theirs.digest()


def test_mnists_pictures_have_the_documented_border():
    pixels, _ = examples_of("mnist", 256)
    np.testing.assert_array_equal(documented.bordered(pixels[:, 0, 2:30, 2:30]), pixels)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
def test_a_file_carries_the_documented_checksum(tmp_path, dtype):
    save_model(HVAE(TINY), tmp_path / "point.safetensors", {"note": "β"}, dtype)
    save_parent(Parent(TINY), tmp_path / "parent.safetensors")
    save_classifier(Classifier(), tmp_path / "classifier.safetensors")
    for file in tmp_path.iterdir():
        assert read_metadata(file)["sha256"] == documented.checksum(file), file.name


@BOTH
def test_the_judge_of_a_measurement_is_named_by_its_digest(name):
    manifest = json.loads((folder_of(name) / "atlas.json").read_text(encoding="utf-8"))
    judged_by = json.loads(manifest["evaluation"]["generation"])["classifier"]
    assert judged_by == manifest["files"]["classifier.safetensors"]
