"""Over HTTP: followers get what the lecturer shows; nobody else shows anything; mistakes get a sentence."""

from __future__ import annotations

import http.client
import json

import pytest
from services import served

from app.following.endpoints import LONGEST_QUERY
from app.following.lectern import MOST_FOLLOWERS, Lectern
from app.server.build import create_app
from hvae.atlas.atlas import Atlas

SCREEN = "atlas=tiny&view=model&point=b2-1_b1-1&pins=b2-1_b1-1,b2-10_b1-1&shifts=z2.0:1.5"


@pytest.fixture(scope="module")
def lectern():
    return Lectern("http://192.168.0.7:8050/")


@pytest.fixture(scope="module")
def server(tiny_atlas, lectern):
    app = create_app({"tiny": Atlas.open(tiny_atlas)}, lectern=lectern)
    yield app.server
    app.server.extensions["decoder"].close()


@pytest.fixture
def client(server):
    return server.test_client()


def first(answer):
    """The first screen that an answer sends."""
    return json.loads(next(answer.response))


def lead(client, query, key):
    return client.post("/follow", data=query, headers={"Authorization": f"Bearer {key}"})


def test_followers_get_the_screen_that_the_lecturer_shows(client, lectern):
    answer = lead(client, SCREEN, lectern.key)
    assert answer.status_code == 200
    assert answer.json == {"code": lectern.code, "address": lectern.address, "followers": 0}
    seen = client.get(f"/follow/{lectern.code.lower()}")
    assert first(seen)["query"] == SCREEN and seen.headers["Cache-Control"] == "no-store"


def test_one_request_brings_one_screen_after_the_other_each_at_once(server, lectern):
    before = lectern.shown
    with served(server, followers=1) as address:
        connection = http.client.HTTPConnection(address.removeprefix("http://").rstrip("/"), timeout=60)
        connection.request("GET", f"/follow/{lectern.code}?after={before.version}")
        while lectern.show(before.query) == 0:
            pass
        lectern.show("atlas=tiny&view=compare")
        answer = connection.getresponse()
        for version, view in enumerate(("compare", "model", "own"), before.version + 1):
            query = f"atlas=tiny&view={view}"
            lectern.show(query)
            assert json.loads(answer.readline()) == {"version": version, "query": query}
        connection.close()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}])
def test_nobody_else_can_show_anything(client, lectern, headers):
    lectern.show(SCREEN)
    answer = client.post("/follow", data="atlas=tiny&view=compare", headers=headers)
    assert answer.status_code == 403 and "lecturer's address" in answer.json["error"]
    answer = lead(client, "atlas=tiny&view=compare", lectern.code)
    assert answer.status_code == 403 and lectern.shown.query == SCREEN


@pytest.mark.parametrize(
    "query",
    [
        "",
        "view=model",
        "atlas=elsewhere&view=model",
        "atlas=tiny&script=alert(1)",
        "atlas=tiny&view",
        "atlas=tiny&own=" + "A" * LONGEST_QUERY,
        "atlas=tiny&point=\u00e9",
        "atlas=tiny&point=a\nb",
        "&".join(["atlas=tiny"] * 1000),
        "javascript:alert(1)//?atlas=tiny",
    ],
    ids=lambda query: query[:20] or "empty",
)
def test_what_is_no_address_of_a_screen_is_shown_to_nobody(client, lectern, query):
    lectern.show(SCREEN)
    answer = lead(client, query.encode(), lectern.key)
    assert answer.status_code == 400 and answer.json["error"].endswith(".")
    assert lectern.shown.query == SCREEN


def test_a_wrong_code_is_a_sentence(client):
    answer = client.get("/follow/WRONG")
    assert answer.status_code == 404
    assert answer.json["error"] == "No lecture here has the code WRONG: ask the lecturer for the address."


def test_without_the_option_nobody_leads(tiny_atlas):
    app = create_app({"tiny": Atlas.open(tiny_atlas)})
    client = app.server.test_client()
    for answer in (client.get("/follow/ABCDE"), lead(client, SCREEN, "key")):
        assert answer.status_code == 404 and "--follow" in answer.json["error"]
    app.server.extensions["decoder"].close()


def test_an_after_that_is_no_number_waits_for_nothing(client, lectern):
    assert first(client.get(f"/follow/{lectern.code}?after=x"))["query"] == lectern.shown.query


def test_other_answers_do_not_wait_for_those_who_follow(server, lectern):
    """As many as there are threads for other requests follow; the page is served all the same."""
    version = lectern.shown.version
    with served(server, followers=MOST_FOLLOWERS) as address:
        place = address.removeprefix("http://").rstrip("/")
        connections = [http.client.HTTPConnection(place, timeout=60) for _ in range(200)]
        for connection in connections:
            connection.request("GET", f"/follow/{lectern.code}?after={version}")
        while lectern.show(lectern.shown.query) < 200:
            pass
        other = http.client.HTTPConnection(place, timeout=60)
        other.request("GET", "/healthz")
        assert other.getresponse().status == 200
        lectern.show("atlas=tiny&seed=7")
        for connection in connections:
            assert b"seed=7" in connection.getresponse().readline()
            connection.close()
