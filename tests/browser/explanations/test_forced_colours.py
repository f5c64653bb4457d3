"""In forced colours (Windows' high contrast), what carries meaning is still seen."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageChops

DRAWN = {
    "landscapes": (".ring", ".optima line", ".mark-optima", ".mark-standard", ".key-cells .is-selected"),
    "model": ("#flow .edge", "#flow .node circle", "#flow .flow-number", "#flow .condition"),
    "own": ("#own-flow .edge", "#own-flow .node rect", "#own-flow .hat", ".rate-fill"),
}
"""What each view draws, to be seen: its place on screen is not the same without it."""

CHOSEN = {
    "landscapes": (("#tab-landscapes", "aria-selected"), (".mantine-SegmentedControl-label", "data-active")),
    "model": (("#part-tab-samples", "aria-selected"),),
}
"""What each view shows as chosen, by what its place on screen is not the same without, for many pixels."""


def pixels(page, element, around: int = 4) -> Image.Image:
    """The page where an element is, and a little around it."""
    box = element.bounding_box()
    clip = {
        "x": box["x"] - around,
        "y": box["y"] - around,
        "width": box["width"] + 2 * around,
        "height": box["height"] + 2 * around,
    }
    return Image.open(BytesIO(page.screenshot(clip=clip))).convert("RGB")


@pytest.fixture(params=["light", "dark"])
def page(request, open_page, tiny_address):
    """A tall window in the colours of its visitor."""
    media = {"color_scheme": request.param, "reduced_motion": "reduce", "forced_colors": "active"}
    page = open_page(tiny_address, height=1600, **media).page
    page.wait_for_selector(".optimum")
    return page


def show(page, view: str) -> None:
    page.evaluate("(view) => hvae.screen.set({ view })", view)
    page.wait_for_selector(f"#view-{view}:not([hidden])", state="attached")
    if view == "own":
        page.locator(".own-view .thumbnail").first.click()
        page.wait_for_function("() => parseFloat(document.querySelector('.rate-fill').style.width) > 0")
        page.mouse.move(0, 0)
    page.wait_for_function("() => !document.querySelector('.view:not([hidden]) .linked-figure:empty')")
    page.wait_for_timeout(300)


def test_what_is_drawn_is_seen(page):
    unseen = []
    for view, selectors in DRAWN.items():
        show(page, view)
        for selector in selectors:
            one = page.locator(selector).first
            with_it = pixels(page, one)
            one.evaluate("(one) => { one.style.opacity = 0; }")
            if pixels(page, one).tobytes() == with_it.tobytes():
                unseen.append((view, selector))
            one.evaluate("(one) => { one.style.opacity = ''; }")
    assert unseen == []


def test_what_is_chosen_stands_out(page):
    alike = []
    for view, chosen in CHOSEN.items():
        show(page, view)
        for selector, attribute in chosen:
            one = page.locator(f"{selector}[{attribute}=true]:visible").first.element_handle()
            with_it = pixels(page, one)
            one.evaluate("(one, attribute) => one.removeAttribute(attribute)", attribute)
            without = pixels(page, one)
            one.evaluate("(one, attribute) => one.setAttribute(attribute, 'true')", attribute)
            changes = ImageChops.difference(with_it, without).convert("L").getdata()
            if sum(change > 60 for change in changes) < 20:
                alike.append((view, selector))
    assert alike == []
