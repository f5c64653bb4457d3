"""axe-core finds nothing in any view, light, dark and in forced colours."""

from __future__ import annotations

import pytest
from axe import MODES, faults, needs_axe

from app.page.views import VIEWS

pytestmark = needs_axe


@pytest.fixture(params=MODES)
def mode(request, windows) -> dict[str, str]:
    """What the visitor prefers."""
    return MODES[request.param]


def test_no_view_breaks_a_rule(open_page, tiny_address, mode):
    explorer = open_page(f"{tiny_address}?pins=b2-1_b1-1", reduced_motion="reduce", **mode)
    page = explorer.page
    page.wait_for_selector(".term")
    found = {}
    for key, view in enumerate(VIEWS, start=1):
        page.keyboard.press(str(key))
        page.wait_for_selector(f"#view-{view}:not([hidden])", state="attached")
        page.wait_for_function("() => !document.querySelector('.view:not([hidden]) .linked-figure:empty')")
        found[view] = faults(page)
    assert {view: faulty for view, faulty in found.items() if faulty} == {}


def test_no_dialog_and_no_lecture_breaks_a_rule(open_page, tiny_address, mode):
    page = open_page(tiny_address, reduced_motion="reduce", **mode).page
    found = {"invitation": faults(page)}
    page.locator("#open-tour").click()
    page.locator(".tour-card").wait_for()
    found["tour"] = faults(page)
    page.keyboard.press("Escape")
    for opener in ("keys", "export", "about-page"):
        page.locator(f"#open-{opener}").click()
        page.locator(f"#{opener}").wait_for()
        page.wait_for_timeout(200)
        found[opener] = faults(page)
        page.keyboard.press("Escape")
    page.locator(".equation-button").first.click()
    page.locator("#explanation").wait_for()
    found["equation"] = faults(page)
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.locator("#lecture-title").wait_for()
    found["lecture"] = faults(page)
    assert {part: faulty for part, faulty in found.items() if faulty} == {}
