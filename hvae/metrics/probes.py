"""How much of the label a simple classifier reads off a layer's latent: the accuracies of Fig. 4.

The probes are four classifiers of scikit-learn, each behind a StandardScaler, which gives all latent
dimensions the same scale.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

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
from hvae.metrics.limits import MOST_PROBE_IMAGES, costly_probes
from hvae.metrics.measurements.accuracy import PROBES
from hvae.model import HVAE

# Number of images for a kernel machine: its matrix takes 0.5 GB; with 10,000 images it would take 0.8.
_KERNEL_IMAGES = 8_000
# Test images per call of `predict`: bounds the kernel matrix of test against training images.
_TEST_ROWS = 1_000


def probe_accuracies(
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
) -> list[dict[str, Estimate]]:
    """Return the test accuracy of every probe for every layer: probe → accuracy, layer 1 first.

    Probes are fitted on the posterior means of up to `max_train` training images, chosen at random by `seed`,
    and scored on the means of all test images. Accuracies are in [0, 1]; see `probe_accuracy` for their
    standard errors. They are NaN for probes that would take too long (`hvae.metrics.limits.costly_probes`).

    from_draws: fit and score on one draw z_ℓ ~ q(z_ℓ|x) per image instead. Eq. 7 bounds these accuracies, not
    those on means: a mean is a noiseless function of x, and scaling amplifies its last digits.
    """
    chosen = random_subset(train, max_train, seed)
    train_features, test_features = (
        representations(model, images, batch_size=batch_size, seed=noise_seed if from_draws else None)
        for images, noise_seed in ((chosen, seed + 1), (test, seed))
    )
    skipped = costly_probes(train)
    layers = feature_accuracies(
        train_features,
        chosen.labels.cpu().numpy(),
        test_features,
        test.labels.cpu().numpy(),
        probes=[probe for probe in probes if probe not in skipped],
        seed=seed,
        jobs=jobs,
    )
    return [{probe: layer.get(probe, NOT_A_NUMBER) for probe in probes} for layer in layers]


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
    generator = torch.Generator().manual_seed(seed)
    index = torch.randperm(len(images), generator=generator)[:size].sort().values.to(images.images.device)
    return replace(images, images=images.images[index], labels=images.labels[index])


def make_probe(name: str, *, seed: int = 0) -> Pipeline:
    """Return an unfitted pipeline of StandardScaler and a classifier:

    logistic: LogisticRegression, L2, C = 1; linear_svm: LinearSVC, C = 1; knn: the 5 nearest neighbours;
    rbf_svm: SVC, C = 10, kernel exp(−|a − b|²/D). SVC gets it as a function: scikit-learn then computes all
    pairs as one matrix product, for 256 dimensions up to three times faster than libsvm's own loop.
    Raises ValueError for a name that is not in PROBES.
    """
    makers = {
        "logistic": lambda: LogisticRegression(C=1.0, tol=1e-3, max_iter=200, random_state=seed),
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
    """Return the test accuracy of one probe, in [0, 1], and its binomial standard error.

    train_features, test_features: (n, D) and (N, D); labels (n,) and (N,). If there are more than 8,000
    training images, rbf_svm is fitted on 8,000, evenly spaced. The error is that of the finite test set; it
    does not include another training set. NaN if a feature is not finite, or the training labels are all the
    same.
    Raises ValueError for an unknown name.
    """
    probe = make_probe(name, seed=seed)
    if name == "rbf_svm" and len(train_features) > _KERNEL_IMAGES:
        chosen = np.linspace(0, len(train_features) - 1, _KERNEL_IMAGES).astype(int)
        train_features, train_labels = train_features[chosen], train_labels[chosen]
    finite = np.isfinite(train_features).all() and np.isfinite(test_features).all()
    if not finite or len(np.unique(train_labels)) < 2 or len(test_features) == 0:
        return NOT_A_NUMBER
    if name == "knn":
        probe[-1].set_params(n_neighbors=min(5, len(train_features)))
    # One thread per probe: the numbers then depend on no machine's number of cores.
    with threadpool_limits(1), warnings.catch_warnings():
        _ignore_warnings()
        probe.fit(train_features.astype(np.float64), train_labels)
        parts = np.array_split(test_features, -(-len(test_features) // _TEST_ROWS))
        predicted = np.concatenate([probe.predict(part.astype(np.float64)) for part in parts])
    return Estimate.share_of(predicted == test_labels)


def _ignore_warnings() -> None:
    # 200 iterations are the definition of a probe, whether or not the last digit has settled.
    warnings.simplefilter("ignore", ConvergenceWarning)
    # If labels are nearly as many as images, scikit-learn takes them for numbers to be predicted.
    warnings.filterwarnings("ignore", message="The number of unique classes", category=UserWarning)
    warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)


def feature_accuracies(
    train_features: Sequence[np.ndarray],
    train_labels: np.ndarray,
    test_features: Sequence[np.ndarray],
    test_labels: np.ndarray,
    *,
    probes: Sequence[str] = tuple(PROBES),
    seed: int = 0,
    jobs: int | None = None,
) -> list[dict[str, Estimate]]:
    """Return the test accuracy of every probe for every layer: probe → accuracy, layer 1 first.

    train_features, test_features: one (n, D_ℓ) and (N, D_ℓ) per layer, as from `representations`.
    jobs: number of probes at the same time, one thread each (scikit-learn's solvers release Python's lock);
    None for one per core. The result does not depend on it.
    """

    def accuracy(layer: int, name: str) -> Estimate:
        return probe_accuracy(
            name, train_features[layer], train_labels, test_features[layer], test_labels, seed=seed
        )

    tasks = [(layer, name) for layer in range(len(train_features)) for name in probes]
    # Kernel matrices are large, so one worker makes them all, one after another. They take longest, so they
    # start first.
    kernel_tasks = [task for task in tasks if task[1] == "rbf_svm"]
    groups = [kernel_tasks, *([task] for task in tasks if task not in kernel_tasks)]

    def run(group: list[tuple[int, str]]) -> list[Estimate]:
        return [accuracy(*task) for task in group]

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
