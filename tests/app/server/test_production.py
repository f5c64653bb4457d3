"""The page in several processes, by a real gunicorn: all of them know the same, and they end in order."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import sys
import time
import urllib.request

import pytest
from atlas_builder import add_parent, build_atlas
from callbacks import wish_for
from services import (
    PATIENCE_SECONDS,
    celery_worker,
    free_port,
    gunicorn,
    needs_redis,
    needs_serve,
    redis_server,
    running,
    status,
    wait,
)

from app.atlases.user_copy import add_point, copy_folder
from app.server import environment
from hvae.atlas.atlas import Atlas
from hvae.atlas.point import Point
from hvae.errors import UserError
from hvae.training.finish import Finished

ONE_PROCESS = ["--threads", "4"]
ENOUGH = 12
"""Requests, each by a connection of its own, that reach both processes: all but once in 2,000 times."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with an atlas that has a parent, and where its copy and logs go."""
    folder = tmp_path_factory.mktemp("production")
    add_parent(build_atlas(folder / "hall"))
    return folder


@pytest.fixture(scope="module")
def broker(folder):
    with redis_server(folder) as address:
        yield address


@pytest.fixture(scope="module")
def page(folder, broker):
    """The address of a page that two processes serve."""
    settings = {
        "HVAE_APP_ATLAS": str(folder / "hall"),
        "HVAE_APP_HOSTS": "explorer.example",
        "HVAE_APP_BROKER": broker,
        "HVAE_DATA_DIR": str(folder / "data"),
    }
    with gunicorn(folder, *ONE_PROCESS, "--workers", "2", **settings) as (_, address):
        yield address


def got(address, body=None):
    request = urllib.request.Request(address, body and json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return answer.read()


def add(atlas, copy, point):
    """Add a point as if it had been trained, to the user's copy of the atlas."""
    first = atlas.metrics.iloc[0]
    row = {**first.to_dict(), **point._asdict(), "checkpoint": point.checkpoint}
    model = atlas.load_checkpoint(first["checkpoint"])
    add_point(atlas, copy, point, Finished(model, row, {"weights": "float32"}))


@needs_serve
@needs_redis
def test_a_job_asked_for_in_one_process_is_found_by_all(page, broker, folder):
    """The worker's answer is a refusal, which it has to open the atlas for; training itself takes longer."""
    config = re.search(r'id="_dash-config"[^>]*>(.*?)</script>', got(f"{page}/").decode())
    token = json.loads(config[1])["endId"] if "endId" in config[1] else None
    asks = f"{page}/_dash-update-component?endId={token}"
    wish = wish_for(99, 1)
    started = json.loads(got(asks, wish))
    asks_again = f"{asks}&cacheKey={started['cacheKey']}&job={started['job']}"
    with celery_worker(broker, folder):
        answers = []

        def ended():
            answers.append(json.loads(got(asks_again, wish)))
            return "response" in answers[-1]

        wait(ended)
    error = answers[-1]["response"]["training-result"]["data"]["error"]
    assert error == "The parent covers β from 0.1 to 10: pick a place in between."


@needs_serve
@needs_redis
def test_only_names_that_were_given_are_answered(page):
    port = page.rpartition(":")[2]
    for host, expected in {"explorer.example": 200, f"127.0.0.1:{port}": 200, "evil.example": 400}.items():
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE_SECONDS)
        connection.request("GET", "/healthz", headers={"Host": host})
        assert connection.getresponse().status == expected, host


@needs_serve
@needs_redis
def test_a_point_that_another_process_added_is_on_the_page_of_every_process(page, folder, monkeypatch):
    monkeypatch.setenv("HVAE_DATA_DIR", str(folder / "data"))
    picture = f"{page}/pictures/hall/beta2-0.5_beta1-0.5/samples.png"
    assert status(picture) == 404
    atlas = Atlas.open(folder / "hall")
    copy = copy_folder(atlas)
    copy.parent.mkdir(parents=True)
    add(atlas, copy, Point(0.5, 0.5))
    assert {status(picture) for _ in range(ENOUGH)} == {200}
    assert all(b"beta2-0.5_beta1-0.5" in got(f"{page}/_dash-layout") for _ in range(ENOUGH))


