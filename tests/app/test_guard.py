"""Headers that make a browser refuse what the page never does, and the names that it answers to."""

import pytest

from app.server import create_app
from hvae.atlas import Atlas


@pytest.fixture(scope="module")
def client(tiny_atlas):
    return create_app({"tiny": Atlas.open(tiny_atlas)}, hosts=["localhost", "127.0.0.1"]).server.test_client()


PLACES = ["/", "/healthz", "/pictures/tiny/b2-1_b1-1/samples.png?n=x", "/nowhere", "/_dash-layout"]


@pytest.mark.parametrize("place", PLACES)
def test_every_answer_forbids_scripts_from_elsewhere_and_eval(client, place):
    headers = client.get(place).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert "unsafe" not in policy["script-src"] and "http" not in policy["script-src"]
    assert policy["default-src"] == "'self'" and policy["frame-ancestors"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("place", PLACES[:3])
def test_another_hosts_name_is_not_answered(client, place):
    answer = client.get(place, headers={"Host": "evil.example"})
    assert answer.status_code == 400 and b"tiny" not in answer.data
    assert client.get("/healthz", headers={"Host": "127.0.0.1:8050"}).status_code == 200
