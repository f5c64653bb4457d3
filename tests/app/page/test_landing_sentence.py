"""The sentence above the planes says which optima are the same model, and nothing that was not measured."""

import numpy as np
import pandas as pd
import pytest

from app.page.landing_sentence import landing_sentence
from app.page.points import points_table
from app.page.state import first_sizes
from hvae.atlas.atlas import Atlas

METRICS = ("psnr", "acc_rbf_svm_z2", "inception_score")
QUESTION = "4 models, one question: what should z₂ know?"


def table(*best, count=4):
    """A table whose METRICS are best at these rows; NaN where there is None."""
    rows = pd.DataFrame({"point": [f"p{index}" for index in range(count)]})
    rows["rate_z2"] = rows["rate_z1"] = np.arange(count, dtype=float)
    for metric, at in zip(METRICS, best, strict=True):
        rows[metric] = np.nan if at is None else 0.5 + 0.4 * (np.arange(count) == at)
    return rows


@pytest.mark.parametrize(
    ("best", "answer"),
    [
        ((0, 1, 2), "The best at reconstructing, representing and generating are three different ones."),
        (
            (0, 1, 0),
            "The best at reconstructing and generating are the same model; "
            "the best at representing is another.",
        ),
        ((3, 3, 3), "The best at reconstructing, representing and generating are all the same model."),
        ((0, None, 2), "The best at reconstructing and generating are two different ones."),
        ((0, None, 0), "The best at reconstructing and generating are the same model."),
        ((0, None, None), "The best at reconstructing is marked."),
        ((None, None, None), "Which is best at what was not measured."),
    ],
)
def test_it_compares_the_optima_that_are_known(best, answer):
    assert landing_sentence(table(*best), METRICS) == f"{QUESTION} {answer} Click any dot."


def test_a_model_that_is_in_no_plane_is_not_its_optimum():
    rows = table(0, 1, 2)
    rows.loc[0, "rate_z2"] = np.nan
    rows.loc[1, "psnr"] = 0.55
    assert "reconstructing and representing are the same model" in landing_sentence(rows, METRICS)


def test_of_a_loss_the_lowest_is_best_and_metrics_that_share_a_goal_are_named():
    rows = table(0, 1, 2).assign(distortion=[4.0, 3.0, 2.0, 1.0], neg_elbo=[1.0, 2.0, 3.0, 4.0])
    said = landing_sentence(rows, ("psnr", "distortion", "neg_elbo"))
    assert said == (
        f"{QUESTION} The best by PSNR and by Negative ELBO are the same model; "
        "the best by Distortion is another. Click any dot."
    )


def test_without_models_or_rates_nothing_is_to_be_clicked():
    assert landing_sentence(table(0, 1, 2).head(0), METRICS) == ""
    unmeasured = table(0, 1, 2).assign(rate_z2=np.nan)
    assert landing_sentence(unmeasured, METRICS) == f"{QUESTION} Which is best at what was not measured."


def test_one_model_is_compared_with_nothing():
    said = landing_sentence(table(0, 0, 0, count=1), METRICS)
    assert said == "1 model, one question: what should z₂ know? Click any dot."


def test_an_atlas_without_labels_is_compared_by_what_it_has(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    assert "The best at reconstructing is marked." in landing_sentence(
        points_table(atlas), first_sizes(atlas)
    )
    said = landing_sentence(points_table(Atlas.shipped("mnist")), METRICS)
    assert said.startswith("81 models, ")


def test_optima_that_are_not_apart_within_the_errors_are_not_called_different_places():
    apart = table(0, 1, 2).assign(**{f"{metric}_se": 0.01 for metric in METRICS})
    assert landing_sentence(apart, METRICS) == landing_sentence(table(0, 1, 2), METRICS)
    close = apart.assign(psnr_se=0.2)
    assert "three different ones, though within the errors one model is best at two of them." in (
        landing_sentence(close, METRICS)
    )
    assert "two different ones, though within the errors one model is best at both." in (
        landing_sentence(close, METRICS[:2])
    )
