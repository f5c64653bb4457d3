"""Pages elsewhere show pictures, numbers and frames of this one if they are named, and only then."""

from __future__ import annotations

import pytest

from app.server.build import create_app
from app.server.embedding import checked_origins
from hvae.atlas.atlas import Atlas
from hvae.errors import UserError

SLIDES, NOTEBOOK, OTHER = "https://slides.example", "http://localhost:8888", "https://other.example"
PICTURE = "/pictures/tiny/b2-1_b1-1/examples.png?images=0"
SHARED = ["/openapi.json", "/atlases/tiny/metrics.csv", "/pictures/tiny/nowhere/samples.png"]


@pytest.fixture(scope="module")
def client(tiny_atlas):
    atlases = {"tiny": Atlas.open(tiny_atlas)}
    return create_app(atlases, embed=(SLIDES, NOTEBOOK)).server.test_client()


@pytest.fixture(scope="module")
def closed(tiny_atlas):
    return create_app({"tiny": Atlas.open(tiny_atlas)}).server.test_client()


def asked_from(client, place, origin, how="Referer"):
    said = {"Referer": f"{origin}/deck/1.html", "Origin": origin}[how]
    return client.get(place, headers={how: said, "Sec-Fetch-Site": "cross-site"}).headers


@pytest.mark.parametrize("origin", [SLIDES, NOTEBOOK])
@pytest.mark.parametrize("place", [*SHARED, PICTURE])
def test_a_page_that_is_named_may_show_and_read_what_is_shared(client, place, origin):
    assert asked_from(client, place, origin)["Cross-Origin-Resource-Policy"] == "cross-origin"
    headers = asked_from(client, place, origin, "Origin")
    assert headers["Access-Control-Allow-Origin"] == origin and "Origin" in headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    [OTHER, "http://slides.example", "https://slides.example.evil.example", "http://localhost:8889", "null"],
)
def test_no_other_page_may(client, origin):
    for how in ("Referer", "Origin"):
        headers = asked_from(client, PICTURE, origin, how)
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in headers


def test_a_browser_that_does_not_say_who_asks_gets_nothing_that_others_may_show(client):
    headers = client.get(PICTURE, headers={"Sec-Fetch-Site": "cross-site"}).headers
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("place", ["/", "/_dash-layout", "/assets/page.css", "/healthz"])
def test_what_belongs_to_the_page_is_read_by_the_page_alone(client, place):
    headers = asked_from(client, place, SLIDES, "Origin")
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers


def test_frames_are_for_those_who_are_named(client, closed):
    policy = client.get("/").headers["Content-Security-Policy"]
    assert f"frame-ancestors 'self' {SLIDES} {NOTEBOOK}" in policy
    assert "X-Frame-Options" not in client.get("/").headers
    assert "frame-ancestors 'none'" in closed.get("/").headers["Content-Security-Policy"]
    assert closed.get("/").headers["X-Frame-Options"] == "DENY"
    assert asked_from(closed, PICTURE, SLIDES)["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        ("https://a.example", ("https://a.example",)),
        ("https://a.example/", ("https://a.example",)),
        ("HTTPS://A.example:443", ("https://a.example",)),
        ("http://localhost:8888", ("http://localhost:8888",)),
        ("http://[::1]:8888", ("http://[::1]:8888",)),
        ("https://a.example, http://b.example http://c.example", 3),
        ("http://a.example:80,http://a.example", ("http://a.example",)),
    ],
)
def test_origins_are_written_as_browsers_do(text, origins):
    found = checked_origins([text])
    assert len(found) == origins if isinstance(origins, int) else found == origins


@pytest.mark.parametrize(
    "text",
    ["*", "https://*", "https://*.example", "a.example", "https://a.example/deck", "ftp://a.example", "null"]
    + ["https://a.example;script-src", "https://user@a.example", "https://a.example:0", "https://a:99999"]
    + ["javascript:alert(1)", "https://", "https://'self'", "https://a.example?x"],
)
def test_what_is_no_origin_is_refused_in_a_sentence(text):
    with pytest.raises(UserError, match="is no origin: write the scheme"):
        checked_origins([text])
