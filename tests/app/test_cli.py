"""`python -m app`: mistakes are told in one line, and it starts and stops quietly."""

import gc
import io
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from services import served, started_page

from app import __main__ as command_line


def run(*arguments):
    """What the command prints and returns, in this process; a page that it would serve ends at once."""
    command = ["app", *map(str, arguments), "--no-browser"]
    out, err, switching = io.StringIO(), io.StringIO(), sys.getswitchinterval()
    try:
        with (
            patch.object(sys, "argv", command),
            patch("app.server.shutdown.run_until_stopped", lambda server: server.close()),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = command_line.run()
    finally:
        gc.enable()
        sys.setswitchinterval(switching)
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


def told_in_one_line(result, *words):
    assert result.returncode == 2
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert all(word in lines[0] for word in words), lines[0]


def test_a_mistake_ends_the_process_with_one_line(tmp_path):
    command = [sys.executable, "-m", "app", str(tmp_path / "nowhere"), "--no-browser"]
    told_in_one_line(subprocess.run(command, capture_output=True, text=True, timeout=60), "nowhere")


def test_a_folder_that_is_no_atlas(tmp_path):
    told_in_one_line(run(tmp_path), "atlas.json")


def test_a_file_instead_of_a_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    told_in_one_line(run(tmp_path / "file"), "file")


def test_a_port_in_use(tiny_atlas):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told_in_one_line(run(tiny_atlas, "--port", port), str(port), "in use")


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_port_that_cannot_be(tiny_atlas, port):
    told_in_one_line(run(tiny_atlas, f"--port={port}"), port)


def test_a_port_that_is_no_number(tiny_atlas):
    told_in_one_line(run(tiny_atlas, "--port", "http"), "--port", "integer")


def test_an_option_that_does_not_exist(tiny_atlas):
    told_in_one_line(run(tiny_atlas, "--prot", "1"), "--prot")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1", "a" * 300, ""])
def test_a_host_that_is_not_this_machine(tiny_atlas, host):
    told_in_one_line(run(tiny_atlas, "--host", host, "--port", "0"), "--host")


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_it_answers_without_torch_and_ctrl_c_stops_it_quietly(tiny_atlas):
    """How SIGTERM stops it is tested in test_shutdown.py."""
    server, address = started_page(tiny_atlas)
    try:
        for place in ("healthz", "pages/mnist/_dash-dependencies"):  # the one that ships is beside it
            assert urllib.request.urlopen(f"{address}{place}", timeout=30).status == 200
        time.sleep(0.3)
    finally:
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=30)
    assert server.returncode == 0 and out == "" and err == ""


def test_what_a_proxy_says_of_its_visitor_arrives():
    """Else a visitor behind a proxy on this machine would pass for its owner, who may train points."""
    arrived = {}

    def application(environ, start_response):
        arrived.update(environ)
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    headers = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    with served(application) as address:
        urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=30)
    assert arrived["HTTP_X_FORWARDED_FOR"] == "203.0.113.9"
    assert arrived["HTTP_FORWARDED"] == "for=203.0.113.9"


def test_a_hall_of_browsers_that_keep_their_connections_open_is_answered():
    def application(environ, start_response):
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    with served(application) as address, ExitStack() as open_ones:
        place = ("127.0.0.1", urlsplit(address).port)
        connections = [socket.create_connection(place, timeout=30) for _ in range(250)]
        for connection in map(open_ones.enter_context, connections):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")


def test_options_about_exports_need_one(tiny_atlas):
    for option in (["--models", "all"], ["--title", "A talk"], ["--lecture"], ["--test-images", "4"]):
        told_in_one_line(run(tiny_atlas, *option), option[0], "--export")


def test_an_export_is_never_written_over_something_else(tiny_atlas, tmp_path):
    (tmp_path / "mine.html").write_text("mine")
    told_in_one_line(run(tiny_atlas, "--export", tmp_path / "mine.html"), "mine.html", "--export")
    assert (tmp_path / "mine.html").read_text() == "mine"


def test_the_page_does_not_wait_for_torch(tiny_atlas):
    code = (
        "import sys; from app.server.build import page; from hvae.atlas.atlas import Atlas; "
        "page('tiny', Atlas.open(sys.argv[1])); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tiny_atlas)], check=True, timeout=60)


def test_garbage_is_collected_again_once_the_page_is_served(tiny_atlas):
    code = """
import gc, sys, time
from pathlib import Path
import app.server.shutdown
from app.__main__ import serve

def run(server, **options):
    until = time.monotonic() + 50
    while not gc.isenabled() and time.monotonic() < until:
        time.sleep(0.05)
    assert gc.isenabled() and gc.get_freeze_count() > 0 and "torch" not in sys.modules

app.server.shutdown.run_until_stopped = run
serve([Path(sys.argv[1])], "127.0.0.1", 0, open_browser=False)
"""
    subprocess.run([sys.executable, "-c", code, str(tiny_atlas)], check=True, timeout=60)
