"""Verdicts follow their rules, on tables whose answer is known."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, spearmanr

from app.claims.claims import OF_THE_SOURCE, OURS
from app.claims.differences import UNPAIRED, Paired, errors_of_differences, varies_with_beta
from app.claims.numbers import INTERVAL, along, as_good, gains, interval, largest_noise, rank_correlation
from app.claims.verdicts import (
    MISSING,
    NO,
    OPEN,
    YES,
    apart,
    depends_on_the_judge,
    follows_the_spectrum,
    linear_lower,
    no_gain_in_psnr,
    off_the_line,
    represents_better,
    rises,
)

GOALS = ("psnr", "acc_rbf_svm_z2", "inception_score")


SIDE = 5
CORNERS = (0, SIDE - 1, SIDE**2 - 1)


def near(at):
    """A metric that is best at one row of a grid of SIDE × SIDE models, and falls off from there."""
    rows, columns = np.divmod(np.arange(SIDE**2), SIDE)
    return 5 - 0.5 * np.hypot(rows - at // SIDE, columns - at % SIDE)


def of_goals(*tops, error=0.001):
    """A table of SIDE × SIDE models whose GOALS are best at these rows."""
    rows, columns = np.divmod(np.arange(SIDE**2), SIDE)
    table = pd.DataFrame({"beta_2": 2.0**rows, "beta_1": 2.0**columns, "rate_z2": rows + 1.0, "rate_z1": 1.0})
    for metric, at in zip(GOALS, tops, strict=True):
        table[metric], table[f"{metric}_se"] = near(at), error
    return table


def test_three_optima_are_apart_only_if_no_model_is_as_good_as_the_best_for_two():
    assert apart(of_goals(*CORNERS)).verdict == YES
    assert apart(of_goals(0, SIDE - 1, SIDE - 1)).verdict == NO
    assert apart(of_goals(*CORNERS, error=2.0)).verdict == OPEN
    without = apart(of_goals(*CORNERS).drop(columns="inception_score"))
    assert without.verdict == MISSING and "Inception score" in without.why


RATES = ("rate_z2", "rate_z1", "rate_total")
MEASURED = (
    *GOALS,
    *RATES,
    "acc_logistic_z2",
    "acc_linear_svm_z2",
    "acc_knn_z2",
    "acc_rbf_svm_z2_draw",
    "sharpness",
)
COLUMNS = (*MEASURED, "sharpness_calibrated", "diversity", "predicted_rate_z2", "predicted_rate_z1")


KINDS = ("missing", "all NaN", "some NaN", "constant", "random")


@given(
    st.integers(0, 3),
    st.lists(st.sampled_from(KINDS), min_size=len(COLUMNS), max_size=len(COLUMNS)),
)
def test_whatever_is_missing_or_alike_each_claim_has_a_verdict_without_nan(side, kinds):
    betas = np.geomspace(0.1, 10, side)
    table = pd.DataFrame([(b, a) for b in betas for a in betas], columns=["beta_2", "beta_1"], dtype=float)
    random = np.random.default_rng(side)
    for column, kind in zip(COLUMNS, kinds, strict=True):
        values = random.uniform(0.1, 30, len(table))
        table[column] = {
            "some NaN": np.where(random.uniform(size=len(table)) < 0.5, np.nan, values),
            "constant": np.ones(len(table)),
            "random": values,
        }.get(kind, np.full(len(table), np.nan))
        table[f"{column}_se"] = values / 100
    lacking = [column for column, kind in zip(COLUMNS, kinds, strict=True) if kind == "missing"]
    table = table.drop(columns=[column for column in lacking if column not in RATES])
    for claim in (*OF_THE_SOURCE, *OURS):
        answer = claim.ask(table, UNPAIRED)
        assert answer.verdict in (YES, OPEN, NO, MISSING) and answer.why
        assert "nan" not in re.findall("[a-z]+", f"{answer.why} {answer.number} {answer.regime}".lower())


def test_draws_decide_where_an_atlas_has_them():
    table = of_goals(*CORNERS).assign(acc_rbf_svm_z2_draw=near(0), acc_rbf_svm_z2_draw_se=0.01)
    answer = apart(table)
    assert answer.verdict == NO and "draws" in answer.regime
    assert answer.evidence["sizes"] == ["psnr", "acc_rbf_svm_z2_draw", "inception_score"]


def test_one_clear_gain_among_many_may_be_chance_and_a_larger_one_is_not():
    def judged(errors: float) -> str:
        """Of 20 models as good as their β-VAE, but for one that is so many standard errors better."""
        beta_2, beta_1 = np.meshgrid(range(5), range(5), indexing="ij")
        totals = 5.0 * (beta_2 + beta_1)
        # In the very middle between two β-VAEs, whose errors count half.
        metric = totals + errors * np.sqrt(1 + 0.5) * ((beta_2 == 0) & (beta_1 == 1))
        columns = {"beta_2": beta_2 + 1, "beta_1": beta_1 + 1, "rate_total": totals, "psnr": metric}
        table = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
        return off_the_line("psnr", table.assign(psnr_se=1.0)).verdict

    sure = norm.isf(0.01 / 20)
    assert [judged(errors) for errors in (2.9, (3 + sure) / 2, sure + 0.1)] == [NO, OPEN, YES]


def test_linear_classifiers_do_best_at_a_lower_rate_only_where_others_are_clearly_worse_there():
    def beside(values):
        """The same numbers for each of six β₁."""
        return np.tile(values, 6)

    table = pd.DataFrame({"rate_z2": beside([1.0, 2.0, 3.0]), "beta_2": beside([1.0, 100.0, 1e4])})
    table["beta_1"] = np.repeat(2.0 ** np.arange(6), 3)
    for probe, values in {
        "logistic": [0.9, 0.5, 0.5],
        "linear_svm": [0.5, 0.9, 0.5],
        "rbf_svm": [0.5, 0.5, 0.9],
        "knn": [0.5, 0.5, 0.9],
    }.items():
        table[f"acc_{probe}_z2"], table[f"acc_{probe}_z2_se"] = beside(values), 0.01
    assert linear_lower(table).verdict == YES
    assert linear_lower(table.assign(acc_knn_z2=beside([0.5, 0.89, 0.9]))).verdict == OPEN
    assert linear_lower(table.assign(acc_knn_z2=beside([0.5, 0.91, 0.9]))).verdict == NO


def test_a_score_rises_where_it_does_over_all_models_and_along_lines():
    beta_2, rate = np.repeat([1.0, 2.0, 3.0], 3), np.tile([1.0, 2.0, 3.0], 3)
    columns = {"beta_2": beta_2, "beta_1": 1 / rate, "rate_z1": rate, "sharpness": rate + 0.1 * beta_2}
    table = pd.DataFrame(columns)
    ask = ("rate_z1", "sharpness", "beta_2")
    assert rises(*ask, table).verdict == YES
    falling = rises(*ask, table.assign(sharpness=-rate))
    assert falling.verdict == NO and falling.why.startswith("it falls")


def test_the_largest_gain_of_noise_is_that_of_many_draws():
    draws = np.random.default_rng(0).normal(size=(20_000, 34)).max(axis=1)
    assert largest_noise(34) == pytest.approx(np.median(draws), abs=0.02)


def grid(metric: np.ndarray, totals: np.ndarray, error: float) -> pd.DataFrame:
    """A 3×3 grid with given metric and total rates, (3, 3)."""
    beta_2, beta_1 = np.meshgrid([0.1, 1.0, 10.0], [0.1, 1.0, 10.0], indexing="ij")
    columns = {"beta_2": beta_2, "beta_1": beta_1, "rate_total": totals, "psnr": metric}
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()} | {"psnr_se": error})


def test_a_gain_is_over_the_interpolated_beta_vae_of_equal_total_rate():
    totals = np.array([[30.0, 18, 15], [12, 10, 6], [9, 4, 2]])
    metric = np.array([[30.0, 23, 28], [20, 20, 12], [20, 15, 10]])
    found = gains(grid(metric, totals, 0.1), "psnr")
    expected = {
        float(total): float(value - np.interp(total, [2, 10, 30], [10, 20, 30]))
        for total, value in zip(totals.ravel(), metric.ravel(), strict=True)
        if total not in (2, 10, 30)
    }
    assert {gain.row["rate_total"]: pytest.approx(gain.gain) for gain in found} == expected
    assert all(gain.is_clear or gain.gain < 0.4 for gain in found)
    clear = [gain.gain for gain in found if gain.is_clear]
    assert [gain.gain for gain in found][: len(clear)] == sorted(clear, reverse=True)
    top = found[0]
    assert (top.row["rate_total"], top.against_better_neighbour) == (15, -2)
    # A quarter of the way from one β-VAE to the next.
    assert top.error == pytest.approx(0.1 * np.sqrt(1 + 0.75**2 + 0.25**2))
    assert top.is_clear
    assert not gains(grid(metric, totals, 10.0), "psnr")[0].is_clear


def test_models_as_good_are_worse_by_two_standard_errors_of_the_difference_or_less_than_matters():
    values = np.array([10.0, 9.92, 9.8, 9.6, 9.0])
    table = pd.DataFrame({"psnr": values, "psnr_se": 0.1})
    assert list(as_good(table, "psnr").index) == [0, 1, 2]  # 0.2 < 2 √2 0.1 < 0.4 dB
    assert list(as_good(table.assign(psnr_se=np.nan), "psnr").index) == [0, 1]  # 0.08 dB do not matter
    # Of models whose errors go together, but for the last one.
    together = np.full((5, 5), 0.0099) + np.diag([1e-4] * 4 + [1e-4])
    assert list(as_good(table, "psnr", Paired({"psnr": pd.DataFrame(together)})).index) == [0, 1]
    together[2] = together[:, 2] = np.nan
    assert list(as_good(table, "psnr", Paired({"psnr": pd.DataFrame(together)})).index) == [0, 1, 2]


def test_the_error_of_a_gain_is_paired_where_the_covariance_is_known():
    totals = np.array([[30.0, 18, 15], [12, 10, 6], [9, 4, 2]])
    table = grid(np.interp(totals, [2, 10, 30], [10, 20, 30]), totals, 0.1)
    together = pd.DataFrame(np.full((9, 9), 0.0099) + 1e-4 * np.eye(9))
    for gain in gains(table, "psnr", Paired({"psnr": together})):
        share = np.interp(gain.row["rate_total"], [2, 10, 30], [0, 1, 2]) % 1
        # What all share cancels: the weights of a gain add up to zero.
        assert gain.error == pytest.approx(0.01 * np.sqrt(1 + share**2 + (1 - share) ** 2))


def test_errors_of_gains_and_differences_contain_the_scatter_between_runs_where_it_was_measured():
    totals = np.array([[30.0, 18, 15], [12, 10, 6], [9, 4, 2]])
    table = grid(np.interp(totals, [2, 10, 30], [10, 20, 30]), totals, 0.1)
    together = Paired({"psnr": pd.DataFrame(np.full((9, 9), 0.0099) + 1e-4 * np.eye(9))}, {"psnr": 0.3})
    for known, of_one in ((together, 0.01), (Paired({}, {"psnr": 0.3}), 0.1)):
        for gain in gains(table, "psnr", known):
            share = np.interp(gain.row["rate_total"], [2, 10, 30], [0, 1, 2]) % 1
            by_hand = np.sqrt((of_one**2 + 0.3**2) * (1 + share**2 + (1 - share) ** 2))
            assert gain.error == pytest.approx(by_hand)
        of_differences = errors_of_differences(table, "psnr", 4, known)
        assert of_differences.drop(4).to_numpy() == pytest.approx(np.sqrt(2 * of_one**2 + 2 * 0.3**2))
    elsewhere = Paired({}, {"inception_score": 0.3})
    assert [gain.error for gain in gains(table, "psnr", elsewhere)] == [
        gain.error for gain in gains(table, "psnr")
    ]


def test_a_gain_below_what_matters_is_open_however_sure():
    def judged(gain):
        beta_2, beta_1 = np.meshgrid(range(5), range(5), indexing="ij")
        totals = 5.0 * (beta_2 + beta_1)
        metric = totals + gain * ((beta_2 == 0) & (beta_1 == 1))
        columns = {"beta_2": beta_2 + 1, "beta_1": beta_1 + 1, "rate_total": totals, "psnr": metric}
        table = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
        return off_the_line("psnr", table.assign(psnr_se=1e-3))

    assert judged(0.2).verdict == YES
    small = judged(0.05)
    assert small.verdict == OPEN and "less than what matters, 0.1 dB" in small.why


def test_one_percent_of_shuffled_metrics_seem_to_vary_with_beta():
    table, random = of_goals(*CORNERS), np.random.default_rng(0)
    varying = [
        varies_with_beta(table.assign(psnr=random.permutation(table["psnr"])), "psnr") for _ in range(400)
    ]
    assert np.mean(varying) < 0.03


def test_few_models_or_equal_ones_do_not_vary_with_beta():
    table = of_goals(*CORNERS)
    assert not varies_with_beta(table.head(4), "psnr")
    assert not varies_with_beta(table.assign(psnr=1.0), "psnr")


def test_rank_correlation_is_that_of_scipy():
    random = np.random.default_rng(0)
    first, second = (pd.Series(random.integers(0, 8, 40)) for _ in range(2))
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)


def test_the_interval_of_a_mean_over_lines_is_that_of_the_normal_where_lines_are_many():
    of_lines = pd.Series(np.random.default_rng(1).normal(0.3, 0.2, 200))
    low, high = interval(of_lines)
    half = norm.isf((1 - INTERVAL) / 2) * of_lines.std() / np.sqrt(200)
    assert (low, high) == pytest.approx((of_lines.mean() - half, of_lines.mean() + half), abs=0.01)
    assert interval(of_lines) == (low, high)
    assert np.isnan(interval(pd.Series([np.nan]))).all()


def test_a_line_of_one_model_has_no_correlation():
    table = pd.DataFrame({"beta_2": [1.0, 2.0, 2.0], "rate_z1": [1.0, 2.0, 3.0], "psnr": [1.0, 2.0, 3.0]})
    expected = pytest.approx([np.nan, 1.0], nan_ok=True)
    assert along(table, "beta_2", "rate_z1", "psnr").tolist() == expected


def predicted(off, at=30.0, count=20):
    """Models with β₂ ≤ β₁ whose rates are `at`, one of them so far off; and one beyond the line."""
    table = pd.DataFrame({"beta_2": [1.0] * count + [10.0], "beta_1": [1.0] * (count + 1)})
    table["predicted_rate_z2"] = table["rate_z2"] = at
    table.loc[0, "rate_z2"] += off
    table.loc[count, "rate_z2"] = 99.0
    return table


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        (predicted(2.9), YES),
        (predicted(-3.1), OPEN),
        (predicted(1.4, at=2.0), YES),
        (predicted(1.6, at=2.0), OPEN),
        (predicted(3.1, count=5), NO),
        (predicted(0).drop(columns="predicted_rate_z2"), MISSING),
    ],
)
def test_rates_follow_the_spectrum_within_a_tenth_or_a_nat_and_a_half(table, verdict):
    assert follows_the_spectrum(table).verdict == verdict


def test_the_furthest_deviations_are_named_and_what_networks_save_is_counted():
    table = predicted(-9.0).assign(
        rate_z1=2.0, predicted_rate_z1=2.0, distortion=-5.0, predicted_distortion=-5.0
    )
    table.loc[3, "rate_z2"] = 25.0
    why = follows_the_spectrum(table).why
    assert "furthest off: 21.0 nats for 30.0 at β₂ = 1, β₁ = 1, 25.0 nats for 30.0" in why
    assert "2 of 20 have a lower D + β₂ R(z₂) + β₁ R(z₁|z₂) than the best linear HVAE" in why


@pytest.mark.parametrize(("gain", "error", "verdict"), [(0.05, 0.01, YES), (0.5, 0.01, NO), (0.5, 0.3, OPEN)])
def test_a_gain_in_psnr_is_excluded_if_it_is_small_whatever_its_error(gain, error, verdict):
    totals = np.array([[30.0, 18, 15], [12, 10, 6], [9, 4, 2]])
    metric = np.interp(totals, [2, 10, 30], [10, 20, 30]) - 1
    metric[[0, 1, 2], [0, 1, 2]] += 1
    metric[0, 1] += 1 + gain
    # The error of a gain is larger than that of its model.
    assert no_gain_in_psnr(grid(metric, totals, error)).verdict == verdict


def judged(source, calibrated):
    beta_2, rate = np.repeat([1.0, 2.0], 5), np.tile(np.arange(5.0), 2)
    columns = {"sharpness": source * rate, "sharpness_calibrated": calibrated * rate}
    betas = {"beta_2": beta_2, "beta_1": 10.0**-rate}
    return pd.DataFrame(betas | {"rate_z1": rate, "rate_z2": 5.0, **columns})


def test_sharpness_depends_on_the_judge_if_it_falls_for_one_and_rises_for_the_other():
    assert depends_on_the_judge(judged(-1, 1)).verdict == YES
    assert depends_on_the_judge(judged(-1, -1)).verdict == NO
    assert depends_on_the_judge(judged(1, -1)).verdict == OPEN
    assert depends_on_the_judge(judged(-1, 1).assign(rate_z2=30.0)).verdict == MISSING


def test_a_table_without_what_a_claim_needs_says_what_is_missing():
    bare = pd.DataFrame({"beta_2": [1.0], "beta_1": [1.0], "rate_z2": [1.0], "rate_z1": [1.0]})
    bare = bare.assign(rate_total=2.0, psnr=20.0, psnr_se=0.1, point="p0")
    for ask, what in (
        (lambda t: off_the_line("psnr", t), "too few models"),
        (no_gain_in_psnr, "too few models"),
        (represents_better, "RBF SVM"),
        (linear_lower, "logistic"),
        (lambda t: rises("rate_z1", "sharpness", "beta_2", t), "Sharpness"),
        (follows_the_spectrum, "spectrum"),
        (depends_on_the_judge, "calibrated"),
    ):
        answer = ask(bare)
        assert answer.verdict == MISSING and what in answer.why and not answer.evidence


def test_verdicts_on_probes_name_draws_and_means():
    totals = np.array([[30.0, 18, 15], [12, 10, 6], [9, 4, 2]])
    metric = np.interp(totals, [2, 10, 30], [0.1, 0.2, 0.3])
    names = {"psnr": "acc_rbf_svm_z2", "psnr_se": "acc_rbf_svm_z2_se"}
    table = grid(metric, totals, 0.001).rename(columns=names)
    alone = represents_better(table)
    assert alone.verdict == NO and alone.why.startswith("on means") and "not measured" in alone.why
    better = metric.copy()
    better[0, 1] += 0.1
    both = represents_better(table.assign(acc_rbf_svm_z2_draw=better.ravel(), acc_rbf_svm_z2_draw_se=0.001))
    assert both.verdict == YES and both.why.startswith("on draws: yes") and "on means: no" in both.why
    assert both.evidence["posterior"] == "draw"
