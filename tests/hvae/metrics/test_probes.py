import math
import warnings
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC, LinearSVC

from hvae.bounds import best_accuracy
from hvae.config import HVAEConfig
from hvae.datasets import Images, load
from hvae.gaussian import Gaussian
from hvae.metrics.measurements.accuracy import ACCURACY, ACCURACY_ON_DRAWS, PROBES
from hvae.metrics.mutual_information import mixture_information
from hvae.metrics.probes import (
    feature_accuracies,
    make_probe,
    probe_accuracies,
    probe_accuracy,
    probe_hits,
    random_subset,
    representations,
    shuffled_subset,
)
from hvae.metrics.registry import EvaluationData
from hvae.model import HVAE

PIXELS, LABELS = load_digits(return_X_y=True)
SPLIT = (PIXELS[:1000], LABELS[:1000], PIXELS[1000:], LABELS[1000:])


@pytest.fixture(scope="module")
def digits():
    return load("digits", "train"), load("digits", "test")


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return HVAE(HVAEConfig(width=8, top_dim=8, channels=2)).eval()


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("logistic", LogisticRegression(max_iter=2000, tol=1e-6)),
        ("linear_svm", LinearSVC(dual=False, tol=1e-5)),
        # libsvm's own kernel, to convergence, where the probe has scikit-learn compute the matrix.
        ("rbf_svm", SVC(C=10, gamma=1 / 64, tol=1e-5)),
        ("knn", KNeighborsClassifier(5)),
    ],
)
def test_a_probe_scores_what_scikit_learn_scores_on_scaled_features(name, reference):
    """Fitted on each third of the training images; the accuracy is the mean."""
    train_x, train_y, test_x, test_y = SPLIT
    scores = []
    for third in (slice(0, 334), slice(334, 667), slice(667, 1000)):
        mean, std = train_x[third].mean(0), train_x[third].std(0)
        std[std == 0] = 1
        reference.fit((train_x[third] - mean) / std, train_y[third])
        scores.append(reference.score((test_x - mean) / std, test_y))

    accuracy = probe_accuracy(name, *SPLIT)

    assert accuracy.value == pytest.approx(np.mean(scores), abs=accuracy.standard_error)


@pytest.mark.parametrize("name", ["logistic", "knn"])
def test_the_error_of_an_accuracy_is_its_scatter_over_other_images(name):
    """Drawn again, training and test images alike, accuracies scatter as their errors say."""
    rng = np.random.default_rng(1)

    def drawn(n):
        labels = rng.integers(0, 3, n)
        return rng.normal(size=(n, 4)) + np.eye(3, 4)[labels], labels

    found = [probe_accuracy(name, *drawn(90), *drawn(200)) for _ in range(40)]
    values, errors = np.array(found).T
    assert values.std(ddof=1) == pytest.approx(np.sqrt(np.mean(errors**2)), rel=0.35)


