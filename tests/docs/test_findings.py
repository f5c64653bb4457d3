"""docs/findings.md agrees with the atlases that ship."""

import findings
import numpy as np
import pandas as pd
import pytest
from documents import ROOT
from findings_claims import CLAIMS, NO, OPEN, YES, apart, linear_lower, off_the_line, rises
from findings_figures import FIGURES, svg
from findings_numbers import as_good, gains, largest_noise, rank_correlation
from scipy.stats import norm, spearmanr

from hvae import Atlas
from hvae.atlas.atlas import METRICS, shipped_names

DOCS = ROOT / "docs"
PAGE = DOCS / "findings.md"


def test_the_page_says_what_the_atlases_say():
    assert PAGE.read_text(encoding="utf-8") == findings.page(findings.shipped()), (
        "run python docs/findings.py"
    )


@pytest.mark.parametrize("name", shipped_names())
def test_every_figure_on_the_page_was_drawn_from_its_atlas(name):
    source = findings.source_of(Atlas.shipped(name))
    assert source in PAGE.read_text(encoding="utf-8")
    for figure in FIGURES:
        assert f"(findings/{name}/{figure}.svg)" in PAGE.read_text(encoding="utf-8")
        assert source in (DOCS / "findings" / name / f"{figure}.svg").read_text(encoding="utf-8"), figure


def test_no_figure_of_an_atlas_that_no_longer_ships_is_left():
    assert {folder.name for folder in (DOCS / "findings").iterdir()} == set(shipped_names())


@pytest.fixture(scope="module")
def another() -> Atlas:
    """An atlas of colour pictures, as far as the page looks at one: MNIST's, with other numbers.

    Three models are far better than all others at one goal each, none of them on the line β₂ = β₁.
    """
    mnist = Atlas.default()
    table = mnist.metrics.copy()
    off_line = table[~np.isclose(table["beta_2"], table["beta_1"])]
    middle = off_line["rate_total"].between(*table["rate_total"].quantile([0.3, 0.7]))
    rows = off_line[middle].sort_values("rate_z2").index[[0, 20, 40]]
    for row, metric in zip(rows, ("psnr", "acc_rbf_svm_z2", "inception_score"), strict=True):
        table.loc[row, metric] = table[metric].max() + 10 * table[f"{metric}_se"].max()
    table["sharpness"] = table["rate_z1"]
    files = {**mnist.manifest.files, METRICS: "0" * 64}
    manifest = mnist.manifest.model_copy(update={"dataset": "street-digits", "files": files})
    return Atlas(mnist.path.parent / "street-digits", manifest, table)


def test_two_atlases_stand_side_by_side_and_a_lecture_begins_where_more_can_be_seen(another):
    page = findings.page([Atlas.default(), another])
    [header] = [line for line in page.splitlines() if line.startswith("| the source, on SVHN")]
    assert header == "| the source, on SVHN | MNIST | Street digits |"
    [apart_row] = [line for line in page.splitlines() if line.startswith("| the three optima")]
    assert apart_row.split(" | ")[1].startswith("open") and apart_row.split(" | ")[2].startswith("yes")
    assert "begin with Street digits" in page
    assert "begin with" not in findings.page([Atlas.default()])
    for name in ("mnist", "street-digits"):
        assert f"(findings/{name}/optima.svg)" in page


def test_a_claim_is_judged_by_the_numbers(another):
    here = {claim: ask(another.metrics) for claim, ask in CLAIMS.items()}
    verdicts = [answer.verdict for answer in here.values()]
    assert verdicts[:4] == [YES] * 4 and verdicts[5] == YES
    clear, of, gain = np.array(here[list(CLAIMS)[1]].why.replace(",", "").split())[[0, 2, -4]]
    found = gains(another.metrics, "psnr")
    assert (int(clear), int(of)) == (sum(each.gain > 3 * each.error for each in found), len(found))
    assert float(gain) == pytest.approx(max(each.gain for each in found), abs=0.05)
    # Nothing may be made of a table without any difference.
    flat = another.metrics.assign(**{name: 0.5 for name in ("psnr", "acc_rbf_svm_z2", "inception_score")})
    assert apart(flat).verdict == NO
    assert off_the_line("psnr", flat).verdict == NO


