"""Dash's and plotly's scripts are read once, and answered as Dash would."""

from __future__ import annotations

import pkgutil
from threading import Barrier, Thread

import pytest

from app.server.build import create_app
from hvae.atlas.atlas import Atlas

PLOTLY = "/_dash-component-suites/plotly/package_data/plotly.min.js"


@pytest.fixture(scope="module")
def client(tiny_atlas):
    server = create_app({"tiny": Atlas.open(tiny_atlas)}).server
    yield server.test_client()
    server.extensions["decoder"].close()


def test_scripts_are_those_of_their_packages_and_read_once(client, monkeypatch):
    script = pkgutil.get_data("plotly", "package_data/plotly.min.js")
    reads, read = [], pkgutil.get_data
    monkeypatch.setattr(pkgutil, "get_data", lambda *place: reads.append(place) or read(*place))
    answers = [client.get(PLOTLY) for _ in range(3)]
    assert all(answer.data == script for answer in answers) and len(reads) == 1
    assert {answer.mimetype for answer in answers} == {"text/javascript"}
    for name in ("ETag", "Content-Security-Policy", "X-Content-Type-Options", "Content-Length"):
        assert len({answer.headers[name] for answer in answers}) == 1, name


def test_what_a_browser_has_is_not_sent_again(client):
    etag = client.get(PLOTLY).headers["ETag"]
    for _ in range(2):
        again = client.get(PLOTLY, headers={"If-None-Match": etag})
        assert again.status_code == 304 and again.data == b""
    assert client.get(PLOTLY, headers={"If-None-Match": '"other"'}).status_code == 200


def test_scripts_with_a_fingerprint_are_kept_for_good_by_browsers(client):
    page = client.get("/").get_data(as_text=True)
    address = next(part for part in page.split('"') if "/dash_renderer." in part)
    for _ in range(2):
        answer = client.get(address)
        assert answer.status_code == 200 and answer.cache_control.max_age > 86400


def test_what_is_no_script_of_theirs_is_not_there(client):
    assert client.get("/_dash-component-suites/plotly/nothing.js").status_code == 404


def test_whoever_comes_first_and_at_once_finds_every_script(tiny_atlas):
    """Another process may have sent the page, and this one has not answered anything yet."""
    server = create_app({"tiny": Atlas.open(tiny_atlas)}).server
    together, statuses = Barrier(8), []

    def ask() -> None:
        together.wait()
        answer = server.test_client().get("/_dash-component-suites/dash/html/dash_html_components.min.js")
        statuses.append(answer.status_code)

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 8
    server.extensions["decoder"].close()
