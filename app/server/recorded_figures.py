"""All figures of an atlas, recorded: pages then draw whatever a visitor chooses at once, without the server.

Recording takes up to a minute of a core. It is done when a page first asks, in a process of its own, and is
kept in the user's cache folder as long as neither the atlas nor the code that draws changes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import signal
from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import cache
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock

import plotly
from filelock import FileLock
from flask import Blueprint, Response, g, request

from app.atlases.shelf import Shelf, Snapshot
from app.server.requested_atlas import NAMED
from hvae.atlas.atlas import Atlas
from hvae.errors import UserError
from hvae.files import own_folder, write_whole
from hvae.metrics.cache import cache_folder

KEPT = 16
"""Files in the cache folder."""
NICENESS = 10
MOST_BYTES = 1 << 26
"""Of compressed figures."""
DRAWN_BY = ("page", "export")
"""The packages in `app` whose code decides what is recorded."""


Start = Callable[[Path, str, Connection], object]
"""Has `record_into` run, somewhere else."""


class FigureRecorder:
    """Records figures, one atlas at a time. start: where; by default in processes that end with this one."""

    def __init__(self, start: Start | None = None) -> None:
        self._start = start or _start_process
        self._lock = Lock()
        self._jobs: dict[str, _Job] = {}

    def figures(self, snapshot: Snapshot) -> bytes | None:
        """Return all figures, compressed JSON; nothing if they cannot be recorded, None while they are."""
        with self._lock:
            job = self._jobs.get(snapshot.name)
            if job is None or job.version != snapshot.version:
                if not all(one.is_done() for one in self._jobs.values()):
                    return None
                receiver, sender = Pipe(duplex=False)
                self._start(snapshot.atlas.path, snapshot.version, sender)
                sender.close()
                job = self._jobs[snapshot.name] = _Job(snapshot.version, receiver)
            return job.data if job.is_done() else None


class _Job:
    """Figures that are being recorded elsewhere. data: empty until then, and if they cannot be."""

    def __init__(self, version: str, receiver: Connection) -> None:
        self.version, self.data = version, b""
        self._receiver: Connection | None = receiver

    def is_done(self) -> bool:
        """Whether nothing more will come."""
        if self._receiver and self._receiver.poll():
            with self._receiver, suppress(EOFError):  # the end of who sends
                self.data = self._receiver.recv_bytes(MOST_BYTES)
            self._receiver = None
        return self._receiver is None


def _start_process(folder: Path, version: str, sender: Connection) -> None:
    get_context("spawn").Process(target=_work, args=(folder, version, sender), daemon=True).start()


def _work(folder: Path, version: str, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which ends this process
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(NICENESS)
    record_into(folder, version, sender)


def record_into(folder: Path, version: str, sender: Connection) -> None:
    """Send all figures of the atlas in a folder, compressed JSON, if it is still that of this version.

    They come from the cache where they are there.
    """
    with sender:
        cached = _cached(version)
        with FileLock(f"{cached}.lock") if cached else nullcontext():
            if cached and cached.exists():
                sender.send_bytes(cached.read_bytes())
                return
            atlas = Atlas.open(folder)
            if Snapshot("", atlas, folder).version != version:
                return  # it has changed meanwhile
            text = json.dumps(_figures(atlas), ensure_ascii=False, separators=(",", ":"))
            data = gzip.compress(text.encode())
            if cached:
                with suppress(OSError):  # it only saves time
                    write_whole(cached, lambda path: path.write_bytes(data))
                    _forget_old(cached.parent)
        sender.send_bytes(data)


def recorded_figures_blueprint(shelf: Shelf, recorder: FigureRecorder | None) -> Blueprint:
    """Return /pages/ATLAS/figures.json?version=V: 202 while it is being recorded, 204 if it never will be."""
    blueprint = Blueprint("recorded_figures", __name__)

    @blueprint.get(f"/pages/<{NAMED}>/figures.json")
    def figures() -> Response:
        snapshot = shelf[getattr(g, NAMED)]
        if recorder is None or request.args.get("version") != snapshot.version:
            return Response(status=204)
        data = recorder.figures(snapshot)
        if data is None:
            return Response(status=202)
        if not data:
            return Response(status=204)
        packs = "gzip" in request.accept_encodings
        response = Response(data if packs else gzip.decompress(data), mimetype="application/json")
        if packs:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = "no-cache"
        response.set_etag(f"{snapshot.version}-{_code()}")
        return response.make_conditional(request)

    return blueprint


def _figures(atlas: Atlas) -> dict[str, object]:
    from app.export.figures import recorded_figures, recorded_key
    from app.page.widgets.figure_row import BOARDS
    from app.server.build import create_app

    boards = create_app({"atlas": atlas}).server.extensions[BOARDS]
    return {**recorded_figures(atlas, boards), "key": recorded_key(atlas)}


def _cached(version: str) -> Path | None:
    """The file that keeps the figures of a version; None where no folder can be used."""
    try:
        folder = cache_folder() / "figures"
        own_folder(folder, 0o700)
    except (OSError, UserError):
        return None
    return folder / f"{version}-{_code()}.json.gz"


@cache
def _code() -> str:
    """The same as long as the code that draws figures is the same."""
    app = Path(__file__).parent.parent
    files = sorted(path for package in DRAWN_BY for path in (app / package).rglob("*.py"))
    digest = hashlib.sha256(plotly.__version__.encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _forget_old(folder: Path) -> None:
    files = sorted(folder.glob("*.json.gz"), key=lambda path: path.stat().st_mtime)
    for path in files[:-KEPT]:
        path.unlink(missing_ok=True)
        Path(f"{path}.lock").unlink(missing_ok=True)
