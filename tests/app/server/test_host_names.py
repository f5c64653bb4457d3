"""The address that is printed works; a name that is not this server's is refused with what to do about it."""

from __future__ import annotations

import socket
import urllib.request

import pytest
from services import served

from app.server.build import create_app
from app.server.host_names import is_answered
from app.server.listening import answered_names, listen
from hvae.atlas.atlas import Atlas
from hvae.errors import UserError

HOSTS = ["127.0.0.1", "localhost", "LOCALHOST", "::1", "0:0:0:0:0:0:0:1", "0.0.0.0", "::", "0", "127.1"]
HOSTS += ["127.0.0.2", "::ffff:127.0.0.1", socket.gethostname()]


@pytest.fixture(scope="module")
def atlas(tiny_atlas):
    return {"tiny": Atlas.open(tiny_atlas)}


@pytest.mark.parametrize("host", dict.fromkeys(HOSTS))
def test_the_address_that_is_printed_works(host):
    arrived = []

    def application(environ, start_response):
        arrived.append(environ["HTTP_HOST"])
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    try:
        with listen(host, 0) as listener:
            names = answered_names(host, listener)
    except UserError:
        pytest.skip(f"this machine has no address {host}")
    with served(application, host) as address:
        assert urllib.request.urlopen(address, timeout=30).status == 200
    assert is_answered(arrived[0], names)


TRUSTED = ["localhost", "127.0.0.1", "[::1]", "Explorer.example", "bücher.example"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("localhost", True),
        ("LocalHost:8050", True),
        ("localhost.:8050", True),
        ("127.0.0.1:1", True),
        ("[::1]:8050", True),
        ("[0:0:0:0:0:0:0:1]", True),
        ("explorer.EXAMPLE", True),
        ("xn--bcher-kva.example", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost@evil.example", False),
        ("[::2]:8050", False),
        ("localhost:80:80", False),
        ("localhost/evil", False),
        ("", False),
    ],
)
def test_a_name_is_compared_as_browsers_write_it(header, expected):
    assert is_answered(header, TRUSTED) is expected


@pytest.mark.parametrize("place", ["/", "/healthz", "/pages/nowhere/_dash-layout", "/?atlas=nowhere"])
@pytest.mark.parametrize("name", ["evil.example", "0.0.0.0:8050", "machine.local", '"><script>x</script>'])
def test_a_refusal_says_which_option_allows_the_name(atlas, client, place, name):
    said = client.get(place, headers={"Host": name})
    assert said.status_code == 400
    if "<" not in name:  # which Flask itself refuses
        assert "--host 0.0.0.0" in said.get_json()["error"]
        assert "HVAE_APP_HOSTS" in said.get_json()["error"]
    seen = client.get(place, headers={"Host": name, "Accept": "text/html,*/*;q=0.8"})
    assert seen.status_code == 400 and seen.mimetype == "text/html"
    assert "<p>" in seen.text and "<script>" not in seen.text


@pytest.fixture(scope="module")
def client(atlas):
    return create_app(atlas, hosts=["localhost"]).server.test_client()
