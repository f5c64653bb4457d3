"""axe-core finds nothing where a hall follows its lecturer, and where another atlas is beside the page's."""

from __future__ import annotations

import re

import pytest
from axe import MODES, faults, needs_axe
from services import served
from ways_to_serve import needs_server

from app.following.lectern import Lectern, addresses
from app.server.build import create_app
from hvae.atlas.atlas import Atlas

pytestmark = needs_axe

WORDS = "(words) => document.getElementById('following-words').textContent.startsWith(words)"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(params=MODES)
def mode(request, windows) -> dict[str, str]:
    """What the visitor prefers; nothing moves meanwhile."""
    return {"reduced_motion": "reduce", **MODES[request.param]}


@pytest.fixture(scope="module")
def hall(tiny_atlas):
    """The addresses of the lecturer and of the followers."""
    lectern = Lectern()
    app = create_app({"tiny": Atlas.open(tiny_atlas)}, lectern=lectern)
    with served(app.server) as address:
        yield addresses(lectern, address)
        lectern.close()
    app.server.extensions["decoder"].close()


@needs_server("a server passes on what the lecturer shows")
def test_no_bar_and_no_dialog_of_a_lecture_that_is_followed_breaks_a_rule(open_page, hall, mode):
    found = {}
    lecturer = open_page(hall[0], **mode).page
    lecturer.locator(".tools .followers-button").wait_for()
    found["bar of the lecturer"] = faults(lecturer)
    lecturer.locator(".tools .followers-button").click()
    lecturer.locator("#followers-code svg").wait_for()
    found["address of followers"] = faults(lecturer)
    lecturer.keyboard.press("Escape")

    phone = open_page(hall[1], **PHONE, **mode).page
    phone.wait_for_function(WORDS, arg="You follow")
    found["bar of a follower"] = faults(phone)
    phone.get_by_role("button", name="Look around").click()
    phone.wait_for_function(WORDS, arg="On your own")
    found["bar of one who looks around"] = faults(phone)
    phone.get_by_role("button", name="Back to the lecturer").click()

    lecturer.keyboard.press("l")
    lecturer.locator("#lecture .followers-button").wait_for()
    found["bar of the lecture"] = faults(lecturer)
    phone.locator("#lecture-title").wait_for()
    found["the lecture on a phone"] = faults(phone)
    assert {part: faulty for part, faulty in found.items() if faulty} == {}


@needs_server("a server knows its lecturer")
def test_a_sentence_about_a_wrong_code_breaks_no_rule(open_page, hall, mode):
    page = open_page(f"{hall[1].partition('?')[0]}?follow=ABCDE", **mode).page
    page.wait_for_function(WORDS, arg="No lecture here")
    assert faults(page) == []


@pytest.fixture(scope="module")
def two_atlases(serve, tiny_atlas, colour_atlas):
    """The address of a page that can show another atlas beside its own."""
    return serve(tiny_atlas, colour_atlas)


def test_no_menu_and_no_dot_of_another_atlas_breaks_a_rule(open_page, two_atlases, mode):
    page = open_page(f"{two_atlases}?beside=colour", **mode).page
    page.wait_for_function(
        "(its) => document.querySelector(its).data.some(({ name }) => name === 'beside')",
        arg="#landscapes-0 .js-plotly-plot",
    )
    page.wait_for_selector(".term")
    found = {"beside": faults(page)}
    page.locator("#control-beside").click()
    page.get_by_role("option", name=re.compile("none")).wait_for()
    found["menu"] = faults(page)
    page.keyboard.press("Escape")
    for key, view in ((2, "reconstruction"), (3, "representation"), (4, "generation")):
        page.keyboard.press(str(key))
        page.wait_for_function("() => !document.querySelector('.view:not([hidden]) .linked-figure:empty')")
        found[view] = faults(page)
    assert {part: faulty for part, faulty in found.items() if faulty} == {}
