"""On a phone: what a finger changes is in sight, figures and tabs move sideways, and nothing overflows."""

import pytest
from pages import Explorer

from app.page.views import VIEWS

IN_SIGHT = """(selector) => {
    const { top, bottom, height } = document.querySelector(selector).getBoundingClientRect();
    return height > 0 && top >= 0 && bottom <= innerHeight;
}"""


@pytest.fixture
def phone(open_page, tiny_address) -> Explorer:
    return open_page(tiny_address, 390, 844)


@pytest.mark.parametrize("view", ["landscapes", "reconstruction"])
def test_a_dot_changes_a_picture_that_is_in_sight(open_page, tiny_address, view):
    phone = open_page(f"{tiny_address}?view={view}", 390, 844, f"#{view}-0 .scatterlayer .point")
    before = phone.page.evaluate("document.getElementById('samples-bar-row').toDataURL()")
    phone.click_dot("b2-10_b1-10", f"{view}-0")
    phone.page.wait_for_function(
        "() => document.getElementById('samples-bar-row').dataset.pictureUrl.includes('/b2-10_b1-10/')"
    )
    assert phone.page.evaluate("scrollY") == 0
    assert phone.page.evaluate(IN_SIGHT, f"#{view}-0") and phone.page.evaluate(IN_SIGHT, "#samples-bar-row")
    assert phone.page.evaluate("document.getElementById('samples-bar-row').toDataURL()") != before
    assert phone.text(".samples-bar-title") == "β₂ = 10, β₁ = 10"


def test_the_bar_is_there_on_phones_and_for_figures_only(phone):
    bar = phone.page.locator("#samples-bar")
    assert bar.is_visible()
    phone.page.keyboard.press("5")
    bar.wait_for(state="hidden")
    phone.page.keyboard.press("1")
    bar.wait_for(state="visible")
    phone.page.set_viewport_size({"width": 1280, "height": 720})
    bar.wait_for(state="hidden")


def test_tabs_stand_in_one_row_that_shows_the_current_one(phone):
    tabs = phone.page.locator(".view-tab")
    assert len({round(tab.bounding_box()["y"]) for tab in tabs.all()}) == 1
    for key, view in enumerate(VIEWS, start=1):
        phone.page.keyboard.press(str(key))
        box = phone.page.locator(f"#tab-{view}").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_a_finger_on_a_slider_moves_no_page(phone):
    sliders = """[...document.querySelectorAll('input[type=range]')].map(
        (one) => getComputedStyle(one).touchAction)"""
    assert set(phone.page.evaluate(sliders)) == {"none"}


def test_figures_stand_in_a_row_that_stops_at_each(phone):
    phone.page.keyboard.press("2")
    phone.wait_until_drawn("reconstruction")
    lefts = """() => {
        const board = document.querySelector('#view-reconstruction .board');
        const leftOf = (one) => one.getBoundingClientRect().left;
        return [...board.querySelectorAll('.figure-column')].map((one) => leftOf(one) - leftOf(board));
    }"""
    assert phone.page.evaluate(lefts)[0] == pytest.approx(0, abs=1)
    phone.page.evaluate("document.querySelector('#view-reconstruction .board').scrollLeft = 280")
    phone.page.wait_for_function(f"() => Math.abs(({lefts})()[1]) < 1")


def test_nothing_overflows_a_narrow_phone(open_page, tiny_address):
    page = open_page(tiny_address, 320, 640).page
    widths = {}
    for key, view in enumerate(VIEWS, start=1):
        page.keyboard.press(str(key))
        page.wait_for_selector(f"#view-{view}:not([hidden])", state="attached")
        page.wait_for_function("() => !document.querySelector('.view:not([hidden]) .linked-figure:empty')")
        widths[view] = page.evaluate("document.documentElement.scrollWidth")
    assert {view: width for view, width in widths.items() if width > 320} == {}
