"""What the presenter's steps say of an atlas."""

import math

import pytest
from atlas_builder import build_atlas

from app.page.lecture import STEPS, lecture
from hvae.atlas.atlas import Atlas


def test_the_goals_are_shown_where_this_atlas_reaches_them_best(tmp_path):
    metrics = {
        "acc_rbf_svm_z2": [0.1, 0.3, 0.5, 0.3, 0.5, 0.7, 0.5, 0.7, 0.9],
        "inception_score": [8.0, 9.0, 7.0, 6.0, 6.5, 5.5, 2.0, 2.5, 1.5],
    }
    steps = lecture(Atlas.open(build_atlas(tmp_path / "atlas", metrics=metrics)))
    assert len(steps) == STEPS
    shown = {"view": "representation", "point": "b2-10_b1-10", "probe": "rbf_svm", "layer": "z2"}
    assert steps[5].screen == shown | {"posterior": "mean"}
    assert "90.0 %" in steps[5].sentence and "β₂ = β₁ = 10" in steps[5].sentence
    assert steps[6].screen["point"] == "b2-0.1_b1-1"
    assert len(steps[7].screen["pins"]) == 3 and "no one-size-fits-all" in steps[7].sentence


def test_beside_the_best_off_the_line_stands_what_beta_vaes_of_its_total_rate_reach(tmp_path):
    # β₂ changes slowest, so the β-VAEs are the rows 0, 4 and 8.
    totals = [30.0, 90, 90, 90, 20, 90, 25, 90, 10]
    metrics = {
        "rate_total": totals,
        "psnr": [28.0, 1, 1, 1, 24, 1, 31, 1, 20],
        "acc_rbf_svm_z2": [0.9, *[0.1] * 8],  # a β-VAE is best
        "inception_score": [3.0, 9, 1, 1, 2, 1, 1, 1, 1],  # beyond all β-VAEs
    }
    steps = lecture(Atlas.open(build_atlas(tmp_path / "atlas", metrics=metrics)))
    assert steps[4].sentence.endswith("β-VAEs of that total rate reach 26.0 dB.")
    assert not any("β-VAEs of" in steps[index].sentence for index in (5, 6))


def test_the_error_of_what_beta_vaes_reach_is_that_of_an_interpolation(tmp_path):
    metrics = {
        "rate_total": [30.0, 90, 90, 90, 20, 90, 25, 90, 10],
        "psnr": [28.0, 1, 1, 1, 24, 1, 31, 1, 20],
        "psnr_se": [0.6, 0, 0, 0, 0.8, 0, 0.1, 0, 0.9],
    }
    steps = lecture(Atlas.open(build_atlas(tmp_path / "atlas", metrics=metrics)))
    # Half way between two β-VAEs: √(0.6² + 0.8²) / 2 = 0.5.
    assert steps[4].sentence.endswith("β-VAEs of that total rate reach 26.0 ± 0.5 dB.")
    assert "31.0 ± 0.1 dB" in steps[4].sentence


def test_two_goals_that_share_a_model_are_not_called_two_goals(tmp_path):
    best = [0.0] * 8 + [1.0]
    metrics = {"psnr": best, "acc_rbf_svm_z2": best, "inception_score": [3.0, *[1.0] * 7, 2.0]}
    last = lecture(Atlas.open(build_atlas(tmp_path / "atlas", metrics=metrics)))[7]
    assert last.sentence.startswith("Three goals, two different models") and len(last.screen["pins"]) == 2


def test_what_a_layer_knows_is_shown_where_both_hold_most(tmp_path):
    metrics = {
        "rate_z2": [40.0, 30, 20, 12, 9, 8, 7, 6, 5],
        "rate_z1": [0.0, 1, 2, 11, 9, 8, 7, 6, 5],
    }
    step = lecture(Atlas.open(build_atlas(tmp_path / "atlas", metrics=metrics)))[3]
    assert step.screen["point"] == "b2-1_b1-0.1"
    assert "z₂ holds 12.0 nats and z₁ 11.0 nats more" in step.sentence


def test_a_plane_without_beta_vaes_has_no_line_of_them(tmp_path):
    steps = lecture(Atlas.open(build_atlas(tmp_path / "atlas", betas=(1.0,))))
    assert "dashed red line" not in steps[2].sentence


def test_one_model_that_is_best_at_all_is_not_called_three(tmp_path):
    best = [0.0] * 8 + [1.0]
    metrics = {"psnr": best, "acc_rbf_svm_z2": best, "inception_score": [1.0] * 8 + [2.0]}
    steps = lecture(Atlas.open(build_atlas(tmp_path / "atlas", metrics=metrics)))
    assert "one model is best for all goals" in steps[7].sentence


@pytest.mark.parametrize("betas", [(1.0,), (0.1, 1.0)])
def test_what_was_not_measured_is_said(tmp_path, betas):
    steps = lecture(Atlas.open(build_atlas(tmp_path / "atlas", betas=betas)))
    assert len(steps) == STEPS
    assert "not measured" in steps[5].sentence and "not measured" in steps[6].sentence


def test_a_number_that_is_not_finite_is_no_best(tmp_path):
    spoiled = [20.0, math.inf, math.nan, -math.inf, 25.0, *[10.0] * 4]
    steps = lecture(Atlas.open(build_atlas(tmp_path / "atlas", metrics={"psnr": spoiled})))
    assert steps[4].screen["point"] == "b2-1_b1-1" and "25.0 dB" in steps[4].sentence


def test_what_was_not_measured_decides_nothing(tmp_path):
    only_psnr = lecture(Atlas.open(build_atlas(tmp_path / "one")))
    assert only_psnr[7].sentence.endswith("only reconstruction was measured.")
    metrics = {"psnr": [math.nan] * 9}
    nothing = lecture(Atlas.open(build_atlas(tmp_path / "none", metrics=metrics)))
    assert "not measured" in nothing[4].sentence
    assert nothing[7].sentence.endswith("none of the three goals was measured.")
    assert nothing[7].screen["pins"] == []
