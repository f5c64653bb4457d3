"""The ways to serve a page that docs/serving.md describes, for browser tests: atlases' folders → its address.

HVAE_TEST_SERVER names the one that browser tests use: built-in, gunicorn, proxy, or a page without Python:
export, a folder on a plain web server, or file, one file from a disk without a network. Those two pass every
test that is not marked with `needs_server`.
"""

from __future__ import annotations

import http.client
import os
import re
import shlex
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest
from documents import ROOT
from recorded_once import recorded_once
from services import gunicorn, served

from app.export.export import Options, exported
from app.server.build import create_app
from app.server.host_names import LOOPBACK_NAMES
from hvae.atlas.atlas import Atlas

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host"}
LONGEST_LINE = 8190
"""What usual proxies take of a request's first line."""


@contextmanager
def built_in(*folders: Path) -> Iterator[str]:
    """As `python -m app` does, in this process."""
    app = create_app({atlas.name: atlas for atlas in map(Atlas.open, folders)}, hosts=LOOPBACK_NAMES)
    with served(app.server) as address:
        yield address
    app.server.extensions["decoder"].close()


@contextmanager
def by_gunicorn(*folders: Path) -> Iterator[str]:
    """By the command in docs/serving.md, with two processes."""
    text = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    _, _, options = re.search(r"^HVAE_APP_ATLAS=.*", text, re.MULTILINE)[0].partition("app.wsgi:server ")
    asked = [*shlex.split(options.split("--bind")[0]), "--workers", "2"]
    settings = {"TEST_ATLASES": os.pathsep.join(map(str, folders))}
    log = folders[0].parent
    with gunicorn(log, *asked, application="only_these_atlases:server", **settings) as (_, address):
        yield f"{address}/"


@contextmanager
def behind_a_proxy(*folders: Path) -> Iterator[str]:
    """Behind one at the root of its host name, which hands requests on to the built-in server."""
    with built_in(*folders) as address:
        proxy = ThreadingHTTPServer(("127.0.0.1", 0), _handler(urlsplit(address).netloc))
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{proxy.server_port}/"
        finally:
            proxy.shutdown()
            proxy.server_close()


@contextmanager
def exported_folder(*folders: Path) -> Iterator[str]:
    """As a page without Python, in a folder on a plain web server, below a path."""
    with export_of(folders, "page") as page, plain_server(page.parent) as address:
        yield f"{address}page/"


@contextmanager
def exported_file(*folders: Path) -> Iterator[str]:
    """As one file with all models, from a disk; `Windows` see to it that there is no network."""
    with export_of(folders, "page.html") as page:
        yield page.as_uri()


@contextmanager
def export_of(folders: tuple[Path, ...], name: str) -> Iterator[Path]:
    """An export of atlases under a name in a folder of its own."""
    atlases = {atlas.name: atlas for atlas in map(Atlas.open, folders)}
    with TemporaryDirectory() as root, recorded_once():
        list(exported(atlases, Path(root, name), Options(models="all")))
        yield Path(root, name)


@contextmanager
def plain_server(folder: Path) -> Iterator[str]:
    """Serve a folder's files as `python -m http.server` does."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


WAYS: dict[str, Callable[..., AbstractContextManager[str]]] = {
    "built-in": built_in,
    "gunicorn": by_gunicorn,
    "proxy": behind_a_proxy,
    "export": exported_folder,
    "file": exported_file,
}
WAY = os.environ.get("HVAE_TEST_SERVER", "built-in")
IS_OFFLINE = WAY == "file"
HAS_SERVER = WAY not in ("export", "file")
WITHOUT_A_SERVER = "a page without Python: {}"


def needs_server(reason: str) -> pytest.MarkDecorator:
    """Mark tests that a page without Python cannot pass; reason: what of a server they are about."""
    return pytest.mark.skipif(not HAS_SERVER, reason=WITHOUT_A_SERVER.format(reason))


def _handler(backend: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def hand_on(self) -> None:
            if len(self.requestline) > LONGEST_LINE:
                return self.send_error(414)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            headers |= {"Host": backend, "X-Forwarded-For": self.client_address[0], "Via": "1.1 proxy"}
            connection = http.client.HTTPConnection(backend, timeout=120)
            try:
                connection.request(self.command, self.path, body or None, headers)
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP | {"content-length", "date", "server"}:
                    self.send_header(name, value)
            if answer.status not in (204, 304):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_HEAD = do_OPTIONS = hand_on

    return Handler
