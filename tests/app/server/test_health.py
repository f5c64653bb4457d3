"""/healthz tells whether pictures can be had from this process."""

import logging

import pytest
from flask import Flask

from app.atlases.shelf import Shelf
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


def test_what_failed_once_is_tried_again_and_works(tiny_atlas, monkeypatch):
    """As where all files were taken by connections while torch was imported."""
    from app.pictures.decoder import AGAIN_SECONDS, Decoder
    from app.server.health import health_blueprint

    now, sample, failures = [0.0], HVAE.sample, [OSError(24, "Too many open files")]

    def fail_once(*arguments, **options):
        if failures:
            raise failures.pop()
        return sample(*arguments, **options)

    monkeypatch.setattr(HVAE, "sample", fail_once)
    logging.disable(logging.CRITICAL)
    decoder = Decoder(clock=lambda: now[0])
    try:
        decoder.warm_up()
        decoder.ready.exception(60)
    finally:
        logging.disable(logging.NOTSET)
    server = Flask("health")
    server.register_blueprint(health_blueprint(decoder))
    client = server.test_client()
    assert client.get("/healthz").status_code == 503
    now[0] += AGAIN_SECONDS
    assert client.get("/healthz").status_code == 503, "it is only being tried"
    snapshot = Shelf({"tiny": Atlas.open(tiny_atlas)})["tiny"]
    assert decoder.make(snapshot, "b2-1_b1-1", lambda subject: subject.model.config.layers) == 2
    assert client.get("/healthz").status_code == 200
    decoder.close()
