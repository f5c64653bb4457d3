"""What waits for the decoder: who is turned away, and that nobody is forgotten."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest

from app.server.build import create_app
from hvae.atlas.atlas import Atlas

POINT = "/pictures/tiny/b2-1_b1-1"


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
    decoder.most_waiting = 2
    addresses = [f"{POINT}/samples.png?seed={seed}" for seed in (1, 2)]
    with ThreadPoolExecutor(3) as viewers:
        with held(decoder):
            asked = [viewers.submit(get, address) for address in addresses]
            until(lambda: decoder.waiting == 2)
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
            until(lambda: decoder.waiting == len(addresses))
        at_once = [one.result(30).data for one in asked]
    alone = create_app({"tiny": Atlas.open(tiny_atlas)}).server
    assert at_once == [alone.test_client().get(address).data for address in addresses]
    alone.extensions["decoder"].close()


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
