"""Kept answers: nothing is made twice at once, and never is more kept than was said."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event

import pytest

from app.atlases.lru import Kept
from app.pictures.answer_cache import Answers


def test_who_asks_for_the_same_at_the_same_time_waits_for_one_answer():
    answers, begun, go_on, made = Answers(), Event(), Event(), []

    def make():
        made.append("once")
        begun.set()
        assert go_on.wait(10)
        return b"picture"

    with ThreadPoolExecutor(4) as viewers:
        asked = [viewers.submit(answers.get, "tag", make) for _ in range(4)]
        assert begun.wait(10)
        assert answers.get("other", lambda: b"other") == b"other"  # nobody else waits
        go_on.set()
        assert [one.result(10) for one in asked] == [b"picture"] * 4
    assert made == ["once"]


def test_a_failure_is_told_to_all_who_wait_and_is_not_kept():
    answers, go_on, tries = Answers(), Event(), []

    def fail():
        tries.append(1)
        assert go_on.wait(10)
        raise ValueError("no")

    with ThreadPoolExecutor(2) as viewers:
        asked = [viewers.submit(answers.get, "tag", fail) for _ in range(2)]
        go_on.set()
        wait(asked)
    assert all(isinstance(one.exception(), ValueError) for one in asked)
    assert answers.get("tag", lambda: b"yes") == b"yes"


def test_what_was_asked_for_last_is_kept():
    answers = Answers(most_bytes=30)
    for tag in "abc":
        answers.get(tag, lambda: bytes(10))
    answers.get("a", lambda: pytest.fail("kept"))
    answers.get("d", lambda: bytes(10))  # in place of b
    for tag in "acd":
        assert answers.get(tag, lambda: pytest.fail("kept")) == bytes(10)
    assert answers.get("b", lambda: b"again") == b"again"


def test_what_is_too_large_to_keep_is_answered_and_pushes_out_nothing():
    answers = Answers(most_bytes=30)
    answers.get("small", lambda: bytes(10))
    assert answers.get("large", lambda: bytes(31)) == bytes(31)
    assert answers.get("small", lambda: pytest.fail("kept")) == bytes(10)


def test_never_more_is_kept_than_there_is_room_for():
    kept, chance = Kept(1000), random.Random(0)
    for _ in range(2000):
        kept.put(chance.randrange(60), None, chance.randrange(1, 200))
        held = [size for _, size in kept._values.values()]
        assert kept.bytes == sum(held) <= 1000
    assert len(kept) > 3
