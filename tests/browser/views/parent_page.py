"""The parent's view in a browser: how to show it, and how to drag over its plane."""

from __future__ import annotations

SLOTS = ("parent-samples", "parent-reconstructions")


def parent_view(explorer):
    """The same page, the parent's view shown."""
    explorer.page.click("#tab-parent")
    explorer.wait_until_shown("", SLOTS)
    explorer.page.wait_for_function(
        "() => document.querySelector('#parent-rates .estimate').style.display === ''"
    )
    return explorer


def drag(view, start, *places, release=True):
    """Press the β plane at one place and move over others; shares of its side, from its lower left corner."""
    box = view.page.locator("#beta-plane").bounding_box()
    spots = [(box["x"] + x * box["width"], box["y"] + (1 - y) * box["height"]) for x, y in (start, *places)]
    view.page.mouse.move(*spots[0])
    view.page.mouse.down()
    for spot in spots[1:]:
        view.page.mouse.move(*spot, steps=4)
    if release:
        view.page.mouse.up()
