import math

import numpy as np
import pytest
import torch
from torch import nn
from torchmetrics.image.inception import InceptionScore

from hvae.atlas.checkpoint import save_model
from hvae.config import HVAEConfig
from hvae.datasets import Images, load
from hvae.errors import UserError
from hvae.metrics.classifier import (
    Classifier,
    ClassifierConfig,
    accuracy,
    class_probabilities,
    image_probabilities,
    load_classifier,
    save_classifier,
    shifted,
    train_classifier,
)
from hvae.metrics.inception import diversity, inception_score, sample_probabilities, sharpness
from hvae.model import HVAE


@pytest.fixture(scope="module")
def digits():
    return load("digits", "train"), load("digits", "test")


@pytest.fixture(scope="module")
def classifier(digits):
    return train_classifier(digits[0], epochs=1, width=8)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return HVAE(HVAEConfig(width=8, top_dim=8, channels=2)).eval()


def random_probabilities(n=2000, classes=10, sureness=2.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (sureness * torch.randn(n, classes, generator=generator, dtype=torch.float64)).softmax(1)


# ------------------------------------------------------------------------------------------ the three scores


class OnBytes(nn.Module):
    """Our classifier as torchmetrics wants one: pictures of 0 … 255 in, logits out."""

    def __init__(self, classifier):
        super().__init__()
        self.classifier = classifier

    def forward(self, x):
        return self.classifier(x.float() / 255)


@pytest.mark.filterwarnings("ignore:Metric `InceptionScore` will save all extracted features")
@pytest.mark.filterwarnings("ignore:std")
def test_inception_score_is_that_of_torchmetrics_with_the_same_classifier(classifier, digits):
    images = digits[1]
    reference = InceptionScore(feature=OnBytes(classifier), splits=1)
    reference.update(images.images)

    score = inception_score(image_probabilities(classifier, images, batch_size=64))

    assert score.value == pytest.approx(reference.compute()[0].item(), abs=1e-3)
    assert score.value > 5


@pytest.mark.parametrize("sureness", [0.0, 1.0, 5.0, 100.0])
def test_inception_score_is_diversity_times_sharpness(sureness):
    p = random_probabilities(sureness=sureness)
    assert inception_score(p).value == pytest.approx(diversity(p).value * sharpness(p).value, abs=1e-9)


def test_the_scores_at_their_extremes():
    eye, uniform = torch.eye(10), torch.full((50, 10), 0.1)
    same = torch.eye(10)[:1].expand(50, 10)
    for p, expected in ((eye, (10, 1, 10)), (uniform, (10, 0.1, 1)), (same, (1, 1, 1))):
        assert [f(p).value for f in (diversity, sharpness, inception_score)] == pytest.approx(expected)


@pytest.mark.parametrize("measure", [diversity, sharpness, inception_score])
def test_standard_errors_are_the_scatter_of_repeated_samples(measure):
    # Unequal classes: with equal ones the diversity's first-order error is zero.
    weights = torch.linspace(0, 3, 10, dtype=torch.float64)
    repetitions = [
        measure((random_probabilities(500, seed=seed).log() + weights).softmax(1)) for seed in range(200)
    ]
    scatter = np.std([estimate.value for estimate in repetitions], ddof=1)
    assert np.mean([estimate.standard_error for estimate in repetitions]) == pytest.approx(scatter, rel=0.2)


@pytest.mark.parametrize("measure", [diversity, sharpness, inception_score])
def test_a_nan_among_probabilities_gives_nan(measure):
    p = random_probabilities(20)
    p[3, 4] = math.nan
    assert all(map(math.isnan, measure(p)))


# -------------------------------------------------------------------------------------------- prior samples


def test_prior_samples_are_a_function_of_the_seed_and_more_of_them_begin_alike(model, classifier):
    p = sample_probabilities(model, classifier, n=1010, seed=3)
    assert p.shape == (1010, 10) and p.dtype == torch.float64
    assert torch.allclose(p.sum(1), torch.ones(1010, dtype=torch.float64))
    assert torch.equal(sample_probabilities(model, classifier, n=1010, seed=3), p)
    torch.testing.assert_close(
        sample_probabilities(model, classifier, n=700, seed=3)[:700], p[:700], atol=1e-5, rtol=0
    )
    assert len(p.unique(dim=0)) > 1000
    assert not torch.allclose(sample_probabilities(model, classifier, n=1010, seed=4), p)


def test_prior_samples_are_judged_as_the_pictures_the_model_draws(model, classifier):
    # All dimensions but the seed's path: with a temperature of 0 there is one picture.
    p = sample_probabilities(model, classifier, n=3, temperature=0.0)
    expected = class_probabilities(classifier, model.sample(1, temperature=0.0))
    torch.testing.assert_close(p, expected.expand(3, -1), atol=1e-5, rtol=0)


def test_a_model_with_nan_weights_has_nan_scores(model, classifier):
    with torch.no_grad():
        model.picture_head.out.bias[0] = math.nan
    p = sample_probabilities(model, classifier, n=20)
    assert all(math.isnan(number) for f in (diversity, sharpness, inception_score) for number in f(p))


# ------------------------------------------------------------------------------------------------ classifier


def test_a_classifier_learns_digits_in_300_steps(classifier, digits):
    measured = accuracy(classifier, digits[1])
    assert measured.value > 0.95
    assert measured.standard_error == pytest.approx(math.sqrt(measured.value * (1 - measured.value) / 360))


def test_training_is_reproducible_and_leaves_the_global_random_numbers_alone(digits):
    few = Images(digits[0].images[:100], digits[0].labels[:100], digits[0].classes)
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    weights = [
        train_classifier(few, epochs=1, width=4, min_steps=8, seed=seed).state_dict() for seed in (0, 0, 1)
    ]
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not torch.equal(weights[0]["head.weight"], weights[2]["head.weight"])


def test_colour_pictures_and_any_number_of_classes_will_do():
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (30, 3, 32, 32), generator=generator, dtype=torch.uint8)
    images = Images(pixels, torch.arange(30) % 3, ("cat", "dog", "emu"))
    trained = train_classifier(images, epochs=1, width=4, min_steps=3)
    assert image_probabilities(trained, images).shape == (30, 3)