def test_logistic_regression_converges_where_features_are_nearly_collinear():
    """As they are, once scaled, where a layer has next to no rate."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 900)
    shared = rng.normal(size=(900, 3)) + 0.5 * np.eye(4, 3)[labels]
    x = shared @ rng.normal(size=(3, 60)) + 0.02 * rng.normal(size=(900, 60)) * labels[:, None]
    (probe,) = make_probe("logistic")[1:]
    scaled = (x - x.mean(0)) / x.std(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probe.fit(scaled, labels)
    chances = probe.predict_proba(scaled)
    # Where the objective of L2-regularised logistic regression is least, its gradient vanishes.
    gradient = (chances - np.eye(4)[labels]).T @ scaled / len(x) + probe.coef_ / len(x)
    assert np.abs(gradient).max() < 1e-3


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_does_not_care_about_the_units_of_a_dimension(name):
    train_x, train_y, test_x, test_y = SPLIT
    units = np.logspace(-3, 3, 64)
    accuracy = probe_accuracy(name, train_x * units, train_y, test_x * units, test_y)
    assert accuracy.value == pytest.approx(probe_accuracy(name, *SPLIT).value, abs=0.007)


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_tells_clusters_apart_and_guesses_where_there_are_none(name):
    x, y = make_blobs(600, n_features=4, centers=3, cluster_std=0.2, random_state=0)
    assert probe_accuracy(name, x[:400], y[:400], x[400:], y[400:]).value == 1
    noise = np.random.default_rng(0).normal(size=x.shape)
    guess = probe_accuracy(name, noise[:400], y[:400], noise[400:], y[400:])
    assert abs(guess.value - 1 / 3) < 4 * guess.standard_error


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("name", PROBES)
def test_features_that_are_not_finite_give_nan(name, bad):
    train_x, train_y, test_x, test_y = (part[:50].copy() for part in SPLIT)
    test_x[3, 2] = bad
    assert all(map(math.isnan, probe_accuracy(name, train_x, train_y, test_x, test_y)))


@pytest.mark.parametrize("name", PROBES)
def test_training_labels_that_are_all_the_same_give_nan(name):
    assert math.isnan(probe_accuracy(name, PIXELS[:20], np.zeros(20), PIXELS[20:40], np.zeros(20)).value)


@pytest.mark.parametrize("images", range(2, 8))
@pytest.mark.parametrize("name", PROBES)
def test_a_handful_of_training_images_will_do(name, images):
    """Even where a part has one class only: its probe always says this class."""
    test = PIXELS[10:50], LABELS[10:50]
    accuracy = probe_accuracy(name, PIXELS[:images], LABELS[:images], *test)
    assert 0 <= accuracy.value <= 1
    assert accuracy.standard_error > 0
    if images == 3:
        assert accuracy.value == pytest.approx(np.isin(test[1], LABELS[:3]).mean() / 3)


def test_an_unknown_probe_is_named_in_the_error():
    with pytest.raises(ValueError, match="'svm'.*logistic"):
        probe_accuracy("svm", *SPLIT)


def test_solvers_that_stop_early_give_no_warning():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 1)) + 1e-4 * rng.normal(size=(300, 80))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        feature_accuracies([x, x[:, :5]], rng.integers(0, 4, 300), [x, x[:, :5]], rng.integers(0, 4, 300))


def test_the_number_of_jobs_does_not_matter():
    few = [part[:300] for part in SPLIT]
    features = [few[0], few[0][:, 10:20]], few[1], [few[2], few[2][:, 10:20]], few[3]
    alone, together = (feature_accuracies(*features, jobs=jobs) for jobs in (1, 3))
    assert alone == together
    assert [list(layer) for layer in alone] == [list(PROBES)] * 2


def test_probes_of_a_model_see_its_posterior_means(model, digits):
    train, test = digits
    x = [images.batch(torch.arange(len(images))) for images in digits]
    means = [[q.mean.flatten(1).numpy() for q in model.encode(batch)] for batch in x]
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(0)).numpy()
    expected = [
        probe_accuracy("knn", a[order], train.labels.numpy()[order], b, test.labels.numpy()).value
        for a, b in zip(*means, strict=True)
    ]

    measured = probe_accuracies(model, train, test, probes=["knn"])

    assert [layer["knn"].value for layer in measured] == pytest.approx(expected, abs=0.003)


def test_representations_are_means_or_draws_whatever_the_batch_size(model, digits):
    _, test = digits
    x = test.batch(torch.arange(len(test)))
    for seed, expected in (
        (None, [q.mean for q in model.encode(x)]),
        (4, model.infer(x, model.noise(len(x), 4)).latents),
    ):
        for layer, z in zip(representations(model, test, seed=seed, batch_size=50), expected, strict=True):
            np.testing.assert_allclose(layer, z.detach().flatten(1), atol=1e-4)


def test_probes_of_draws_are_worse_than_those_of_means(model, digits):
    means, draws = (
        probe_accuracies(model, *digits, probes=["logistic"], from_draws=drawn)[1]["logistic"]
        for drawn in (False, True)
    )
    assert draws.value + 2 * draws.standard_error < means.value


def test_accuracies_on_draws_obey_the_bound_by_mutual_information_and_those_on_means_need_not():
    """Eq. 7 is about z. A mean is a function of x without noise: scaling shows what no draw of z could."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(4000) % 10
    centres = torch.randn(10, 8, generator=generator)
    means = 0.2 * centres[labels] + 0.02 * torch.randn(4000, 8, generator=generator)
    posteriors = Gaussian(means, torch.zeros_like(means))
    draws = posteriors.sample(torch.randn(means.shape, generator=generator))
    information = mixture_information(draws[:2000], Gaussian(*(p[:2000] for p in posteriors)), labels[:2000])
    bound = best_accuracy(information.value + 3 * information.standard_error, np.ones(10))
    assert bound < 0.5

    for features, above in ((draws, False), (means, True)):
        x, y = features.numpy(), labels.numpy()
        for name in PROBES:
            accuracy = probe_accuracy(name, x[2000:], y[2000:], x[:2000], y[:2000])
            assert (accuracy.value - 3 * accuracy.standard_error > bound) == above


