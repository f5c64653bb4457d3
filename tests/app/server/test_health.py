"""/healthz tells whether pictures can be had from this process."""

import logging

import pytest

from app.server.build import create_app
from hvae.atlas.atlas import Atlas
from hvae.model import HVAE


@pytest.fixture
def app_of(tiny_atlas):
    apps = []

    def make():
        apps.append(create_app({"tiny": Atlas.open(tiny_atlas)}))
        return apps[-1]

    yield make
    for app in apps:
        app.server.extensions["decoder"].close()


def health(app):
    answer = app.server.test_client().get("/healthz")
    return answer.status_code, answer.get_json()


def test_a_server_that_can_decode_is_well(app_of):
    app = app_of()
    app.server.extensions["decoder"].ready.result(60)
    assert health(app) == (200, {"status": "ok", "decoding": "ready"})


def test_a_server_that_cannot_decode_is_broken(app_of, monkeypatch):
    def fail(*_, **__):
        raise OSError("libtorch is not there")

    monkeypatch.setattr(HVAE, "sample", fail)
    logging.disable(logging.CRITICAL)
    try:
        app = app_of()
        app.server.extensions["decoder"].ready.exception(60)
    finally:
        logging.disable(logging.NOTSET)
    assert health(app) == (503, {"status": "broken", "decoding": "failed"})