def test_shifts_move_an_image_by_whole_pixels_and_repeat_its_border():
    x = torch.arange(32 * 32, dtype=torch.float32).reshape(1, 1, 32, 32)
    padded = torch.nn.functional.pad(x, [2] * 4, mode="replicate")[0, 0]
    possible = {
        (down, right): padded[down : down + 32, right : right + 32] for down in range(5) for right in range(5)
    }
    moved = shifted(x.expand(500, 1, 32, 32), torch.Generator().manual_seed(0))
    found = {key for image in moved for key, value in possible.items() if torch.equal(image[0], value)}
    assert found == set(possible)
    assert all(any(torch.equal(image[0], value) for value in possible.values()) for image in moved)


def test_a_stored_classifier_comes_back_the_same(classifier, digits, tmp_path):
    save_classifier(classifier, tmp_path / "classifier.safetensors")
    loaded = load_classifier(tmp_path / "classifier.safetensors")
    assert loaded.config == classifier.config and not loaded.training
    assert torch.equal(image_probabilities(loaded, digits[1]), image_probabilities(classifier, digits[1]))
    assert [path.name for path in tmp_path.iterdir()] == ["classifier.safetensors"]


def test_a_file_that_is_no_classifier_is_refused_in_one_sentence(tmp_path, model):
    path = tmp_path / "classifier.safetensors"
    with pytest.raises(UserError, match="classifier.safetensors"):
        load_classifier(path)
    path.write_bytes(b"what is this")
    with pytest.raises(UserError, match="classifier.safetensors"):
        load_classifier(path)
    save_model(model, path)
    with pytest.raises(UserError, match="classifier.safetensors"):
        load_classifier(path)


@pytest.mark.parametrize("wrong", [{"classes": 1}, {"width": 0}, {"in_channels": 9}, {"width": True}])
def test_a_config_out_of_range_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Classifier(ClassifierConfig(**wrong))
