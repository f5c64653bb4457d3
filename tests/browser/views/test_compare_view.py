"""Comparing models: pins, and what stands side by side."""

import pytest

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


def test_a_fourth_pin_takes_the_place_of_the_oldest(explorer):
    pin(explorer, "b2-10_b1-1", "b2-0.1_b1-10", "b2-1_b1-10", "b2-0.1_b1-0.1")
    assert explorer.address.endswith("pins=b2-0.1_b1-10,b2-1_b1-10,b2-0.1_b1-0.1")


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