def test_one_clear_gain_among_many_may_be_chance_and_a_larger_one_is_not():
    def judged(errors: float) -> str:
        """Of 20 models as good as their β-VAE, but for one that is so many standard errors better."""
        beta_2, beta_1 = np.meshgrid(range(5), range(5), indexing="ij")
        totals = np.where(beta_2 == beta_1, 10.0 * beta_2, 15)
        # Each in the very middle between two β-VAEs, whose errors count half.
        metric = totals + errors * np.sqrt(1 + 0.5) * ((beta_2 == 0) & (beta_1 == 1))
        columns = {"beta_2": beta_2 + 1, "beta_1": beta_1 + 1, "rate_total": totals, "psnr": metric}
        table = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
        return off_the_line("psnr", table.assign(psnr_se=1.0)).verdict

    sure = norm.isf(0.01 / 20)
    assert [judged(errors) for errors in (2.9, (3 + sure) / 2, sure + 0.1)] == [NO, OPEN, YES]


def test_linear_classifiers_do_best_at_a_lower_rate_only_where_others_are_clearly_worse_there():
    table = pd.DataFrame({"rate_z2": [1.0, 2.0, 3.0]})
    for probe, values in {
        "logistic": [0.9, 0.5, 0.5],
        "linear_svm": [0.5, 0.9, 0.5],
        "rbf_svm": [0.5, 0.5, 0.9],
        "knn": [0.5, 0.5, 0.9],
    }.items():
        table[f"acc_{probe}_z2"], table[f"acc_{probe}_z2_se"] = values, 0.01
    assert linear_lower(table).verdict == YES
    assert linear_lower(table.assign(acc_knn_z2=[0.5, 0.89, 0.9])).verdict == OPEN
    assert linear_lower(table.assign(acc_knn_z2=[0.5, 0.91, 0.9])).verdict == NO


def test_a_score_rises_where_it_does_over_all_models_and_along_lines():
    beta_2, rate = np.repeat([1.0, 2.0, 3.0], 3), np.tile([1.0, 2.0, 3.0], 3)
    table = pd.DataFrame({"beta_2": beta_2, "rate_z1": rate, "sharpness": rate + 0.1 * beta_2})
    ask = ("rate_z1", "sharpness", "beta_2")
    assert rises(*ask, table).verdict == YES
    falling = rises(*ask, table.assign(sharpness=-rate))
    assert falling.verdict == NO and falling.why.startswith("it falls")


def test_the_largest_gain_of_noise_is_that_of_many_draws():
    draws = np.random.default_rng(0).normal(size=(20_000, 34)).max(axis=1)
    assert largest_noise(34) == pytest.approx(np.median(draws), abs=0.02)


def test_a_figure_is_the_same_bytes_for_the_same_table():
    table = Atlas.default().metrics
    assert svg(FIGURES["optima"], table, "a") == svg(FIGURES["optima"], table, "a")


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


def test_models_as_good_are_those_within_two_standard_errors_of_the_difference():
    values = np.array([1.0, 0.99, 0.97, 0.5])
    table = pd.DataFrame({"psnr": values, "psnr_se": [0.01, 0.01, 0.01, 0.0]})
    assert list(as_good(table, "psnr").index) == [0, 1]
    exact = pd.DataFrame({"psnr": values, "psnr_se": np.nan})
    assert list(as_good(exact, "psnr").index) == [0]


def test_rank_correlation_is_that_of_scipy():
    random = np.random.default_rng(0)
    first, second = (pd.Series(random.integers(0, 8, 40)) for _ in range(2))
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)
