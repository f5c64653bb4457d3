"""docs/findings.md agrees with the atlases that ship."""

import findings
import numpy as np
import pytest
from documents import ROOT
from findings_figures import FIGURES, svg
from shuffled_verdicts import shares

from app.claims.claims import OF_THE_SOURCE, answers
from app.claims.numbers import gains
from app.claims.verdicts import YES
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


def test_shuffled_metrics_bear_no_claim_out():
    assert (shares([Atlas.shipped("street-digits")], 40) <= 5).all(axis=None)


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
    rows = off_line[middle].sort_values("rate_z2").index[[0, 10, 20]]
    goals = (["psnr"], ["acc_rbf_svm_z2", "acc_rbf_svm_z2_draw"], ["inception_score"])
    for row, metrics in zip(rows, goals, strict=True):
        for metric in metrics:
            table.loc[row, metric] = table[metric].max() + 10 * table[f"{metric}_se"].max()
    table["sharpness"] = table["rate_z1"]
    # What single images contribute is not theirs.
    files = {name: digest for name, digest in mnist.manifest.files.items() if "per-image" not in name}
    files[METRICS] = "0" * 64
    manifest = mnist.manifest.model_copy(update={"dataset": "street-digits", "files": files})
    return Atlas(mnist.path.parent / "street-digits", manifest, table)


def test_two_atlases_stand_side_by_side_and_a_lecture_begins_where_more_can_be_seen(another):
    page = findings.page([Atlas.default(), another])
    [header] = [line for line in page.splitlines() if line.startswith("| the source, on SVHN")]
    assert header == "| the source, on SVHN | MNIST | Street digits |"
    [apart_row] = [line for line in page.splitlines() if line.startswith("| the three optima")]
    assert all(cell.startswith("yes") for cell in apart_row.split(" | ")[1:])
    assert "begin with Street digits" in page
    assert "begin with" not in findings.page([Atlas.default()])
    for name in ("mnist", "street-digits"):
        assert f"(findings/{name}/optima.svg)" in page


def test_a_claim_is_judged_by_the_numbers(another):
    here = answers(another, OF_THE_SOURCE)
    assert [answer.verdict for answer in here[:4]] == [YES] * 4 and here[5].verdict == YES
    clear, of, gain = np.array(here[1].why.replace(",", "").split())[[0, 2, -4]]
    found = gains(another.metrics, "psnr")
    assert (int(clear), int(of)) == (sum(each.gain > 3 * each.error for each in found), len(found))
    assert float(gain) == pytest.approx(max(each.gain for each in found), abs=0.05)


def test_a_figure_is_the_same_bytes_for_the_same_table():
    table = Atlas.default().metrics
    assert svg(FIGURES["optima"], table, "a") == svg(FIGURES["optima"], table, "a")