@needs_serve
def test_a_picture_that_was_asked_for_is_whole_when_gunicorn_ends(folder, tmp_path):
    """The first picture takes seconds, until torch has been imported."""
    with gunicorn(tmp_path, *ONE_PROCESS, HVAE_APP_ATLAS=str(folder / "hall")) as (process, address):
        connection = http.client.HTTPConnection(address.split("/")[2], timeout=PATIENCE_SECONDS)
        connection.request("GET", "/healthz")
        assert json.loads(connection.getresponse().read())["status"] == "ok"
        connection.request("GET", "/pictures/hall/b2-1_b1-1/samples.png")
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        answer = connection.getresponse()
        picture = answer.read()
        assert process.wait(PATIENCE_SECONDS) == 0
    assert answer.status == 200 and picture.startswith(b"\x89PNG") and picture.endswith(b"IEND\xaeB`\x82")


@needs_serve
@pytest.mark.parametrize(
    ("options", "atlas", "sentence"),
    [([], "nowhere", "Error: There is no folder nowhere"), (["--preload"], "hall", "leave --preload out")],
)
def test_gunicorn_gives_up_with_a_sentence(folder, tmp_path, options, atlas, sentence):
    where = str(folder / "hall") if atlas == "hall" else atlas
    bind = ["--bind", f"127.0.0.1:{free_port()}"]
    command = [sys.executable, "-m", "gunicorn", "app.wsgi:server", *bind, *options]
    log = tmp_path / "gunicorn.log"
    with running(command, log, HVAE_APP_ATLAS=where) as process:
        assert process.wait(PATIENCE_SECONDS) == 3
    assert sentence in log.read_text() and "Traceback" not in log.read_text()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            {"HVAE_APP_HOST": "explorer.example"},
            "There is no variable HVAE_APP_HOST: there are HVAE_APP_ATLAS,",
        ),
        ({"HVAE_APP_ALLOW_TRAINING": "yes"}, "HVAE_APP_ALLOW_TRAINING is 'yes': write 1 or 0."),
    ],
)
def test_a_variable_that_cannot_be_followed_is_told(said, sentence):
    with pytest.raises(UserError, match=sentence):
        environment.server(said)


def test_without_a_broker_whoever_wants_to_train_is_told(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("HVAE_DATA_DIR", str(tmp_path))
    server = environment.server({"HVAE_APP_ATLAS": str(folder / "hall"), "HVAE_APP_ALLOW_TRAINING": "1"})
    answer = server.test_client().post("/_dash-update-component", json=wish_for(0.5, 0.5)).get_json()
    assert "takes a broker" in answer["response"]["training-result"]["data"]["error"]
    server.extensions["decoder"].close()


def test_several_folders_are_served(folder, tiny_atlas):
    server = environment.server({"HVAE_APP_ATLAS": f"{folder / 'hall'}{os.pathsep}{tiny_atlas}"})
    for name in ("hall", "tiny"):
        assert server.test_client().get(f"/pages/{name}/version").status_code == 200
    server.extensions["decoder"].close()


def test_any_name_is_answered_where_that_is_said():
    assert environment.hosts("*") is None
    assert environment.hosts(" a.example, b.example ,")[3:] == ["a.example", "b.example"]


def test_a_page_started_again_goes_on_with_the_copy_as_its_other_processes_do(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("HVAE_DATA_DIR", str(tmp_path))
    atlas = Atlas.open(folder / "hall")
    copy = copy_folder(atlas)
    shutil.copytree(folder / "hall", copy)
    add(atlas, copy, Point(0.5, 0.5))
    server = environment.server({"HVAE_APP_ATLAS": str(folder / "hall")})
    assert "beta2-0.5_beta1-0.5" in server.test_client().get("/_dash-layout").text
    server.extensions["decoder"].close()
