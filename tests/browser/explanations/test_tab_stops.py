"""Tab passes through each view in few steps, and no word and no label is out of reach of the keyboard."""

from __future__ import annotations

import pytest

from app.page.views import VIEWS

ENOUGH = 60
"""More stops than any view has."""

MOST_STOPS = {
    "landscapes": 21,
    "reconstruction": 22,
    "representation": 23,
    "generation": 23,
    "model": 7,
    "own": 7,
    "compare": 4,
    "parent": 3,
    "claims": 15,
}
"""Stops of Tab from the page's head to its end, as measured on the tiny atlas, at most.

Each control is one: a menu, a switch, a slider, a button, a row of buttons. Words that explain themselves are
one together in the view, in the legend and in the strip, and so are the labels of a plane. Whoever adds a
control raises its view's number; a longer text has to leave it as it is.
"""

STOP = """() => {
    const one = document.activeElement;
    if (one === document.body || one === document.documentElement) return null;
    window.stops ??= [];
    if (!stops.includes(one)) stops.push(one);
    return [stops.indexOf(one), one.dataset.term || one.ariaLabel || one.id || one.textContent];
}"""
"""A number and the name of what has the focus; null at the end of the page."""

DRAWN = "() => !document.querySelector('.view:not([hidden]) .linked-figure:empty')"


TO_BE_REACHED = """() => {
    const words = [...document.querySelectorAll('main .term[tabindex]')];
    window.missed = new Set(words.filter((one) => one.checkVisibility({ visibilityProperty: true })));
    return missed.size;
}"""


def stops(page) -> list[str]:
    """The names of all stops of Tab, from the first one of the page."""
    page.evaluate("() => { window.stops = []; document.body.tabIndex = -1; document.body.focus(); }")
    found: dict[int, str] = {}
    for _ in range(ENOUGH):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None or stop[0] in found:
            break
        found[stop[0]] = stop[1]
    return list(found.values())


@pytest.fixture
def page(open_page, tiny_address):
    """A page whose words are split into what explains itself."""
    page = open_page(f"{tiny_address}?pins=b2-1_b1-1").page
    page.wait_for_selector(".landing-sentence .term")
    page.wait_for_selector(".optimum")
    return page


def test_no_view_takes_more_stops_of_tab_than_it_has_controls(page):
    found = {}
    for key, view in enumerate(VIEWS, start=1):
        page.evaluate("() => document.activeElement.blur()")
        page.keyboard.press(str(key))
        page.wait_for_selector(f"#view-{view}:not([hidden])", state="attached")
        page.wait_for_function(DRAWN)
        found[view] = stops(page)
    too_many = {view: names for view, names in found.items() if len(names) > MOST_STOPS[view]}
    assert too_many == {}, {view: len(names) for view, names in found.items()}


def test_every_word_of_the_page_is_reached_by_tab_and_arrows_and_explains_itself(page):
    for key in "19":
        page.evaluate("() => document.activeElement.blur()")
        page.keyboard.press(key)
        page.wait_for_function(DRAWN)
        assert page.evaluate(TO_BE_REACHED) > 5
        page.evaluate("() => { document.body.tabIndex = -1; document.body.focus(); }")
        for _ in range(ENOUGH):
            page.keyboard.press("Tab")
            while page.evaluate("() => document.activeElement.matches('.term')"):
                assert page.evaluate("() => document.activeElement.ariaExpanded") == "true"
                page.evaluate("() => missed.delete(document.activeElement)")
                page.evaluate("() => { window.before = document.activeElement; }")
                page.keyboard.press("ArrowRight")
                if page.evaluate("() => before === document.activeElement"):
                    break
            if page.evaluate("() => document.activeElement === document.body"):
                break
        assert page.evaluate("() => [...missed].map((one) => one.textContent)") == []


def test_labels_of_a_plane_are_one_stop_and_after_a_click_arrows_walk_the_grid(page):
    labels = page.locator(".linked-figure:has(#landscapes-0) .optimum")
    labels.first.focus()
    names = [page.evaluate("document.activeElement.ariaLabel")]
    for _ in range(labels.count() - 1):
        page.keyboard.press("ArrowRight")
        names.append(page.evaluate("document.activeElement.ariaLabel"))
    assert len(set(names)) == labels.count()
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.matches('.optimum')")
    labels.first.click()
    for key, beta in (("ArrowRight", None), ("ArrowRight", "10"), ("ArrowLeft", "1")):
        page.keyboard.press(key)
        if beta:
            page.wait_for_function("(its) => hvae.screen.current.point.startsWith(its)", arg=f"b2-{beta}_")
