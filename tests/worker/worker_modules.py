"""The modules of assets/worker in a page of a real browser, called from Python."""

from __future__ import annotations

import base64
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

ASSETS = Path(__file__).parents[2] / "assets"
HARNESS = Path(__file__).parent / "harness.js"
CALL = """async ([name, parameters]) => {
    const harness = await import("/harness.js");
    return harness.call(name, parameters);
}"""


class Files(SimpleHTTPRequestHandler):
    """The assets; / is an empty page, /harness.js the tests' own; no WebAssembly below /strict/."""

    def do_GET(self) -> None:
        self.path, strict = self.path.removeprefix("/strict"), self.path.startswith("/strict")
        self.policy = "script-src 'self'" if strict else "script-src 'self' 'wasm-unsafe-eval'"
        if self.path in ("/", "/harness.js"):
            is_page = self.path == "/"
            content = b"<!doctype html>" if is_page else HARNESS.read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if is_page else "text/javascript")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        else:
            super().do_GET()

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Modules:
    """Calls of harness.js. Arrays go there and come back as they are, whatever they are part of."""

    def __init__(self, browser: Any) -> None:
        self._server = ThreadingHTTPServer(("localhost", 0), partial(Files, directory=str(ASSETS)))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._page = browser.new_context().new_page()
        self._page.goto(f"http://localhost:{self._server.server_port}/")

    def __call__(self, name: str, **parameters: Any) -> Any:
        """What the function `name` of harness.js returns. Raises playwright's Error where it throws."""
        return unpacked(self._page.evaluate(CALL, [name, packed(parameters)]))

    def close(self) -> None:
        self._page.context.close()
        self._server.shutdown()
        self._server.server_close()


def packed(value: Any) -> Any:
    """A value as JSON knows it, arrays and bytes as base64."""
    if isinstance(value, bytes):
        value = np.frombuffer(value, np.uint8)
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, np.ndarray):
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"array": value.dtype.name, "data": data, "shape": list(value.shape)}
    if isinstance(value, dict):
        return {key: packed(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [packed(part) for part in value]
    return value


def unpacked(value: Any) -> Any:
    """The inverse of `packed`; arrays are flat."""
    if isinstance(value, dict) and "array" in value:
        return np.frombuffer(base64.b64decode(value["data"]), value["array"])
    if isinstance(value, dict):
        return {key: unpacked(part) for key, part in value.items()}
    if isinstance(value, list):
        return [unpacked(part) for part in value]
    return value
