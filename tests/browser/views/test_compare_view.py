"""Comparing models: pins, and what stands side by side."""

import pytest
from atlas_builder import build_atlas

SLOTS = ("samples", "reconstructions")


@pytest.fixture
def explorer(same_page):
    return same_page


def pin(explorer, *points):
    for point in points:
        explorer.select(point)
        explorer.page.keyboard.press("p")


def titles(explorer):
    return [title for title in explorer.page.locator(".compare-title").all_inner_texts() if title]


def test_pinned_models_stand_side_by_side_with_their_own_pictures(explorer):
    pin(explorer, "b2-10_b1-1", "b2-0.1_b1-10")
    explorer.page.click("#tab-compare")
    explorer.wait_until_shown("/b2-10_b1-1/", tuple(f"compare-0-{slot}" for slot in SLOTS))
    explorer.wait_until_shown("/b2-0.1_b1-10/", tuple(f"compare-1-{slot}" for slot in SLOTS))
    assert titles(explorer) == ["β₂ = 10, β₁ = 1", "β₂ = 0.1, β₁ = 10"]
    assert explorer.picture("compare-0-samples") != explorer.picture("compare-1-samples")
    assert explorer.page.locator(".compare-column .empty").nth(2).is_visible()


def test_all_of_them_are_drawn_again_from_the_same_noise(explorer):
    pin(explorer, "b2-10_b1-1", "b2-0.1_b1-10")
    explorer.page.click("#tab-compare")
    explorer.page.keyboard.press("s")
    for index in (0, 1):
        explorer.wait_until_shown("seed=1", (f"compare-{index}-samples",))


def test_before_a_fourth_pin_the_page_asks_which_one_makes_way(explorer):
    pin(explorer, "b2-10_b1-1", "b2-0.1_b1-10", "b2-1_b1-10", "b2-0.1_b1-0.1")
    dialog = explorer.page.get_by_role("dialog", name="3 models are pinned")
    assert "Which one makes way for β₂ = 0.1, β₁ = 0.1?" in dialog.inner_text()
    dialog.get_by_role("button", name="β₂ = 0.1, β₁ = 10").click()
    assert explorer.address.endswith("pins=b2-10_b1-1,b2-0.1_b1-0.1,b2-1_b1-10")
    assert not dialog.is_visible()


def test_who_does_not_choose_keeps_the_three_pins(explorer):
    pin(explorer, "b2-10_b1-1", "b2-0.1_b1-10", "b2-1_b1-10", "b2-0.1_b1-0.1")
    explorer.page.keyboard.press("Escape")
    assert explorer.address.endswith("pins=b2-10_b1-1,b2-0.1_b1-10,b2-1_b1-10")


@pytest.fixture(scope="module")
def measured_address(serve, tmp_path_factory):
    """An atlas in which PSNR is best at (0.1, 0.1), accuracy at (1, 10), the inception score at (1, 0.1)."""
    metrics = {
        "psnr": [25.0, 21, 20, 19, 18, 17, 16, 15, 14],
        "acc_rbf_svm_z2": [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.4, 0.3, 0.2],
        "inception_score": [1.0, 2.0, 3.0, 7.5, 3.0, 2.0, 6.0, 4.0, 2.0],
    }
    return serve(build_atlas(tmp_path_factory.mktemp("compare") / "measured", metrics=metrics))


def test_one_button_pins_the_three_optima_and_the_best_number_of_each_is_bold(open_page, measured_address):
    explorer = open_page(measured_address)
    explorer.page.click("#tab-compare")
    explorer.page.get_by_role("button", name="Pin the three optima").click()
    assert explorer.address.endswith("pins=b2-0.1_b1-0.1,b2-1_b1-10,b2-1_b1-0.1")
    goals = explorer.page.locator(".compare-goals:visible").all_inner_texts()
    assert [goal.strip() for goal in goals] == ["Reconstruct", "Represent", "Generate"]
    assert explorer.page.locator(".goal-numbers b").all_inner_texts() == ["25.0 dB", "95.0 %", "7.50"]
    numbers = explorer.page.locator(".compare-column").first.locator(".goal-numbers dd").all_inner_texts()
    assert numbers == ["25.0 dB", "50.0 %", "1.00"]
    assert not explorer.page.locator(".pin-optima").is_visible()


def test_unpinning_leaves_words_in_an_empty_place(explorer):
    pin(explorer, "b2-10_b1-1")
    explorer.page.click("#tab-compare")
    explorer.page.locator(".unpin:visible").click()
    assert explorer.page.locator(".compare-column .empty:visible").count() == 3
    assert "pins" not in explorer.address


def test_in_bits_its_rates_are_those_in_nats_over_ln_2(explorer):
    pin(explorer, "b2-10_b1-1")
    explorer.page.click("#tab-compare")
    rate = explorer.page.locator(".compare-column [data-column=rate_z1]").first
    nats = float(rate.inner_text().removesuffix(" nats"))
    explorer.page.evaluate("hvae.screen.set({units: 'bits'})")
    explorer.page.wait_for_function("() => document.querySelector('.compare').textContent.includes('bits')")
    assert float(rate.inner_text().removesuffix(" bits")) == pytest.approx(nats / 0.693147, abs=0.1)
