"""`python -m app`: open an atlas in the browser."""

from __future__ import annotations

import gc
import ipaddress
import logging
import os
import socket
import sys
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.pictures.malloc import share_arenas
from hvae.errors import UserError

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

FURTHER_THREADS = 16
"""Beside those whose requests may wait for the decoder; each thread answers one request at a time."""

SWITCH_SECONDS = 0.0005
"""How long a thread may keep Python to itself: the decoder's needs it for a moment after every step."""

MOST_CONNECTIONS = 900
"""Open at once; a browser opens six. Fewer than the 1,024 files that a process may often have open."""

IDLE_SECONDS = 20
"""After which a connection that is not used is closed: what looks after it takes time."""

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@cli.command()
def main(
    atlas: Annotated[
        Path | None,
        typer.Argument(
            help="Folder that `precompute run` wrote, shown first. Atlases that ship are in the menu beside "
            "it, but for one of the same name; default: those alone."
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for any that is free.")] = 8050,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
    data_dir: Annotated[
        Path, typer.Option(help="Where data sets are, for training points of your own.")
    ] = Path("data"),
    allow_training: Annotated[
        bool, typer.Option("--allow-training", help="Let visitors from other computers train points here.")
    ] = False,
    broker: Annotated[
        str | None,
        typer.Option(
            help="Address of a Redis, redis://HOST:PORT/0, through which Celery workers are asked to train."
        ),
    ] = None,
) -> None:
    """Explore atlases of hierarchical VAEs in the browser."""
    serve(atlas, host, port, not no_browser, data_dir, allow_training, broker)


def run() -> int:
    """Run the command line; a user's mistake becomes one line on stderr. Returns the exit code."""
    try:
        return cli(prog_name="python -m app", standalone_mode=False) or 0
    except (KeyboardInterrupt, typer.Abort):
        return 0
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Error: {error.filename or 'the system'}: {error.strerror or error}.", file=sys.stderr)
        return 2
    except Exception as error:
        # What typer found wrong with the arguments; its class has moved between typer's versions.
        if not hasattr(error, "format_message"):
            raise
        print(f"Error: {error.format_message()} (--help lists the options.)", file=sys.stderr)
        return 2


def serve(
    path: Path | None,
    host: str,
    port: int,
    open_browser: bool,
    data_dir: Path = Path("data"),
    allow_training: bool = False,
    broker: str | None = None,
) -> None:
    """Serve an atlas and those that ship until interrupted; what was asked by then is answered first.

    path: see `app.atlases.catalogue.served_atlases`. data_dir, allow_training, broker: see
    `app.training.train_point.TrainingOptions`.
    Raises UserError where the atlas, the address or the broker cannot be had.
    """
    # Imports make 300,000 objects that stay, and looking for garbage among them took a seventh of the time
    # until the first picture: none is looked for before.
    gc.disable()
    share_arenas()
    sys.setswitchinterval(SWITCH_SECONDS)
    from app.atlases.catalogue import served_atlases

    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    atlases = served_atlases(path)
    listener = listen(host, port)

    from app.server.build import create_app
    from app.server.guard import LOOPBACK_NAMES
    from app.server.shutdown import run_until_stopped
    from app.training.redis_broker import checked_broker
    from app.training.train_point import TrainingOptions

    only_here = is_loopback(listener.getsockname()[0])
    hosts = [*LOOPBACK_NAMES, host] if only_here else None
    training = TrainingOptions(data_dir, allow_training, broker and checked_broker(broker))
    app = create_app(atlases, hosts, training)
    decoder = app.server.extensions["decoder"]
    decoder.ready.add_done_callback(lambda _: _collect_garbage())
    server = web_server(app.server, listener)
    address = f"http://{_shown_host(host)}:{listener.getsockname()[1]}/"
    print(f"HVAE Explorer: {address} (Ctrl-C to stop)", flush=True)
    if not only_here:
        print(
            f"Listening on {host}: whoever can reach this port can use the page and download its models and "
            f"test images{', and train points here' if allow_training else ''}.",
            flush=True,
        )
    if open_browser and has_display():
        threading.Thread(target=_open_browser, args=[address], daemon=True).start()
    try:
        run_until_stopped(server)
    finally:
        decoder.close()


def web_server(application: WSGIApplication, listener: socket.socket) -> Any:
    """A server of `application` on a listening socket; see `app.server.shutdown.run_until_stopped`."""
    import waitress

    from app.pictures.decoder import MOST_WAITING
    from app.server.guard import MAX_BODY

    return waitress.create_server(
        application,
        sockets=[listener],
        threads=MOST_WAITING + FURTHER_THREADS,
        connection_limit=MOST_CONNECTIONS,
        asyncore_use_poll=True,  # select() knows no file above 1,023
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=IDLE_SECONDS // 2,
        ident=None,
        # It keeps a whole body before anybody looks at it. Above MAX_BODY a sentence says no, if not by far.
        max_request_body_size=4 * MAX_BODY,
        # They are how app.training.train_point tells a visitor behind a proxy on this machine from its owner.
        clear_untrusted_proxy_headers=False,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UserError where the address is wrong or taken."""
    if not 0 <= port <= 65535:
        raise UserError(f"There is no port {port}: choose one from 1 to 65535, or 0 for any that is free.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise UserError(f"There is no address {host}: try --host 127.0.0.1.") from None
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # else a port stays taken for a minute after each run
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise UserError(_why_not(error, host, port)) from None
    return listener


def _why_not(error: OSError, host: str, port: int) -> str:
    import errno

    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use: stop what uses it, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used by this user: choose one above 1023 with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"This machine does not have the address {host}: try --host 127.0.0.1."
    return f"Cannot listen on {host}, port {port}: {error.strerror or error}."


def is_loopback(address: str) -> bool:
    """Whether a numeric address can be reached from this machine only."""
    return ipaddress.ip_address(address.split("%")[0]).is_loopback


def has_display() -> bool:
    """Whether a browser could show itself; on a server, a text browser would take over the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _collect_garbage() -> None:
    """Look for garbage from now on, but not among what is there already: that stops everything for 0.1 s."""
    gc.freeze()
    gc.enable()


def _open_browser(address: str) -> None:
    try:
        webbrowser.open(address)
    except Exception:  # the address is printed anyway
        logging.getLogger(__name__).debug("no browser", exc_info=True)


def _shown_host(host: str) -> str:
    if host in ("0.0.0.0", "::", ""):
        return "localhost"
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    sys.exit(run())
