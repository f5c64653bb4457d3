"""What waits for the decoder: who is taken along, who is turned away, and that nobody is forgotten."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest

from app.pictures.queue import Busy, Job, Queue
from app.server.build import create_app
from hvae.atlas.atlas import Atlas

POINT = "/pictures/tiny/b2-1_b1-1"


def jobs(*points):
    return [Job(("atlas", point), lambda subject: None) for point in points]


def test_what_is_asked_of_the_same_model_is_taken_together_and_the_rest_in_order():
    queue, waiting = Queue(), jobs("a", "b", "a", "c", "b", "a")
    for job in waiting:
        queue.put(job)
    taken = [queue.take() for _ in range(4)]
    assert taken == [
        [waiting[0], waiting[2], waiting[5]],
        [waiting[1], waiting[4]],
        [waiting[3]],
        [],
    ]


def test_so_many_are_taken_together_and_no_more():
    queue, waiting = Queue(most_together=2), jobs(*"aaa")
    for job in waiting:
        queue.put(job)
    assert [queue.take(), queue.take()] == [waiting[:2], waiting[2:]]


def test_more_than_may_wait_are_turned_away_until_some_were_taken():
    queue = Queue(most=2)
    first, second, third = jobs(*"abc")
    queue.put(first)
    queue.put(second)
    with pytest.raises(Busy):
        queue.put(third)
    assert queue.take() == [first]
    queue.put(third)
    assert [queue.take(), queue.take()] == [[second], [third]]


@pytest.fixture
def server(tiny_atlas):
    server = create_app({"tiny": Atlas.open(tiny_atlas)}).server
    yield server
    server.extensions["decoder"].close()


@contextmanager
def held(decoder):
    """The decoder does nothing meanwhile."""
    begun, go_on = Event(), Event()
    decoder._thread.submit(lambda: (begun.set(), go_on.wait(30)))
    try:
        assert begun.wait(30)
        yield
    finally:
        go_on.set()


def test_a_full_hall_is_asked_to_come_again_and_then_gets_its_pictures(server):
    decoder, get = server.extensions["decoder"], lambda address: server.test_client().get(address)
    kept = get(f"{POINT}/samples.png")
    decoder._queue = Queue(most=2)
    addresses = [f"{POINT}/samples.png?seed={seed}" for seed in (1, 2)]
    with ThreadPoolExecutor(3) as viewers:
        with held(decoder):
            asked = [viewers.submit(get, address) for address in addresses]
            until(lambda: len(decoder._queue._waiting) == 2)
            refused = get(f"{POINT}/samples.png?seed=3")
            assert refused.status_code == 503 and int(refused.headers["Retry-After"]) >= 1
            assert refused.get_json()["error"].endswith(".") and "Cache-Control" not in refused.headers
            # What takes no decoding is answered: the page, what is kept, and what waits already.
            assert get("/healthz").status_code == get("/").status_code == 200
            assert get(f"{POINT}/samples.png").data == kept.data
            asked.append(viewers.submit(get, addresses[0]))
        answers = [one.result(30) for one in asked]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert answers[0].data == answers[2].data != answers[1].data
    assert get(f"{POINT}/samples.png?seed=3").status_code == 200


def test_pictures_asked_for_at_the_same_moment_are_those_asked_for_one_by_one(server, tiny_atlas):
    addresses = [
        f"/pictures/tiny/{point}/{picture}"
        for point in ("b2-1_b1-1", "b2-10_b1-1")
        for picture in ("samples.png?n=32", "reconstructions.png", "traversal.png?z2.2=1", "samples.png?n=1")
    ]
    with ThreadPoolExecutor(len(addresses)) as viewers:
        decoder = server.extensions["decoder"]
        with held(decoder):
            asked = [viewers.submit(server.test_client().get, address) for address in addresses]
            until(lambda: len(decoder._queue._waiting) == len(addresses))
        at_once = [one.result(30).data for one in asked]
    alone = create_app({"tiny": Atlas.open(tiny_atlas)}).server
    assert at_once == [alone.test_client().get(address).data for address in addresses]
    alone.extensions["decoder"].close()


def test_the_decoders_thread_is_told_once_of_all_that_waits(server):
    decoder = server.extensions["decoder"]
    addresses = [f"{POINT}/samples.png?seed={seed}" for seed in range(20)]
    with ThreadPoolExecutor(len(addresses)) as viewers:
        with held(decoder):
            before = decoder._thread._work_queue.qsize()
            asked = [viewers.submit(server.test_client().get, address) for address in addresses]
            until(lambda: len(decoder._queue) == len(addresses))
            assert decoder._thread._work_queue.qsize() <= before + 1
        assert [one.result(30).status_code for one in asked] == [200] * len(addresses)


def test_memory_is_given_back_after_so_many_requests(server, monkeypatch):
    given_back = []
    monkeypatch.setattr("app.pictures.decoder.give_back", lambda: given_back.append(True))
    monkeypatch.setattr("app.pictures.decoder.GIVE_BACK_EVERY", 3)
    for seed in range(7):
        assert server.test_client().get(f"{POINT}/samples.png?seed={seed}").status_code == 200
    until(lambda: len(given_back) == 2)


def until(holds):
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.01)
    pytest.fail("it never came to that")
