"""Tickets: a page that was loaded again finds its job, and nobody starts one twice."""

from __future__ import annotations

import pytest

from app.training.tickets import LOST, Tickets

TICKET = "c" * 32


class Store(dict):
    def set(self, key, value):
        self[key] = value


class Manager:
    """As much of a manager as tickets need; its jobs are numbers."""

    def __init__(self):
        self.handle, self.running, self.keys = Store(), [], 0

    def build_cache_key(self, fn, args, *rest):
        self.keys += 1
        return f"key {self.keys}"

    def call_job_fn(self, key, job_fn, args, context):
        self.running.append(str(len(self.running)))
        return self.running[-1]

    def job_running(self, job):
        return job in self.running


class Ticketed(Tickets, Manager):
    pass


def ask(manager, **wish):
    key = manager.build_cache_key(None, [wish], [], None)
    return key, manager.call_job_fn(key, None, [wish], None)


@pytest.fixture
def manager():
    return Ticketed()


def test_a_job_that_is_running_is_found_by_its_ticket_and_not_started_again(manager):
    first = ask(manager, ticket=TICKET)
    assert ask(manager, ticket=TICKET, again=True) == first
    assert len(manager.running) == 1


def test_a_job_that_has_ended_is_found_while_nobody_was_told_its_result(manager):
    key, job = ask(manager, ticket=TICKET)
    manager.running.clear()
    manager.handle.set(key, {"point": "b2-1_b1-1"})
    assert ask(manager, ticket=TICKET, again=True) == (key, job)
    assert manager.handle[key] == {"point": "b2-1_b1-1"}


def test_of_a_job_that_nobody_knows_this_is_said_and_none_is_started(manager):
    key, job = ask(manager, ticket=TICKET, again=True)
    assert job is None and manager.handle[key] == {"error": LOST}
    assert manager.running == []


@pytest.mark.parametrize("wish", [{}, {"ticket": "short"}, {"ticket": 7}, {"ticket": TICKET + "x"}])
def test_a_wish_with_another_ticket_or_none_that_counts_is_a_job_of_its_own(manager, wish):
    assert ask(manager, ticket=TICKET) != ask(manager, **wish)
    assert len(manager.running) == 2
