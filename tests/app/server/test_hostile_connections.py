"""What no browser would send, over a real connection: it is refused, and the next request is answered."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest
from services import served

from app.server.build import create_app
from app.server.guard import MAX_BODY
from hvae.atlas.atlas import Atlas

PATIENCE_SECONDS = 30
LENGTHS = (b"-5", b"abc", b"1e3", b"99999999999999999999", str(100 * MAX_BODY).encode())


@pytest.fixture(scope="module")
def port(tiny_atlas):
    app = create_app({"tiny": Atlas.open(tiny_atlas)}, hosts=["127.0.0.1"])
    with served(app.server) as address:
        yield urlsplit(address).port
    app.server.extensions["decoder"].close()


def answer(port: int, request: bytes) -> bytes:
    """What comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        try:
            connection.sendall(request)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it had heard enough
        return b"".join(parts)


def request(target: bytes, *headers: bytes, method: bytes = b"GET", host: bytes = b"127.0.0.1") -> bytes:
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: " + host, b"Connection: close", *headers]
    return b"\r\n".join([*lines, b"", b""])


def post(*headers: bytes, body: bytes = b"") -> bytes:
    kind = b"Content-Type: application/json"
    return request(b"/_dash-update-component", kind, *headers, method=b"POST") + body


ODD = {
    "no HTTP": b"hello\r\n\r\n",
    "two Hosts": request(b"/", b"Host: evil.example"),
    "another Host": request(b"/", host=b"evil.example"),
    "a Host that begins as this one": request(b"/", host=b"127.0.0.1.evil.example"),
    "a bracket that is not closed": request(b"http://[::1/"),
    "bytes that are no UTF-8": request(b"/pictures/\xff\xfe/x/samples.png"),
    "the folder above": request(b"/assets/../../pyproject.toml"),
    "a long target": request(b"/" + b"x" * 300_000),
    "a long header": request(b"/", b"X: " + b"x" * 300_000),
    "a header without a name": request(b"/", b": x"),
    **{f"a body of {length.decode()} bytes": post(b"Content-Length: " + length) for length in LENGTHS},
    "chunks that are none": post(b"Transfer-Encoding: chunked", body=b"zz\r\n\r\n"),
    "more chunks than are read": post(
        b"Transfer-Encoding: chunked", body=b"10000\r\n" + b"[" * 65536 + b"\r\n0\r\n\r\n"
    ),
    "two ways of saying how long": post(
        b"Content-Length: 2", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"
    ),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_what_no_browser_would_send_is_refused(port, odd):
    told = answer(port, odd)
    head, _, body = told.partition(b"\r\n\r\n")
    # It may also hang up without a word.
    assert not told or head[:10] in (b"HTTP/1.1 4", b"HTTP/1.0 4"), head
    assert b"Traceback" not in body and b".py" not in body and b"\nServer:" not in head
    assert answer(port, request(b"/healthz")).startswith(b"HTTP/1.1 200")
