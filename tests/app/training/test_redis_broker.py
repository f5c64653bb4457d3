"""Jobs that go through a real Redis to a real Celery worker, and who may know of them."""

from __future__ import annotations

import base64
import json
import os
import pickle
import signal
from pathlib import Path

import pytest
from broker_jobs import complain, die, fail, stay_until_told, tell, wait_for_ever
from services import celery_worker, needs_redis, needs_serve, redis_server, result_of, run_job, wait

from app.training.managers import BrokerManager
from app.training.redis_broker import PREFIX, as_json, checked_broker, connect, queue
from app.training.train_point import TrainingSetting
from hvae.errors import UserError

pytestmark = [needs_serve, needs_redis]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("services")


@pytest.fixture(scope="module")
def broker(folder):
    with redis_server(folder) as address:
        yield address


@pytest.fixture(scope="module")
def worker(broker, folder):
    with celery_worker(broker, folder, "broker_jobs") as process:
        yield process


@pytest.fixture
def manager_of(broker):
    """A manager by its setting, as any process that serves the page would have one."""
    return lambda setting="the server's": BrokerManager(broker, lambda: setting, lambda: None, "busy")


def test_a_job_is_done_by_the_worker_and_any_process_of_the_page_knows_of_it(worker, manager_of):
    key, job = run_job(manager_of(), tell, {"beta_2": 0.5})
    other = manager_of()
    wait(lambda: other.result_ready(key))
    assert other.get_progress(key) == [{"step": 1}]
    assert other.get_progress(key) is None
    answer = other.get_result(key, job)
    assert (answer["setting"], answer["wish"]) == ("the server's", {"beta_2": 0.5})
    assert answer["process"] not in (os.getpid(), worker.pid)
    assert not other.job_running(job)
    assert other.get_result(key, job) is other.UNDEFINED


def test_handles_are_signed_alike_by_all(broker, manager_of):
    first = manager_of().get_or_create_signing_secret(lambda: b"one")
    assert manager_of().get_or_create_signing_secret(lambda: b"two") == first


@pytest.mark.parametrize(
    ("fn", "sentence"),
    [
        (complain, "This cannot be done: do that instead."),
        (fail, "This did not work; the server's log says why."),
    ],
)
def test_what_goes_wrong_is_a_sentence(worker, manager_of, fn, sentence):
    assert result_of(manager_of(), fn) == {"error": sentence}


def test_a_job_whose_process_dies_is_over(worker, manager_of):
    manager = manager_of()
    key, job = run_job(manager, die)
    wait(lambda: not manager.job_running(job))
    assert not manager.result_ready(key)


def test_a_cancelled_job_cleans_up_after_itself(worker, manager_of, tmp_path):
    marker = tmp_path / "marker"
    key, job = run_job(manager_of(str(marker)), wait_for_ever)
    wait(marker.exists)
    other = manager_of()
    assert other.job_running(job)
    other.terminate_job(job)
    assert not other.job_running(job)
    assert not marker.exists()
    assert not other.result_ready(key)


def test_while_a_job_runs_whoever_asks_is_told(worker, manager_of, tmp_path):
    manager = manager_of(str(tmp_path / "marker"))
    _, job = run_job(manager, wait_for_ever)
    key, refused = run_job(manager_of(), tell)
    assert refused is None and manager_of().get_result(key, str(refused)) == "busy"
    manager.terminate_job(job)
    assert result_of(manager_of(), tell)["wish"] is None


def test_a_job_that_is_refused_is_never_sent(broker):
    manager = BrokerManager(broker, lambda: None, lambda: {"error": "not you"}, "busy")
    key, job = run_job(manager, tell)
    assert job is None
    assert manager.get_result(key, str(job)) == {"error": "not you"}
    assert connect(broker).llen(queue(broker).conf.task_default_queue) == 0


def test_a_worker_that_ends_puts_its_job_back_for_the_next_one(tmp_path):
    runs = tmp_path / "runs"
    with redis_server(tmp_path) as address:
        manager = BrokerManager(address, lambda: str(tmp_path), lambda: None, "busy")
        with celery_worker(address, tmp_path, "broker_jobs") as first:
            key, job = run_job(manager, stay_until_told)
            wait(lambda: runs.exists() and runs.read_text())
            first.send_signal(signal.SIGTERM)
            assert first.wait(60) == 0
        assert manager.job_running(job)
        (tmp_path / "told").touch()
        with celery_worker(address, tmp_path, "broker_jobs"):
            wait(lambda: manager.result_ready(key))
        assert manager.get_result(key, job) == "done"
        assert runs.read_text() == "once\nonce\n"


class Mark:
    """Touches a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickle_in_the_queue_is_not_opened(worker, broker, manager_of, tmp_path):
    body = pickle.dumps(((Mark(tmp_path / "opened"),), {}, {}))
    message = {
        "body": base64.b64encode(body).decode(),
        "content-type": "application/x-python-serialize",
        "content-encoding": "binary",
        "headers": {"task": "app.training.train_point.train_point", "id": "1", "lang": "py"},
        "properties": {"delivery_tag": "1", "delivery_info": {"exchange": "", "routing_key": "q"}},
    }
    message["properties"]["body_encoding"] = "base64"
    client = connect(broker)
    client.lpush(queue(broker).conf.task_default_queue, json.dumps(message))
    assert result_of(manager_of(), tell)["wish"] is None  # what was sent later was done: the pickle is past
    assert not (tmp_path / "opened").exists()


def test_what_is_kept_is_json_and_runs_out(broker, manager_of):
    manager = manager_of()
    manager.handle.set("a-key", {"a": 1})
    assert json.loads(connect(broker).get(f"{PREFIX}a-key")) == {"a": 1}
    assert connect(broker).ttl(f"{PREFIX}a-key") > 0
    with pytest.raises(TypeError):
        manager.handle.set("a-key", object())


def test_a_setting_reaches_a_worker_that_started_in_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sent = as_json(TrainingSetting(Path("atlas"), Path("data")))
    assert TrainingSetting(**sent) == TrainingSetting(str(tmp_path / "atlas"), str(tmp_path / "data"))


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://127.0.0.1/", "is written like redis://"),
        ("redis://", "is written like redis://"),
        ("redis://127.0.0.1:x/", "is written like redis://"),
        ("redis://:secret@127.0.0.1:1/0", "No Redis can be used at 127.0.0.1:1 "),
    ],
)
def test_a_broker_that_cannot_be_used_is_told_without_its_password(address, sentence):
    with pytest.raises(UserError, match=sentence) as told:
        checked_broker(address)
    assert "secret" not in str(told.value)
