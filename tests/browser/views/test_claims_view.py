"""The claims view: a verdict on each claim, its rule, and the way to its evidence."""

import numpy as np
import pytest
from atlas_builder import build_atlas


@pytest.fixture(scope="module")
def address(serve, tmp_path_factory):
    """Of an atlas in which one model off the line generates far better than all others."""
    betas = (0.1, 0.3, 1.0, 3.0, 10.0)
    scores = 2.0 + 0.1 * np.arange(25)
    scores[2 * 5] = 5.0  # β₂ = 1, β₁ = 0.1
    metrics = {
        "inception_score": scores.tolist(),
        "inception_score_se": [0.01] * 25,
        "diversity": (1.25 * scores).tolist(),
        "sharpness": [0.8] * 25,
        "psnr_se": [0.01] * 25,
    }
    return serve(build_atlas(tmp_path_factory.mktemp("claimed") / "claimed", betas, metrics=metrics))


def test_the_evidence_of_a_claim_is_shown_by_its_button(open_page, address):
    explorer = open_page(address)
    explorer.page.keyboard.press("9")
    claim = explorer.page.locator(".claim", has_text="models generate better")
    assert claim.locator(".verdict").inner_text() == "yes"
    claim.get_by_text("The rule").click()
    assert claim.locator("details p").is_visible()
    claim.get_by_role("button", name="Show the evidence").click()
    explorer.page.wait_for_selector("#generation-2 .point")
    assert "view=generation" in explorer.address and "point=b2-1_b1-0.1" in explorer.address


def test_claims_that_an_atlas_has_no_numbers_for_say_what_is_missing(open_page, address):
    explorer = open_page(address)
    explorer.page.keyboard.press("9")
    rows = explorer.page.locator(".claim", has=explorer.page.locator(".verdict-not-measured"))
    said = rows.all_inner_texts()
    for what in ("RBF SVM", "logistic", "spectrum", "calibrated judge"):
        assert any(what in text for text in said), what
    assert rows.get_by_role("button", name="Show").count() == 0
