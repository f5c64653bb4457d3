"""The keyboard: what each key does, and when it does nothing."""

import pytest


@pytest.fixture
def explorer(same_page):
    return same_page


@pytest.mark.parametrize(
    ("key", "point"),
    [
        ("ArrowRight", "b2-10_b1-1"),
        ("ArrowLeft", "b2-0.1_b1-1"),
        ("ArrowUp", "b2-1_b1-10"),
        ("ArrowDown", "b2-1_b1-0.1"),
    ],
)
def test_an_arrow_walks_the_grid(explorer, key, point):
    explorer.page.keyboard.press(key)
    explorer.wait_until_shown(f"/{point}/")
    explorer.page.keyboard.press(key)
    assert f"point={point}" in explorer.address, "at the edge it stays"


def test_digits_switch_views(explorer):
    for key, view in (("2", "reconstruction"), ("7", "compare"), ("1", "landscapes")):
        explorer.page.keyboard.press(key)
        explorer.page.wait_for_selector(f"#view-{view}", state="visible")
        assert explorer.page.locator(".view:visible").count() == 1
        assert explorer.page.locator(f"#tab-{view}").get_attribute("aria-selected") == "true"


def test_s_draws_again(explorer):
    explorer.page.keyboard.press("s")
    explorer.wait_until_shown("seed=1", ("samples",))


def test_a_question_mark_lists_the_keys_and_escape_closes_the_list(explorer):
    explorer.page.keyboard.press("?")
    assert "walk the grid" in explorer.text("#keys")
    explorer.page.keyboard.press("ArrowRight")
    assert "point=b2-1_b1-1" in explorer.address, "keys rest while a dialog is open"
    explorer.page.keyboard.press("Escape")
    assert not explorer.page.locator("#keys").is_visible()


def test_a_slider_keeps_its_own_arrows(explorer):
    explorer.page.locator("#traversal-sliders input").first.focus()
    explorer.page.keyboard.press("ArrowRight")
    explorer.wait_until_shown("z2.0=0.02", ("traversal",))
    assert "point=b2-1_b1-1" in explorer.address


def test_every_control_can_be_reached_by_tab_and_has_a_name(explorer):
    nameless = explorer.page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, a[href], [tabindex]')]
            .filter((one) => one.offsetParent && !(one.innerText || '').trim() && !one.ariaLabel
                && !one.labels?.length && !one.getAttribute('aria-labelledby'))
            .map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    reached = set()
    for _ in range(40):
        explorer.page.keyboard.press("Tab")
        reached.add(explorer.page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"tab-landscapes", "pin", "draw-again", "open-lecture"} <= reached


FOCUSED = "document.activeElement.ariaLabel || document.activeElement.id"


def test_a_row_of_buttons_is_one_stop_of_tab_and_arrows_walk_it(explorer):
    page = explorer.page
    page.locator("#open-lecture").focus()
    names = []
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        names.append(page.evaluate("document.activeElement.id"))
    assert names == ["open-export", "open-keys", "open-about-page"]
    page.keyboard.press("Tab")
    assert not page.evaluate("Boolean(document.activeElement.closest('.tools'))"), "one stop"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.id") == "open-about-page", "it comes back to where it was"
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.id") == "open-lecture"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.id") == "open-lecture"
    assert "point=b2-1_b1-1" in explorer.address, "the grid of dots is not walked"


def test_test_images_are_one_stop_of_tab_and_each_is_reached_and_chosen_by_keys(explorer):
    page = explorer.page
    page.click("#tab-own")
    explorer.wait_until_shown("", ("own-thumbnails",))
    page.locator("#own-file").focus()
    page.keyboard.press("Tab")
    reached = [page.evaluate(FOCUSED)]
    for _ in range(page.locator(".own-view .thumbnail").count() - 1):
        page.keyboard.press("ArrowRight")
        reached.append(page.evaluate(FOCUSED))
    assert reached == [f"Test image {number}" for number in range(1, len(reached) + 1)]
    page.keyboard.press("ArrowUp")
    assert page.evaluate(FOCUSED) == f"Test image {len(reached) - 8}", "a row has eight"
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.search.includes('own=')")
    page.keyboard.press("Tab")
    assert not page.evaluate("Boolean(document.activeElement.closest('.thumbnails'))"), "one stop"
    assert "point=b2-1_b1-1" in explorer.address, "the grid of dots is not walked"


def test_digits_switch_views_also_from_a_slider_or_a_row_of_buttons(explorer):
    explorer.page.locator("#traversal-sliders input").first.focus()
    explorer.page.keyboard.press("2")
    explorer.page.wait_for_selector("#view-reconstruction", state="visible")
    explorer.page.get_by_role("radiogroup", name="Units").get_by_text("bits").click()
    explorer.page.keyboard.press("1")
    explorer.page.wait_for_selector("#view-landscapes", state="visible")


def test_single_letters_can_be_switched_off_for_good(explorer, tiny_address):
    page = explorer.page
    page.locator("#open-keys").click()
    switch = page.get_by_role("switch", name="Keys of one letter, digit or sign")
    switch.click()
    assert switch.get_attribute("aria-checked") == "false"
    page.keyboard.press("Escape")
    explorer.open(tiny_address)
    page.locator("body").press("2")
    page.keyboard.press("l")
    page.keyboard.press("?")
    assert "view=landscapes" in explorer.address and "lecture" not in explorer.address
    assert not page.locator("#keys").is_visible()
    page.keyboard.press("ArrowRight")
    assert "point=b2-1_b1-1" not in explorer.address, "arrows are no letters"
    page.locator("#open-keys").click()
    switch.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    page.wait_for_selector("#view-reconstruction", state="visible")
