"""Headers that make a browser refuse what the page never does, and the names that it answers to."""

import pytest

from app.server.build import create_app
from app.server.guard import MAX_BODY
from hvae.atlas.atlas import Atlas


@pytest.fixture(scope="module")
def client(tiny_atlas):
    return create_app({"tiny": Atlas.open(tiny_atlas)}, hosts=["localhost", "127.0.0.1"]).server.test_client()


PLACES = ["/", "/healthz", "/pictures/tiny/b2-1_b1-1/samples.png"]
ANSWERS = {
    200: [*PLACES, "/_dash-layout", "/assets/page.css", "/atlases/tiny/metrics.csv", "/openapi.json"],
    404: ["/pictures/tiny/nowhere/samples.png", "/assets/nowhere.css", "/?atlas=nowhere", "/pages/nowhere/"],
    400: ["/pictures/tiny/b2-1_b1-1/samples.png?n=x"],
}


def assert_guarded(headers):
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    scripts = policy["script-src"].replace("'wasm-unsafe-eval'", "")
    assert "unsafe" not in scripts and "http" not in scripts
    assert policy["default-src"] == "'self'" and policy["frame-ancestors"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("status", "place"), [(status, place) for status, places in ANSWERS.items() for place in places]
)
def test_every_answer_forbids_scripts_from_elsewhere_and_eval(client, status, place):
    answer = client.get(place)
    assert answer.status_code == status
    assert_guarded(answer.headers)


@pytest.mark.parametrize("place", ["/assets/page.css", "/pictures/tiny/b2-1_b1-1/samples.png"])
def test_so_does_the_answer_that_nothing_has_changed(client, place):
    tag = client.get(place).headers["ETag"]
    answer = client.get(place, headers={"If-None-Match": tag})
    assert answer.status_code == 304
    assert_guarded(answer.headers)


def test_so_does_a_failure_that_nobody_foresaw(tiny_atlas, monkeypatch):
    from app.pictures import endpoints

    monkeypatch.setattr(endpoints, "description", lambda: 1 / 0)
    answer = create_app({"tiny": Atlas.open(tiny_atlas)}).server.test_client().get("/openapi.json")
    assert answer.status_code == 500 and b"log says why" in answer.data
    assert_guarded(answer.headers)


def test_the_page_of_a_second_atlas_is_guarded_alike(tiny_atlas, colour_atlas):
    atlases = {atlas.name: atlas for atlas in map(Atlas.open, (tiny_atlas, colour_atlas))}
    client = create_app(atlases, hosts=["localhost"]).server.test_client()
    for place in ("/?atlas=colour", "/pages/colour/_dash-layout", "/pages/colour/assets/nowhere"):
        assert_guarded(client.get(place).headers)
    assert client.get("/?atlas=colour", headers={"Host": "evil.example"}).status_code == 400


def test_debugging_is_off_whatever_the_environment_says(tiny_atlas, monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")
    monkeypatch.setenv("DASH_DEBUG", "1")
    assert not create_app({"tiny": Atlas.open(tiny_atlas)}).server.debug


@pytest.mark.parametrize("path", ["/_dash-update-component", "/pages/colour/_dash-update-component"])
def test_a_body_that_no_page_would_send_is_not_read(tiny_atlas, colour_atlas, path):
    atlases = {atlas.name: atlas for atlas in map(Atlas.open, (tiny_atlas, colour_atlas))}
    client = create_app(atlases).server.test_client()
    answer = client.post(path, data=b"[" * (MAX_BODY + 1), content_type="application/json")
    assert answer.status_code == 413 and answer.get_json()["error"].endswith(".")
    assert_guarded(answer.headers)


@pytest.mark.parametrize("place", PLACES)
def test_another_hosts_name_is_not_answered(client, place):
    answer = client.get(place, headers={"Host": "evil.example"})
    assert answer.status_code == 400 and b"tiny" not in answer.data
    assert client.get("/healthz", headers={"Host": "127.0.0.1:8050"}).status_code == 200
