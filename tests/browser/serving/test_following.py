"""Phones follow the lecturer's screen, look around by themselves, return, and cannot steer."""

from __future__ import annotations

import re

import pytest
from services import served
from ways_to_serve import needs_server

from app.following.lectern import MOST_FOLLOWERS, Lectern, addresses
from app.server.build import create_app
from hvae.atlas.atlas import Atlas

PHONE = {"width": 390, "height": 844}
SCREEN = re.compile(r"atlas=[^&]*&(.*)")


@pytest.fixture(scope="module")
def lectern():
    return Lectern()


@pytest.fixture(scope="module")
def hall(lectern, tiny_atlas, colour_atlas):
    """The addresses of the lecturer and of the followers."""
    app = create_app(
        {atlas.name: atlas for atlas in map(Atlas.open, (tiny_atlas, colour_atlas))}, lectern=lectern
    )
    with served(app.server, followers=MOST_FOLLOWERS) as address:
        yield addresses(lectern, address)
    app.server.extensions["decoder"].close()


@pytest.fixture(autouse=True)
def first_screen(lectern):
    """What the last test's lecturer showed is over."""
    lectern.show("atlas=tiny&view=landscapes")


def wait_for_words(page, words):
    page.wait_for_function(
        "(words) => document.getElementById('following-words')?.textContent === words", arg=words
    )


def wait_for_query(page, **values):
    page.wait_for_function(
        """(values) => Object.entries(values).every(
            ([name, value]) => String(hvae.screen.current[name]) === value
        )""",
        arg=values,
    )


def said(explorer):
    """What an address says of the screen."""
    return SCREEN.search(explorer.address)[1]


FOLLOWING = "You follow the lecturer."
ALONE = "On your own now."


@needs_server("a server passes on what the lecturer shows")
def test_a_phone_shows_what_the_lecturer_shows_until_it_is_touched_and_again_on_wish(open_page, hall):
    lecturer = open_page(hall[0])
    assert "lead=" not in lecturer.address, "a copied link leads nothing"
    phone = open_page(hall[1], **PHONE)
    wait_for_words(phone.page, FOLLOWING)
    lecturer.select("b2-10_b1-0.1")
    phone.wait_until_shown("/b2-10_b1-0.1/")
    for slot in ("samples", "reconstructions", "traversal"):
        assert phone.picture(slot) == lecturer.picture(slot)

    # Each step of the lecture.
    lecturer.page.keyboard.press("l")
    for step in "1234":
        wait_for_query(phone.page, lecture=step)
        assert phone.text("#lecture-sentence") == lecturer.text("#lecture-sentence")
        assert not phone.page.locator(".lecture-buttons").is_visible()
        lecturer.page.keyboard.press("ArrowRight")
    lecturer.page.keyboard.press("Escape")
    wait_for_query(phone.page, lecture="0", point="b2-10_b1-0.1")

    # It looks around, and the lecturer's page knows nothing of it.
    before = lecturer.address
    phone.page.evaluate("hvae.screen.set({ view: 'model', part: 'walks' })")
    wait_for_words(phone.page, ALONE)
    lecturer.page.locator("#tab-reconstruction").click()
    wait_for_query(lecturer.page, view="reconstruction")
    assert "view=reconstruction" not in before and "view=model" in phone.address
    phone.page.get_by_role("button", name="Back to the lecturer").click()
    wait_for_query(phone.page, view="reconstruction", part="samples")
    wait_for_words(phone.page, FOLLOWING)
    assert said(phone) == said(lecturer)

    # Or on wish, before anything is touched.
    phone.page.get_by_role("button", name="Look around").click()
    lecturer.page.locator("#tab-landscapes").click()
    wait_for_query(lecturer.page, view="landscapes")
    assert "view=reconstruction" in phone.address
    phone.page.reload()
    wait_for_words(phone.page, ALONE)
    assert "view=reconstruction" in phone.address, "a page loaded again stays where its visitor was"


