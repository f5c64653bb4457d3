"""A server that is stopped answers what it was asked, whole, and lets nobody else in."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time

import pytest
from services import started_page

from app.server.listening import listen, web_server
from app.server.shutdown import answer_the_rest

PATIENCE_SECONDS = 60
BODY = os.urandom(2_000_000)


class Hall:
    """A server in this process whose answers take until `finish` is set."""

    def __init__(self):
        self.asked, self.finish = threading.Semaphore(0), threading.Event()
        self.server = web_server(self, listen("127.0.0.1", 0))

    def __call__(self, environ, start_response):
        self.asked.release()
        assert self.finish.wait(PATIENCE_SECONDS)
        start_response("200 OK", [("Content-Length", str(len(BODY)))])
        return [BODY]

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.server.effective_port, timeout=PATIENCE_SECONDS)

    def serve_until_asked(self):
        while not self.asked.acquire(blocking=False):
            self.server.asyncore.loop(0.05, map=self.server._map, count=1)


def in_background(function):
    results = []
    thread = threading.Thread(target=lambda: results.append(function()), daemon=True)
    thread.start()
    return thread, results


def ask(connection):
    connection.request("GET", "/")
    return connection.getresponse().read()


def test_answers_in_the_making_arrive_whole_and_nobody_else_is_let_in():
    hall = Hall()
    connection, idle, late = hall.connect(), hall.connect(), hall.connect()
    idle.connect()  # a browser keeps connections that it does not use
    thread, answers = in_background(lambda: ask(connection))
    hall.serve_until_asked()
    threading.Timer(0.3, hall.finish.set).start()
    answer_the_rest(hall.server, PATIENCE_SECONDS)
    thread.join(PATIENCE_SECONDS)
    assert answers == [BODY]
    with pytest.raises(OSError):
        late.connect()


def test_an_answer_that_never_comes_is_given_up():
    hall = Hall()
    connection = hall.connect()
    connection.request("GET", "/")
    hall.serve_until_asked()
    answer_the_rest(hall.server, patience=0.2)
    hall.finish.set()


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_the_command_finishes_a_picture_that_was_asked_for_before_it_ends(tiny_atlas):
    """The first picture takes seconds, until torch has been imported."""
    server, address = started_page(tiny_atlas)
    try:
        connection = http.client.HTTPConnection(address.split("/")[2], timeout=PATIENCE_SECONDS)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        connection.request("GET", "/pictures/tiny/b2-1_b1-1/samples.png")
        time.sleep(0.1)
        server.send_signal(signal.SIGTERM)
        answer = connection.getresponse()
        picture = answer.read()
        out, err = server.communicate(timeout=PATIENCE_SECONDS)
    finally:
        server.kill()  # nothing, where it has ended
    assert answer.status == 200 and picture.startswith(b"\x89PNG") and picture.endswith(b"IEND\xaeB`\x82")
    assert (server.returncode, out, err) == (0, "", "")
