"""docs/findings.md says what the atlas that ships says."""

from pathlib import Path

import findings
import numpy as np
import pandas as pd
import pytest
from findings_figures import FIGURES
from findings_numbers import as_good, gains, rank_correlation
from scipy.stats import spearmanr

from hvae import Atlas

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return Atlas.default()


def test_the_page_says_what_the_atlas_says(atlas):
    assert (DOCS / "findings.md").read_text(encoding="utf-8") == findings.page(atlas), (
        "run python docs/findings.py"
    )


def test_every_figure_on_the_page_was_drawn_from_this_atlas(atlas):
    source = findings.source_of(atlas)
    assert source in (DOCS / "findings.md").read_text(encoding="utf-8")
    for name in FIGURES:
        assert f"(findings/{name}.svg)" in (DOCS / "findings.md").read_text(encoding="utf-8")
        assert source in (DOCS / "findings" / f"{name}.svg").read_text(encoding="utf-8"), name


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
    assert [gain.gain for gain in found] == sorted((gain.gain for gain in found), reverse=True)
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
