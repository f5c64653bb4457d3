"""The tour: six stops, on an invitation that covers nothing or by the address, and only there."""

from __future__ import annotations

import pytest
from ways_to_serve import needs_server

from app.page.explanations.tour import INVITATION, TOUR

CARD = ".tour-card"
INVITED = "#tour-invitation:visible"


def stop(page) -> str:
    return page.locator(f"{CARD} p").inner_text()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_six_stops_each_with_light_and_sentence_inside_the_window(open_page, tiny_address, width, height):
    page = open_page(tiny_address, width=width, height=height, reduced_motion="reduce").page
    page.get_by_role("button", name=INVITATION).click()
    page.locator(CARD).wait_for()
    for place, sentence in TOUR:
        assert stop(page) == sentence
        card, light = (page.locator(f".tour-{part}").bounding_box() for part in ("card", "light"))
        assert card["x"] >= 0 and card["x"] + card["width"] <= width
        assert card["y"] >= 0 and card["y"] + card["height"] <= height
        shown = page.locator(place).first.bounding_box()
        assert light["width"] > 20 and light["height"] > 20
        assert light["x"] <= max(shown["x"], 0) and light["y"] <= max(shown["y"], 0)
        page.locator(".tour-next").click()
    page.locator(CARD).wait_for(state="hidden")


def test_keys_lead_through_it_and_escape_skips_it_for_good(explorer, tiny_address):
    page = explorer.page
    page.locator("#open-tour").press("Enter")
    page.locator(CARD).wait_for()
    page.keyboard.press("Enter")
    assert stop(page) == TOUR[1].sentence
    page.keyboard.press("ArrowLeft")
    assert stop(page) == TOUR[0].sentence
    page.keyboard.press("2")
    assert "view=landscapes" in explorer.address, "keys rest"
    page.keyboard.press("Escape")
    page.locator(CARD).wait_for(state="hidden")
    assert not page.locator(INVITED).count()
    explorer.open(tiny_address)
    assert not page.locator(INVITED).count()


def test_the_invitation_can_be_declined_and_covers_no_control(explorer):
    page = explorer.page
    box = page.locator("#tour-invitation").bounding_box()
    for control in page.locator("button:visible, input:visible, [role=tab]:visible, .term[tabindex]").all():
        if control.evaluate("(one) => Boolean(one.closest('#tour-invitation'))"):
            continue
        other = control.bounding_box()
        if not other:
            continue
        apart_across = other["x"] >= box["x"] + box["width"] or other["x"] + other["width"] <= box["x"]
        apart_down = other["y"] >= box["y"] + box["height"] or other["y"] + other["height"] <= box["y"]
        assert apart_across or apart_down
    page.get_by_role("button", name="No tour").click()
    assert not page.locator(INVITED).count()


@pytest.mark.parametrize("query", ["?view=landscapes", "?point=b2-1_b1-1", "?lecture=1"])
def test_a_link_to_something_is_not_interrupted(open_page, tiny_address, query):
    page = open_page(tiny_address + query, ready="#landscapes-0, #lecture:not([hidden])").page
    assert not page.locator(INVITED).count()
    assert not page.locator(CARD).count()


def test_an_address_starts_it_but_not_in_a_lecture(open_page, tiny_address):
    page = open_page(f"{tiny_address}?tour=1").page
    page.locator(CARD).wait_for()
    assert "tour" not in page.evaluate("location.search")
    page.get_by_role("button", name="Skip").click()
    page.locator(CARD).wait_for(state="hidden")


@needs_server("a script is sent with another one before it")
def test_where_nothing_can_be_remembered_nobody_is_invited(explorer, tiny_address):
    page = explorer.page
    page.route("**/assets/bridge.js*", deny_storage)
    explorer.open(tiny_address)
    assert page.evaluate("() => { try { return !localStorage; } catch { return true; } }")
    assert not page.locator(INVITED).count()
    explorer.open(f"{tiny_address}?tour=1")
    page.locator(CARD).wait_for()
    page.unroute_all()
    explorer.open(tiny_address)


def deny_storage(route) -> None:
    """Answer with the script, after one that takes the page's storage away, as some browsers do."""
    denied = """Object.defineProperty(window, 'localStorage', {
        configurable: true, get() { throw new DOMException('denied', 'SecurityError'); },
    });"""
    answer = route.fetch()
    # Not kept: other tests use this browser, too.
    headers = {"Content-Type": "text/javascript", "Cache-Control": "no-store"}
    route.fulfill(body=denied + answer.text(), headers=headers)
