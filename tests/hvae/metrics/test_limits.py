"""Metrics that cannot be measured are known before training, and have no numbers afterwards."""

import math
import re
import time
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hvae.config import HVAEConfig
from hvae.datasets import Images
from hvae.metrics.limits import COSTLY_PROBES, MOST_CLASSES_TIMES_IMAGES, costly_probes, limits, undefined
from hvae.metrics.measurements.accuracy import PROBES
from hvae.metrics.probes import feature_accuracies, probe_accuracies
from hvae.model import HVAE

LETTERS = tuple("abcdefgh")


def images_of(labels, classes=LETTERS):
    labels = torch.as_tensor(labels)
    return Images(torch.zeros((len(labels), 1, 32, 32), dtype=torch.uint8), labels, classes)


def test_a_usual_data_set_gives_no_warnings():
    usual = images_of([i % 8 for i in range(80)])
    assert limits(usual, usual) == []


@given(
    st.lists(st.integers(0, 7), min_size=1, max_size=60),
    st.lists(st.integers(0, 7), min_size=1, max_size=60),
)
def test_warnings_follow_from_the_labels(train, test):
    found = limits(images_of(train), images_of(test))
    without = undefined(found)
    lacking = [re.match(r"([a-h, ]+) (has|each have) ", limit.sentence) for limit in found]
    named = {name for match in lacking if match for name in match[1].split(", ")}
    assert ("psnr_se" in without) == (len(test) == 1)
    assert ("acc_knn_z2" in without) == ("inception_score" in without) == (len(set(train)) == 1)
    assert ("recall" in without) == (len(set(train)) == 1 or len(test) < 5)
    assert ("mi_z2" in without) == (len(set(train)) == 1 or len(set(test)) == 1)
    if len(set(train)) > 1:
        assert named == {LETTERS[label] for label in range(8) if label not in train or label not in test}
    assert all(limit.sentence.endswith(".") and "\n" not in limit.sentence for limit in found)


@pytest.mark.parametrize(
    ("classes", "images", "is_skipped"),
    [
        (10, 60_000, False),
        (100, 50_000, False),
        (101, 50_000, True),
        (1_000, 1_200, False),
        (1_000, 1_201, True),
        (1_200, 8_400, True),
        (1_200, 800, False),
        (10_000, 10_000, True),
    ],
)
def test_probes_are_skipped_by_classes_times_images(classes, images, is_skipped):
    labels = torch.arange(images) % classes
    pixels = torch.zeros((1, 1, 1, 1), dtype=torch.uint8).expand(images, 1, 1, 1)
    train = Images(pixels, labels, tuple(map(str, range(classes))))
    assert costly_probes(train) == (COSTLY_PROBES if is_skipped else ())
    found = limits(train, train)
    assert any(f"{classes:,} classes × " in limit.sentence for limit in found) == is_skipped
    assert ("acc_logistic_z1" in undefined(found)) == is_skipped
    assert ("acc_rbf_svm_z2_draw" in undefined(found)) == is_skipped
    assert not {"acc_knn_z1", "acc_knn_z1_draw"} & undefined(found).keys()


def test_with_1200_classes_nearest_neighbours_are_still_measured_without_warnings():
    torch.manual_seed(0)
    model = HVAE(HVAEConfig(width=8, top_dim=4, channels=2)).eval()
    labels = torch.arange(2_400) % 1_200
    images = Images(
        torch.randint(0, 256, (2_400, 1, 32, 32), dtype=torch.uint8), labels, tuple(map(str, range(1_200)))
    )
    assert 1_200 * 2_400 > MOST_CLASSES_TIMES_IMAGES
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layers = probe_accuracies(model, images, images)
    assert time.process_time() - started < 60
    for layer in layers:
        assert list(layer) == list(PROBES)
        assert [probe for probe in PROBES if math.isnan(layer[probe].value)] == list(COSTLY_PROBES)


def test_nearly_as_many_classes_as_images_are_no_reason_to_warn():
    features = np.random.default_rng(0).normal(size=(40, 3))
    labels = np.minimum(np.arange(40), 35)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        feature_accuracies([features], labels, [features], labels, jobs=1)
