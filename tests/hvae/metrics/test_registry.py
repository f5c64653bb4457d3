"""Every list of metrics derives from the records: one that a new module brings is in all of them."""

import dataclasses
import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from documents import ROOT, columns_in

from app.page.figures.look import Look
from app.page.figures.quantities import axis_title, text
from app.page.menus import dot_metrics, preferred_sizes, scores
from app.page.state import fields
from app.page.words import value_text
from app.server.build import create_app
from hvae import Atlas
from hvae.atlas.atlas import table_columns
from hvae.metrics import measurements as home
from hvae.metrics import registry
from hvae.metrics.registry import columns_table, measurements, metric_of, metrics
from precompute.evaluate import evaluate_atlas

MODULE = '''
"""How far reconstructions are from their images."""

from hvae.metrics.estimate import Estimate, columns_of
from hvae.metrics.metric import Measurement, Metric


def measure(model, data):
    x = data.test.batch(data.test.labels.argsort())
    return columns_of({"mae": Estimate.mean_of((model.reconstruct(x) - x).abs().mean((1, 2, 3)).detach())})


ABSOLUTE_ERROR = Metric(
    "mae", "Absolute error", "mean absolute error", unit="share", higher_is_better=False, low=0, high=1
)
MEASUREMENTS = (Measurement("absolute error", (ABSOLUTE_ERROR,), measure),)
'''


@pytest.fixture
def absolute_error(tmp_path, monkeypatch):
    """A metric in a module of its own, beside those of the package."""
    (tmp_path / "absolute_error.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.setattr(home, "__path__", [*home.__path__, str(tmp_path)])
    registry.REGISTRY.discover()
    yield
    registry.REGISTRY.unregister("absolute error")
    del sys.modules[f"{home.__name__}.absolute_error"]


def test_columns_keep_their_order():
    assert table_columns() == (
        *("beta_2", "beta_1"),
        *("rate_z2", "rate_z1", "rate_total", "distortion", "neg_elbo", "psnr"),
        *("mi_z2", "mi_z1", "mi_z2_bound"),
        *("acc_logistic_z2", "acc_linear_svm_z2", "acc_rbf_svm_z2", "acc_knn_z2"),
        *("acc_logistic_z1", "acc_linear_svm_z1", "acc_rbf_svm_z1", "acc_knn_z1"),
        *("acc_logistic_z2_draw", "acc_linear_svm_z2_draw", "acc_rbf_svm_z2_draw", "acc_knn_z2_draw"),
        *("acc_logistic_z1_draw", "acc_linear_svm_z1_draw", "acc_rbf_svm_z1_draw", "acc_knn_z1_draw"),
        *("inception_score", "diversity", "sharpness"),
        *("inception_score_calibrated", "diversity_calibrated", "sharpness_calibrated"),
        *("frechet", "precision", "recall"),
        "checkpoint",
    )


def test_menus_keep_their_order():
    accuracies = [f"acc_{probe}" for probe in ("logistic", "linear_svm", "rbf_svm", "knn")]
    assert list(dot_metrics()) == [
        "psnr",
        *(f"{accuracy}_{latent}" for latent in ("z2", "z1") for accuracy in accuracies),
        *(f"{accuracy}_{latent}_draw" for latent in ("z2", "z1") for accuracy in accuracies),
        *("mi_z2", "mi_z1", "mi_z2_bound", "inception_score", "diversity", "sharpness"),
        *("inception_score_calibrated", "diversity_calibrated", "sharpness_calibrated"),
        *("frechet", "precision", "recall"),
        *("distortion", "neg_elbo"),
    ]
    assert list(scores()) == ["inception_score", "diversity", "sharpness", "frechet", "precision", "recall"]
    assert preferred_sizes() == (
        ("psnr",),
        tuple(
            f"acc_{probe}_z2{posterior}"
            for posterior in ("_draw", "")
            for probe in ("rbf_svm", "linear_svm", "logistic", "knn")
        ),
        ("inception_score", "sharpness", "diversity"),
    )


def test_a_metric_in_a_new_module_is_measured_offered_and_documented(
    digits_atlas, quick_measuring, tmp_path, absolute_error
):
    assert table_columns()[-2:] == ("mae", "checkpoint")
    folder = shutil.copytree(digits_atlas, tmp_path / "atlas")
    before = pd.read_parquet(folder / "metrics.parquet")
    assert Atlas.open(folder).metrics["mae"].isna().all()
    evaluate_atlas(folder, tmp_path)
    after = pd.read_parquet(folder / "metrics.parquet")
    assert ((after["mae"] > 0) & (after["mae"] < 1) & (after["mae_se"] > 0)).all()
    pd.testing.assert_frame_equal(after[before.columns], before)

    atlas = Atlas.open(folder)
    state = fields(atlas)
    assert "mae" in state["sizes"]["choices"] and "mae" in state["colour"]["choices"]
    assert dot_metrics()["mae"] == axis_title("mae", Look()) == "Absolute error"
    assert value_text("mae", 0.0312) == "3.1 %"
    assert text("mae", 0.0312, Look(), 0.002) == "3.1 ± 0.2 %"

    app = create_app({"atlas": atlas})
    answer = app.server.test_client().get("/atlases/atlas/metrics.csv")
    app.server.extensions["decoder"].close()
    assert "mae" in answer.text.splitlines()[0].split(",")

    page = (ROOT / "docs/atlas-format.md").read_text(encoding="utf-8")
    assert set(columns_table()) - set(columns_in(page)) == {"| `mae` | share | mean absolute error |"}


def test_a_name_or_a_column_that_is_taken_is_refused():
    (first, second, *_) = measurements()
    with pytest.raises(ValueError, match=f"{first.name}' is registered already"):
        registry.REGISTRY.register(first)
    with pytest.raises(ValueError, match="the column mi_z1 is registered"):
        registry.REGISTRY.register(dataclasses.replace(second, name="another"))
    with pytest.raises(ValueError, match="the column beta_1 is registered"):
        beta = dataclasses.replace(second.metrics[0], column="beta_1")
        registry.REGISTRY.register(dataclasses.replace(second, name="another", metrics=(beta,)))


def test_what_the_shipped_atlases_hold_is_in_the_range_of_its_metric():
    table = Atlas.default().metrics
    for column, about in metrics().items():
        # An atlas that is older than a metric has no number of it.
        assert table[column].dropna().between(about.low, about.high).all(), column


def test_generation_is_stale_where_another_classifier_judges():
    manifest = Atlas.default().manifest
    (generation,) = (one for one in measurements() if one.name == "generation")
    assert manifest.evaluation["generation"] == generation.fingerprint(manifest)
    files = manifest.files | {"classifier.safetensors": "0" * 64}
    assert generation.fingerprint(manifest.model_copy(update={"files": files})) != generation.fingerprint(
        manifest
    )


def test_lower_is_better_for_what_the_model_pays():
    lower = {column for column in dot_metrics() if not metric_of(column).higher_is_better}
    assert lower == {"distortion", "neg_elbo", "frechet"}
    assert np.isinf([metric_of("neg_elbo").low, metric_of("neg_elbo").high]).all()
