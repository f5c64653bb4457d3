"""Background jobs in processes of their own, and who may start training."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from broker_jobs import complain, fail, tell, wait_for_ever
from services import result_of, run_job, wait

from app.training.managers import MOST_JOBS, ProcessManager
from app.training.train_point import TrainingOptions, may_train


@pytest.fixture
def manager():
    return ProcessManager(lambda: "the server's", lambda: None, "busy")


def test_a_job_runs_in_a_process_of_its_own_and_its_result_comes_back(manager):
    answer = result_of(manager, tell, {"beta_2": 0.5})
    assert answer["process"] != os.getpid()
    assert (answer["setting"], answer["wish"]) == ("the server's", {"beta_2": 0.5})


def test_progress_is_told_once(manager):
    key, job = run_job(manager, tell)
    wait(lambda: manager.result_ready(key))
    assert manager.get_progress(key) == [{"step": 1}]
    assert manager.get_progress(key) is None
    manager.get_result(key, job)
    assert not manager.job_running(job)


@pytest.mark.parametrize(
    ("fn", "sentence"),
    [
        (complain, "This cannot be done: do that instead."),
        (fail, "This did not work; the server's log says why."),
    ],
)
def test_what_goes_wrong_is_a_sentence(manager, fn, sentence):
    assert result_of(manager, fn) == {"error": sentence}


def test_a_cancelled_job_cleans_up_after_itself(tmp_path):
    manager = ProcessManager(lambda: str(tmp_path / "marker"), lambda: None, "busy")
    key, job = run_job(manager, wait_for_ever)
    wait((tmp_path / "marker").exists)
    assert manager.job_running(job)
    manager.terminate_job(job)
    assert not manager.job_running(job)
    assert not (tmp_path / "marker").exists()
    assert not manager.result_ready(key)


def test_a_job_that_is_refused_is_never_started():
    manager = ProcessManager(lambda: None, lambda: {"error": "not you"}, "busy")
    key, job = run_job(manager, tell)
    assert job is None
    assert manager.get_result(key, str(job)) == {"error": "not you"}


def test_only_jobs_of_this_server_can_be_ended(manager):
    manager.terminate_job(str(os.getpid()))
    assert not manager.job_running(str(os.getpid()))


def test_nobody_else_can_read_what_jobs_say_and_none_of_it_is_a_pickle(manager):
    key = manager.build_cache_key(None, [])
    manager.handle.set(key, {"a": 1})
    assert stat.S_IMODE(manager.folder.stat().st_mode) == 0o700
    with pytest.raises(TypeError):
        manager.handle.set(key, object())


def test_two_pages_that_ask_for_the_same_have_jobs_of_their_own(manager):
    assert manager.build_cache_key(tell, [1], [], None) != manager.build_cache_key(tell, [1], [], None)


@pytest.mark.parametrize("remote", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_who_sits_at_this_machine_may_train(remote):
    assert may_train(remote, {}, TrainingOptions())


@pytest.mark.parametrize(
    ("remote", "headers"),
    [
        *(("192.168.1.7", {}), ("::2", {}), ("::ffff:10.0.0.1", {}), ("", {}), (None, {}), ("unix:", {})),
        *(("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}), ("127.0.0.1", {"Forwarded": "for=203.0.113.9"})),
        *(("127.0.0.1", {"X-Real-Ip": "203.0.113.9"}), ("127.0.0.1", {"Via": "1.1 proxy"})),
    ],
)
def test_visitors_from_elsewhere_may_train_only_where_that_is_allowed(remote, headers):
    assert not may_train(remote, headers, TrainingOptions())
    assert may_train(remote, headers, TrainingOptions(allow_training=True))


def test_of_many_requests_at_once_few_jobs_are_started(tmp_path):
    manager = ProcessManager(lambda: str(tmp_path / "marker"), lambda: None, "busy")
    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(lambda _: run_job(manager, wait_for_ever), range(20)))
    jobs = [job for _, job in started if job is not None]
    assert len(jobs) == MOST_JOBS
    refused = [manager.get_result(key, job) for key, job in started if job is None]
    assert refused == ["busy"] * (20 - MOST_JOBS)
    for job in jobs:
        manager.terminate_job(job)
    _, again = run_job(manager, wait_for_ever)
    assert again is not None
    manager.terminate_job(again)
