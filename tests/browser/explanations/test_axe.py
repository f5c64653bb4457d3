"""axe-core finds nothing in any view, light, dark and in forced colours.

It is no part of this repository: `npm install --no-save axe-core`, or AXE_CORE=/path/to/axe.min.js.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from documents import ROOT

from app.page.views import VIEWS

AXE = Path(os.environ.get("AXE_CORE") or ROOT / "node_modules" / "axe-core" / "axe.min.js")

pytestmark = pytest.mark.skipif(
    not AXE.is_file(), reason="axe-core is not here: npm install --no-save axe-core (CONTRIBUTING.md)"
)

VIOLATIONS = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, any, all, none }) =>
            `${id}: ${target.join(' ')} (${[...any, ...all, ...none].map(({ message }) => message)[0]})`));
}"""

MODES = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"color_scheme": "light", "forced_colors": "active"},
}
"""What a visitor may prefer."""


def faults(page) -> list[str]:
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate(VIOLATIONS)


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
