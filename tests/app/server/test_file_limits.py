"""No more connections than this process may have files open, and quiet where there is no room for one."""

from __future__ import annotations

import subprocess
import sys

import pytest

resource = pytest.importorskip("resource", reason="Windows has no such limits")

from app.server.listening import MOST_CONNECTIONS, connections_allowed  # noqa: E402

HALL = """
import logging, resource, socket, sys, threading, urllib.request
logging.basicConfig(level=logging.WARNING, format="%(message)s")
files, other, idle = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
from app.server.listening import IDLE_SECONDS, listen, web_server

def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

server = web_server(application, listen("127.0.0.1", 0))
threading.Thread(target=server.run, daemon=True).start()
others = [open("/dev/null") for _ in range(other)]
print(server.effective_port, flush=True)
sys.stdin.readline()
for one in others:
    one.close()
print("closed", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("files", [16, 64, 128, 256, 512, 1024, 1156, 4096, 10**6, None])
def test_connections_leave_room_for_other_files(files):
    connections = connections_allowed(files)
    assert 2 <= connections <= MOST_CONNECTIONS
    assert files is None or files - connections >= min(256, files // 2)
    assert connections == MOST_CONNECTIONS or files < MOST_CONNECTIONS + 256


@pytest.mark.parametrize(("other", "full"), [(0, False), (200, True)], ids=["idle", "no file left"])
def test_idle_connections_beyond_the_limit_wait_quietly_and_are_answered_in_time(other, full):
    """At 256 files, macOS's default: 300 connections that say nothing, and one that asks."""
    import socket

    process = subprocess.Popen(
        [sys.executable, "-c", HALL, "256", str(other), "300"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    port = int(process.stdout.readline())
    idle = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(300)]
    asking = socket.create_connection(("127.0.0.1", port), timeout=60)
    asking.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    try:
        if full:
            asking.settimeout(1)
            with pytest.raises(TimeoutError):
                asking.recv(1000)
            asking.settimeout(60)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "closed\n"
        for connection in idle:
            connection.close()
        assert asking.recv(1000).startswith(b"HTTP/1.1 200")
    finally:
        process.stdin.close()
        asking.close()
        said = process.stderr.read()
        process.wait(60)
    lines = said.splitlines()
    assert lines == (["The system allows no more open files: new connections wait."] if full else []), said
