"""How much of the label a simple classifier reads off a layer's latent: the accuracies of Fig. 4.

The probes are four classifiers of scikit-learn, each behind a StandardScaler, which gives all latent
dimensions the same scale. Each is fitted three times, on disjoint subsets of the training images, so that its
error also says what other training images would change.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import joblib
import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from threadpoolctl import threadpool_limits

from hvae.datasets import Images
from hvae.metrics.batches import batches, rows_of
from hvae.metrics.estimate import NOT_A_NUMBER, Estimate
from hvae.metrics.limits import MOST_PROBE_IMAGES, PROBE_FITS, costly_probes
from hvae.metrics.measurements.accuracy import PROBES
from hvae.model import HVAE

# Test images per call of `predict`: bounds the kernel matrix of test against training images.
_TEST_ROWS = 1_000


def probe_accuracies(model: HVAE, train: Images, test: Images, **options: Any) -> list[dict[str, Estimate]]:
    """Return the test accuracy of every probe for every layer: probe → accuracy, layer 1 first.

    options: those of `probe_hits_by_layer`. Accuracies are in [0, 1], means over the three fits; see
    `probe_accuracy` for their standard errors. NaN where there are no hits.
    """
    layers = probe_hits_by_layer(model, train, test, **options)
    return [{probe: accuracy_of(hits) for probe, hits in layer.items()} for layer in layers]


def probe_hits_by_layer(
    model: HVAE,
    train: Images,
    test: Images,
    *,
    max_train: int = MOST_PROBE_IMAGES,
    from_draws: bool = False,
    probes: Sequence[str] = tuple(PROBES),
    batch_size: int = 500,
    seed: int = 0,
    jobs: int | None = None,
) -> list[dict[str, np.ndarray | None]]:
    """Return which test images every probe gets right, for every layer: probe → hits, layer 1 first.

    Probes are fitted on the posterior means of three disjoint subsets of the training images, of up to
    `max_train` each, drawn by `seed`, and scored on the means of all test images. Hits are those of
    `probe_hits`; None for probes that would take too long (`hvae.metrics.limits.costly_probes`), too.

    from_draws: fit and score on one draw z_ℓ ~ q(z_ℓ|x) per image instead. Eq. 7 bounds these accuracies, not
    those on means: a mean is a noiseless function of x, and scaling amplifies its last digits.
    """
    chosen = shuffled_subset(train, PROBE_FITS * max_train, seed)
    train_features, test_features = (
        representations(model, images, batch_size=batch_size, seed=noise_seed if from_draws else None)
        for images, noise_seed in ((chosen, seed + 1), (test, seed))
    )
    skipped = costly_probes(train)
    layers = feature_hits(
        train_features,
        chosen.labels.cpu().numpy(),
        test_features,
        test.labels.cpu().numpy(),
        probes=[probe for probe in probes if probe not in skipped],
        seed=seed,
        jobs=jobs,
    )
    return [{probe: layer.get(probe) for probe in probes} for layer in layers]


@torch.inference_mode()
def representations(
    model: HVAE, images: Images, *, batch_size: int = 500, seed: int | None = None
) -> list[np.ndarray]:
    """Return a probe's features of each image: per layer, layer 1 first, (N, D_ℓ) float32, flattened.

    Posterior means, with the layers above at theirs; or, given a `seed`, one draw of all latents.
    """
    noise = None if seed is None else model.noise(len(images), seed)
    parts: list[list[np.ndarray]] = [[] for _ in model.config.latent_shapes]
    for rows, x in batches(images, batch_size, model.device):
        latents = model.infer(x, None if noise is None else rows_of(noise, rows)).latents
        for part, z in zip(parts, latents, strict=True):
            part.append(z.flatten(1).cpu().numpy())
    return [np.concatenate(part) for part in parts]


def random_subset(images: Images, size: int, seed: int = 0) -> Images:
    """Return at most `size` of the images, drawn without replacement, in their old order."""
    if len(images) <= size:
        return images
    return _at(images, _permutation(images, seed)[:size].sort().values)


def shuffled_subset(images: Images, size: int, seed: int = 0) -> Images:
    """Return at most `size` of the images, drawn without replacement, in an order by chance."""
    return _at(images, _permutation(images, seed)[:size])


def _permutation(images: Images, seed: int) -> torch.Tensor:
    return torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))


def _at(images: Images, index: torch.Tensor) -> Images:
    index = index.to(images.images.device)
    return replace(images, images=images.images[index], labels=images.labels[index])


def make_probe(name: str, *, seed: int = 0) -> Pipeline:
    """Return an unfitted pipeline of StandardScaler and a classifier:

    logistic: LogisticRegression, L2, C = 1, by Newton's method to convergence; linear_svm: LinearSVC, C = 1;
    knn: the 5 nearest neighbours; rbf_svm: SVC, C = 10, kernel exp(−|a − b|²/D). SVC gets it as a function:
    scikit-learn then computes all pairs as one matrix product, for 256 dimensions up to three times faster
    than libsvm's own loop.
    Raises ValueError for a name that is not in PROBES.
    """
    makers = {
        # Where a layer has next to no rate its scaled features are nearly collinear. There L-BFGS needs
        # hundreds of steps, and Newton's method, which uses no random numbers, some ten.
        "logistic": lambda: LogisticRegression(C=1.0, solver="newton-cg", tol=1e-4, max_iter=100),
        # With more images than dimensions the primal problem is smaller, and it uses no random numbers.
        "linear_svm": lambda: LinearSVC(C=1.0, dual=False, tol=1e-2, random_state=seed),
        "rbf_svm": lambda: SVC(C=10.0, kernel=rbf_kernel, tol=1e-2, cache_size=50, random_state=seed),
        "knn": lambda: KNeighborsClassifier(n_neighbors=5),
    }
    if name not in makers:
        raise ValueError(f"there is no probe {name!r}; choose {', '.join(PROBES)}")
    classifier: ClassifierMixin = makers[name]()
    return make_pipeline(StandardScaler(), classifier)


def probe_accuracy(
    name: str,
    train_features: np.ndarray,
    train_labels: np.ndarray,
    test_features: np.ndarray,
    test_labels: np.ndarray,
    *,
    seed: int = 0,
) -> Estimate:
    """Return the test accuracy of one probe, in [0, 1], the mean over its fits, and its standard error.

    train_features, test_features: (n, D) and (N, D); labels (n,) and (N,). The training rows are in an order
    by chance. See `probe_hits` for the fits, and `Estimate.share_over_fits` for the error: it includes what
    other test images and other training images would change. NaN where `probe_hits` finds none.
    Raises ValueError for an unknown name.
    """
    return accuracy_of(probe_hits(name, train_features, train_labels, test_features, test_labels, seed=seed))


def accuracy_of(hits: np.ndarray | None) -> Estimate:
    """Return the accuracy of hits (fits, N) with its standard error; NaN of None."""
    return NOT_A_NUMBER if hits is None else Estimate.share_over_fits(hits)


def probe_hits(
    name: str,
    train_features: np.ndarray,
    train_labels: np.ndarray,
    test_features: np.ndarray,
    test_labels: np.ndarray,
    *,
    seed: int = 0,
) -> np.ndarray | None:
    """Return whether each fit of a probe is right on each test image: bool (fits, N).

    Arguments as for `probe_accuracy`. The training rows are cut into three parts, one after the other, equal
    up to one row, and the probe is fitted on each; two rows make one fit. A part with a single class makes a
    probe that always says this class.
    None if a feature is not finite, the training labels are all the same, or there are no test images.
    Raises ValueError for an unknown name.
    """
    probe = make_probe(name, seed=seed)
    finite = np.isfinite(train_features).all() and np.isfinite(test_features).all()
    if not finite or len(np.unique(train_labels)) < 2 or len(test_features) == 0:
        return None
    fits = PROBE_FITS if len(train_labels) >= PROBE_FITS else 1
    parts = np.array_split(np.arange(len(train_labels)), fits)
    # One thread per probe: the numbers then depend on no machine's number of cores.
    with threadpool_limits(1), warnings.catch_warnings():
        _ignore_warnings()
        guesses = [_guesses(probe, train_features[part], train_labels[part], test_features) for part in parts]
    return np.stack(guesses) == test_labels


def _guesses(
    probe: Pipeline, features: np.ndarray, labels: np.ndarray, test_features: np.ndarray
) -> np.ndarray:
    """Fit the probe, and return the label that it gives each test image."""
    if (labels == labels[0]).all():
        return np.full(len(test_features), labels[0])
    if isinstance(probe[-1], KNeighborsClassifier):
        probe[-1].set_params(n_neighbors=min(5, len(features)))
    probe.fit(features.astype(np.float64), labels)
    parts = np.array_split(test_features, -(-len(test_features) // _TEST_ROWS))
    return np.concatenate([probe.predict(part.astype(np.float64)) for part in parts])


def _ignore_warnings() -> None:
    # On features that are all but collinear a line search may end early, or liblinear at its 1000 steps.
    warnings.simplefilter("ignore", ConvergenceWarning)
    # If labels are nearly as many as images, scikit-learn takes them for numbers to be predicted.
    warnings.filterwarnings("ignore", message="The number of unique classes", category=UserWarning)
    warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)


def feature_accuracies(*features: Any, **options: Any) -> list[dict[str, Estimate]]:
    """Return the test accuracy of every probe for every layer: probe → accuracy, layer 1 first.

    Arguments as for `feature_hits`.
    """
    layers = feature_hits(*features, **options)
    return [{probe: accuracy_of(hits) for probe, hits in layer.items()} for layer in layers]


def feature_hits(
    train_features: Sequence[np.ndarray],
    train_labels: np.ndarray,
    test_features: Sequence[np.ndarray],
    test_labels: np.ndarray,
    *,
    probes: Sequence[str] = tuple(PROBES),
    seed: int = 0,
    jobs: int | None = None,
) -> list[dict[str, np.ndarray | None]]:
    """Return `probe_hits` of every probe for every layer: probe → hits, layer 1 first.

    train_features, test_features: one (n, D_ℓ) and (N, D_ℓ) per layer, as from `representations`; the
    training rows in an order by chance, as for `probe_accuracy`.
    jobs: number of probes at the same time, one thread each (scikit-learn's solvers release Python's lock);
    None for one per core. The result does not depend on it.
    """

    def hits(layer: int, name: str) -> np.ndarray | None:
        return probe_hits(
            name, train_features[layer], train_labels, test_features[layer], test_labels, seed=seed
        )

    tasks = [(layer, name) for layer in range(len(train_features)) for name in probes]
    # Kernel matrices are large, so one worker makes them all, one after another. They take longest, so they
    # start first.
    kernel_tasks = [task for task in tasks if task[1] == "rbf_svm"]
    groups = [kernel_tasks, *([task] for task in tasks if task not in kernel_tasks)]

    def run(group: list[tuple[int, str]]) -> list[np.ndarray | None]:
        return [hits(*task) for task in group]

    workers = joblib.Parallel(jobs or joblib.cpu_count(), backend="threading")
    with threadpool_limits(1), warnings.catch_warnings():
        # Here too: Python's filters are one list for all threads, and the first probe to end restores it.
        _ignore_warnings()
        results = workers(joblib.delayed(run)(group) for group in groups)
    found = {
        task: result
        for group, part in zip(groups, results, strict=True)
        for task, result in zip(group, part, strict=True)
    }
    return [{name: found[layer, name] for name in probes} for layer in range(len(train_features))]