class TwoClasses:
    """Posteriors N(± separation, 1) of z₂, + for white pictures, and z₁ ~ N(z₂, 1) given the draw of z₂."""

    config = SimpleNamespace(latent_shapes=((1,), (1,)))
    device = "cpu"

    def __init__(self, separation):
        self.separation = separation

    def noise(self, n, seed):
        return list(torch.randn(2, n, 1, generator=torch.Generator().manual_seed(seed)))

    def infer(self, x, noise=None):
        z_2 = self.separation * (2 * x[:, 0, 0, :1] - 1) + (0 if noise is None else noise[1])
        return SimpleNamespace(latents=[z_2 + (0 if noise is None else noise[0]), z_2])


@pytest.fixture(scope="module")
def black_and_white():
    labels = torch.arange(8000) % 2
    pixels = (255 * labels).to(torch.uint8)[:, None, None, None]
    images = [
        Images(pixels[part], labels[part], ("black", "white")) for part in (slice(4000), slice(4000, 8000))
    ]
    return EvaluationData(*images, seed=3)


def test_accuracies_on_draws_are_those_of_two_gaussians(black_and_white):
    """The best guess is the sign of z: right with probability Φ(m) on N(± m, 1), Φ(m/√2) on N(± m, 2)."""
    measured = ACCURACY_ON_DRAWS.measure(TwoClasses(1.0), black_and_white)
    normal = NormalDist()
    for latent, best in (("z2", normal.cdf(1)), ("z1", normal.cdf(1 / math.sqrt(2)))):
        for probe in PROBES:
            value, error = (measured[f"acc_{probe}_{latent}_draw{end}"] for end in ("", "_se"))
            assert value < best + 4 * error, probe
            # Five neighbours in one dimension vote by draws: some 5 % worse than the best guess.
            assert value > best - 4 * error - (0.08 if probe == "knn" else 0), probe


def test_without_a_rate_draws_show_nothing_where_means_show_everything(black_and_white):
    model = TwoClasses(1e-6)
    draws = ACCURACY_ON_DRAWS.measure(model, black_and_white)
    means = ACCURACY.measure(model, black_and_white)
    for column in ACCURACY.names:
        assert abs(draws[f"{column}_draw"] - 0.5) < 4 * draws[f"{column}_draw_se"]
        assert means[column] == 1


def test_a_model_with_nan_weights_has_nan_accuracies(digits):
    broken = HVAE(HVAEConfig(width=8, top_dim=8, channels=2)).eval()
    with torch.no_grad():
        broken.layers[-1].posterior_head.bias[0] = math.nan
    layers = probe_accuracies(broken, *digits)
    assert all(math.isnan(number) for layer in layers for estimate in layer.values() for number in estimate)


def test_a_subset_is_drawn_from_all_of_the_images():
    labels = torch.arange(10).repeat_interleave(50)
    images = Images(labels[:, None, None, None].to(torch.uint8), labels, tuple("0123456789"))

    subset = random_subset(images, 100, seed=1)

    assert len(subset) == 100
    assert set(subset.labels.tolist()) == set(range(10))
    assert torch.equal(subset.images.flatten().long(), subset.labels)
    assert torch.equal(subset.labels, random_subset(images, 100, seed=1).labels)

    shuffled = shuffled_subset(images, 100, seed=1)
    assert torch.equal(shuffled.labels.sort().values, subset.labels.sort().values)
    assert not torch.equal(shuffled.labels, subset.labels)
    assert not torch.equal(subset.labels, random_subset(images, 100, seed=2).labels)
    assert random_subset(images, 500) is images


def test_the_fits_of_a_probe_have_other_training_images():
    """Each third is of one class, which its fit then says of every image."""
    labels = np.repeat([3, 1, 2], 4)
    hits = probe_hits("knn", PIXELS[:12], labels, PIXELS[12:18], np.array([1, 1, 2, 3, 3, 0]))
    assert hits.astype(int).tolist() == [[0, 0, 0, 1, 1, 0], [1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]]
