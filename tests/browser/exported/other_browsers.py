"""Firefox and WebKit of this machine, without a window that anybody sees: Playwright drives only its own.

Firefox speaks Marionette, a protocol of its own. WebKit is Debian's webkit2gtk-driver, which speaks WebDriver
and needs a screen: Xvfb's, where there is none.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

SECONDS = 90
"""How long a browser may take to start, and a page to do what is waited for."""
AT_ONCE = {"pageLoadStrategy": "none"}
FIREFOX_SETTINGS = {
    # Whatever a page asks for on a network goes nowhere.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
}


class OtherBrowser:
    """A window. navigate: goes to an address. run: runs the body of a function in the page."""

    def __init__(self, navigate: Callable[[str], Any], run: Callable[[str], Any]) -> None:
        self.open = navigate
        self._run = run

    def evaluate(self, function: str) -> Any:
        """What a JavaScript function without arguments returns in the page, as JSON."""
        return self._run(f"return ({function})()")

    def wait_for(self, function: str) -> None:
        """Wait until the function returns something true. Raises TimeoutError with what the page says."""
        end = time.monotonic() + SECONDS
        while not self.evaluate(function):
            if time.monotonic() > end:
                raise TimeoutError(f"{function}: {self.evaluate('() => document.body?.innerText')}")
            time.sleep(0.1)


@contextmanager
def firefox(folder: Path) -> Iterator[OtherBrowser]:
    """A Firefox with a fresh profile in the folder."""
    port = free_port()
    settings = FIREFOX_SETTINGS | {"marionette.port": port}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in settings.items()]
    (folder / "user.js").write_text("\n".join(lines))
    command = [find("firefox"), "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    with process(command, folder), Marionette(port) as asked:
        asked("WebDriver:NewSession", {"capabilities": {"alwaysMatch": AT_ONCE}})
        yield OtherBrowser(
            lambda address: asked("WebDriver:Navigate", {"url": address}),
            lambda script: asked("WebDriver:ExecuteScript", {"script": script, "args": []})["value"],
        )


class Marionette:
    """A connection to Firefox: call it with a command and its arguments."""

    def __init__(self, port: int) -> None:
        self._socket = retried(lambda: socket.create_connection(("127.0.0.1", port), timeout=SECONDS))
        self._file = self._socket.makefile("rb")
        self._asked = 0
        self._read()  # who it is

    def __enter__(self) -> Marionette:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def __call__(self, command: str, arguments: dict[str, Any]) -> Any:
        self._asked += 1
        message = json.dumps([0, self._asked, command, arguments]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._read()
        if error:
            raise RuntimeError(f"{command}: {error['message']}")
        return result

    def _read(self) -> Any:
        digits = b""
        while not digits.endswith(b":"):
            digits += self._file.read(1)
        return json.loads(self._file.read(int(digits[:-1])))


@contextmanager
def webkit(folder: Path) -> Iterator[OtherBrowser]:
    """WebKitGTK's own small browser."""
    port = free_port()
    options = {"binary": mini_browser(), "args": ["--automation"]}

    def asked(method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", data, headers, method=method)) as answer:
            return json.load(answer)["value"]

    with screen(folder) as display:
        settings = {"DISPLAY": display, "XDG_RUNTIME_DIR": str(folder)}
        with process([find("webkit"), f"--port={port}"], folder, **settings):
            wanted = {"capabilities": {"alwaysMatch": AT_ONCE | {"webkitgtk:browserOptions": options}}}
            session = f"/session/{retried(lambda: asked('POST', '/session', wanted))['sessionId']}"
            yield OtherBrowser(
                lambda address: asked("POST", f"{session}/url", {"url": address}),
                lambda script: asked("POST", f"{session}/execute/sync", {"script": script, "args": []}),
            )
            asked("DELETE", session)


@contextmanager
def screen(folder: Path) -> Iterator[str]:
    """The display of this machine, or one that nobody sees."""
    if display := os.environ.get("DISPLAY"):
        yield display
        return
    ours, its = os.pipe()
    command = ["Xvfb", "-displayfd", str(its), "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
    with ExitStack() as ends:
        ends.callback(os.close, ours)
        try:
            ends.enter_context(process(command, folder, pass_fds=(its,)))
        finally:
            os.close(its)
        yield f":{os.read(ours, 20).decode().strip()}"


PROGRAMS = {"firefox": ("firefox-esr", "firefox"), "webkit": ("WebKitWebDriver",)}
BROWSERS = {"firefox": firefox, "webkit": webkit}


def find(name: str) -> str | None:
    """The program that starts a browser."""
    return next(filter(None, map(shutil.which, PROGRAMS[name])), None)


def mini_browser() -> str | None:
    """WebKitGTK's own small browser, which no search path has."""
    return next(map(str, sorted(Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser"))), None)


def missing(name: str) -> str:
    """Why a browser cannot be had here, a sentence; nothing if it can."""
    if not find(name):
        return f"No {PROGRAMS[name][0]} on this machine."
    if name == "webkit" and not mini_browser():
        return "No MiniBrowser of WebKitGTK on this machine."
    if name == "webkit" and not os.environ.get("DISPLAY") and not shutil.which("Xvfb"):
        return "No screen and no Xvfb on this machine."
    return ""


@contextmanager
def process(
    command: list[str], home: Path, pass_fds: tuple[int, ...] = (), **settings: str
) -> Iterator[None]:
    """A program that ends with the context."""
    environment = {**os.environ, "HOME": str(home), **settings}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = subprocess.Popen(command, env=environment, pass_fds=pass_fds, **quiet)
    try:
        yield
    finally:
        started.terminate()
        try:
            started.wait(30)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def retried(act: Callable[[], Any]) -> Any:
    """What a connection to a program that is starting gives. Raises OSError if none comes about."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return act()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