@needs_server("a server passes on what the lecturer shows")
def test_another_atlas_is_followed_too(open_page, hall):
    lecturer, phone = open_page(hall[0]), open_page(hall[1], **PHONE)
    lecturer.page.evaluate("hvae.screen.open('colour')")
    phone.page.wait_for_url(re.compile("atlas=colour"))
    phone.wait_until_shown("/pictures/colour/")
    wait_for_words(phone.page, FOLLOWING)


@needs_server("a server passes on what the lecturer shows")
def test_the_lecturer_sees_how_many_follow_and_shows_the_hall_their_address(open_page, hall, lectern):
    lecturer, _ = open_page(hall[0]), open_page(hall[1], **PHONE)
    lecturer.page.wait_for_function(
        "() => document.querySelector('.tools .followers-button').textContent === 'Followers: 1'"
    )
    lecturer.page.locator(".tools .followers-button").click()
    assert lecturer.text("#followers-address").endswith(f"/?follow={lectern.code}")
    assert lecturer.page.locator("#followers-code svg").bounding_box()["width"] > 250
    assert "--host 0.0.0.0" in lecturer.text("#followers-about")
    lecturer.page.keyboard.press("Escape")
    lecturer.page.keyboard.press("l")
    lecturer.page.locator("#lecture .followers-button").click()
    assert lecturer.page.locator("#followers").is_visible() and "lecture=1" in lecturer.address


@needs_server("a server passes on what the lecturer shows")
def test_a_model_that_the_lecturer_has_trained_is_shown_when_the_phone_has_learned_of_it(
    open_page, hall, lectern
):
    phone = open_page(hall[1], **PHONE)
    lectern.show("atlas=tiny&view=model&point=new")
    wait_for_query(phone.page, view="model")
    wait_for_words(phone.page, FOLLOWING)
    phone.page.evaluate(
        """() => {
            hvae.screen.points.new = { ...hvae.screen.points['b2-1_b1-1'] };
            document.dispatchEvent(new CustomEvent('hvae:version'));
        }"""
    )
    wait_for_query(phone.page, view="model", point="new")
    wait_for_words(phone.page, FOLLOWING)
    lectern.show("atlas=tiny&view=landscapes&point=b2-1_b1-1")
    wait_for_query(phone.page, view="landscapes")


@needs_server("a server passes on what the lecturer shows")
def test_without_a_lecturer_yet_the_page_says_so_and_works(open_page, tiny_atlas):
    lectern = Lectern()
    app = create_app({"tiny": Atlas.open(tiny_atlas)}, lectern=lectern)
    with served(app.server) as address:
        explorer = open_page(addresses(lectern, address)[1])
        wait_for_words(explorer.page, "The lecturer has not begun. This page will follow.")
        explorer.select("b2-10_b1-10")
        lectern.show("atlas=tiny&view=compare")
        wait_for_query(explorer.page, view="compare")
        lectern.close()
    app.server.extensions["decoder"].close()


def test_a_wrong_code_is_a_sentence_and_the_page_works(open_page, tiny_address):
    explorer = open_page(f"{tiny_address}?follow=ABCDE")
    explorer.page.wait_for_function(
        "() => document.getElementById('following-words')?.textContent.startsWith('Nobody leads here')"
    )
    explorer.select("b2-10_b1-0.1")
    assert not explorer.page.locator("#following-switch").is_visible()


@needs_server("a server knows its lecturer")
def test_a_page_with_a_wrong_key_leads_nobody_and_says_so(open_page, hall, lectern):
    shown = lectern.shown
    explorer = open_page(f"{hall[1].partition('?')[0]}?lead=wrong")
    explorer.page.wait_for_function(
        "() => document.getElementById('following-words')?.textContent.includes('does not lead any more')"
    )
    explorer.select("b2-10_b1-0.1")
    assert lectern.shown == shown and not explorer.page.locator(".tools .followers-button").is_visible()
