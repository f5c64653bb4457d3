"""The lecturer's screen in memory: who waits learns of a change; nobody waits for ever; not too many do."""

from __future__ import annotations

import re
import threading
import time

import pytest

from app.following import lectern as module
from app.following.lectern import Lectern, addresses

LONG = 60


def waiting(lectern, version=0, seconds=LONG):
    """A thread that waits at the lectern, and the list into which it puts what it learns."""
    learned = []
    thread = threading.Thread(target=lambda: learned.extend(lectern.news(version, seconds)), daemon=True)
    thread.start()
    return thread, learned


def wait_for_followers(lectern, count):
    until = time.monotonic() + LONG
    query = lectern.shown.query
    while lectern.show(query) != count:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_all_who_wait_learn_the_same_screen_when_it_changes():
    lectern = Lectern()
    threads = [waiting(lectern) for _ in range(20)]
    wait_for_followers(lectern, 20)
    assert lectern.show("atlas=tiny&view=model") == 20
    lectern.close()
    for thread, learned in threads:
        thread.join(LONG)
        assert [(one.version, one.query) for one in learned] == [(1, "atlas=tiny&view=model")]


def test_who_waits_learns_of_one_screen_after_the_other():
    lectern = Lectern()
    news = lectern.news(0, LONG)
    for version in range(1, 6):
        lectern.show(f"atlas=tiny&seed={version}")
        assert next(news) == lectern.shown and lectern.shown.version == version


def test_a_screen_of_another_version_is_known_at_once_also_after_the_server_began_anew():
    lectern = Lectern()
    lectern.show("atlas=tiny")
    assert [next(lectern.news(version, LONG)) for version in (0, 7, -1)] == [lectern.shown] * 3


def test_the_same_screen_again_is_no_news():
    lectern = Lectern()
    lectern.show("atlas=tiny")
    lectern.show("atlas=tiny")
    assert lectern.shown.version == 1 and list(lectern.news(1, seconds=0.05)) == []


def test_a_request_ends_after_its_patience_with_news_or_without():
    lectern = Lectern()
    assert list(lectern.news(0, seconds=0.05)) == []
    lectern.show("atlas=tiny")
    assert list(lectern.news(0, seconds=0.05)) == [lectern.shown]


def test_whoever_finds_no_room_to_wait_gets_what_is_new_at_once(monkeypatch):
    monkeypatch.setattr(module, "MOST_FOLLOWERS", 2)
    lectern = Lectern()
    threads = [waiting(lectern) for _ in range(2)]
    wait_for_followers(lectern, 2)
    assert list(lectern.news(0, LONG)) == [] and list(lectern.news(-1, LONG)) == [lectern.shown]
    lectern.show("atlas=tiny")
    lectern.close()
    for thread, learned in threads:
        thread.join(LONG)
        assert learned == [lectern.shown]


def test_whoever_leaves_makes_room(monkeypatch):
    monkeypatch.setattr(module, "MOST_FOLLOWERS", 1)
    lectern = Lectern()
    lectern.show("atlas=tiny")
    for _ in range(3):
        news = lectern.news(0, LONG)
        next(news)
        assert lectern.show("atlas=tiny") == 1
        news.close()
        assert lectern.show("atlas=tiny") == 0


def test_the_end_of_the_server_lets_everybody_go():
    lectern = Lectern()
    thread, learned = waiting(lectern)
    wait_for_followers(lectern, 1)
    lectern.close()
    thread.join(LONG)
    assert not thread.is_alive() and learned == list(lectern.news(0, LONG)) == []


def test_codes_are_short_and_read_out_easily_and_keys_cannot_be_guessed():
    lecterns = [Lectern() for _ in range(50)]
    assert all(re.fullmatch("[A-HJKMNP-Z2-9]{5}", lectern.code) for lectern in lecterns)
    assert len({lectern.code for lectern in lecterns}) > 40
    assert len({lectern.key for lectern in lecterns}) == 50 and min(len(one.key) for one in lecterns) >= 32


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_a_code_may_be_typed_in_small_letters(change):
    lectern = Lectern()
    assert lectern.is_code(change(lectern.code)) and not lectern.is_code(lectern.code[:-1])


@pytest.mark.parametrize("key", ["", "x", "é", "\udcff"])
def test_only_the_key_leads(key):
    lectern = Lectern()
    assert lectern.is_key(lectern.key) and not lectern.is_key(key) and not lectern.is_key(lectern.code)


def test_followers_get_the_address_that_other_machines_reach_and_the_lecturer_this_machines():
    lectern = Lectern("http://192.168.0.7:8050/")
    leading, following = addresses(lectern, "http://localhost:8050/")
    assert leading == f"http://localhost:8050/?lead={lectern.key}"
    assert following == f"http://192.168.0.7:8050/?follow={lectern.code}"
    assert addresses(Lectern(), "http://localhost:1/")[1].startswith("http://localhost:1/?follow=")
