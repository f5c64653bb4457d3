"""/healthz tells whether pictures can be had from this process."""

import logging
import subprocess
import sys
import time

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


def until_tried(decoder):
    until = time.monotonic() + 60
    while decoder.state == "starting" and time.monotonic() < until:
        time.sleep(0.01)


def health(app):
    answer = app.server.test_client().get("/healthz")
    return answer.status_code, answer.get_json()


PICTURE = "/pictures/tiny/b2-1_b1-1/samples.png"


def test_a_server_that_can_decode_is_well(app_of):
    app = app_of()
    assert app.server.test_client().get(PICTURE).status_code == 200
    assert health(app) == (200, {"status": "ok", "decoding": "ready", "torch": True})


def test_torch_is_imported_when_a_picture_is_asked_for_not_before(tiny_atlas):
    """In a process of its own, since this one has imported torch."""
    program = f"""if True:
        import sys
        from pathlib import Path
        from app.server.build import create_app
        from hvae.atlas.atlas import Atlas
        app = create_app({{"tiny": Atlas.open(Path(sys.argv[1]))}})
        client = app.server.test_client()
        health = lambda: [client.get("/healthz").get_json()[key] for key in ("decoding", "torch")]
        for address in ("/", "/_dash-layout", "/_dash-dependencies", "/atlases/tiny/b2-1_b1-1.safetensors",
                        "/atlases/tiny/examples.bin", "/atlases/tiny/metrics.csv", "/openapi.json"):
            assert client.get(address).status_code == 200, address
        print(*health())
        client.get("{PICTURE}")
        print(*health())
        app.server.extensions["decoder"].close()
    """
    command = [sys.executable, "-c", program, str(tiny_atlas)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["asleep False", "ready True"]


def test_a_server_that_cannot_decode_is_broken(app_of, monkeypatch):
    def fail(*_, **__):
        raise OSError("libtorch is not there")

    monkeypatch.setattr(HVAE, "sample", fail)
    logging.disable(logging.CRITICAL)
    try:
        app = app_of()
        app.server.extensions["decoder"].wake()
        until_tried(app.server.extensions["decoder"])
    finally:
        logging.disable(logging.NOTSET)
    assert health(app) == (503, {"status": "broken", "decoding": "failed", "torch": True})


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
        decoder.wake()
        until_tried(decoder)
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
