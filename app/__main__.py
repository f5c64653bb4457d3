"""`python -m app`: open an atlas in the browser."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import webbrowser
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.pictures.malloc import share_arenas
from app.server.embedding import checked_origins
from app.server.listening import answered_names, listen, network_address, page_address, web_server
from hvae.architectures.plugin import HELP, load_named_plugin, load_plugin
from hvae.errors import UserError
from hvae.files import user_path
from hvae.terminal import accept_all_text, command_name

if TYPE_CHECKING:
    from app.export.export import Options

EXPORT = "Without Python"
"""Heading of the options about exported pages."""

SWITCH_SECONDS = 0.0005
"""How long a thread may hold Python's lock: the decoder's thread needs it briefly after every step."""

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@cli.command()
def main(
    atlas: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Atlas to show first: a folder that `precompute run` wrote, or the name of one that ships. "
            "More of them, and the others that ship, are beside the title. Default: all that ship."
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
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", help="Lead a lecture: phones that open the address that is printed show your screen."
        ),
    ] = False,
    broker: Annotated[
        str | None,
        typer.Option(
            help="Address of a Redis, redis://HOST:PORT/0, from which Celery workers take trainings."
        ),
    ] = None,
    embed: Annotated[
        list[str],
        typer.Option(
            help="Origin whose pages may show pictures, numbers and frames of this one, such as "
            "http://localhost:8888; can be repeated.",
            metavar="ORIGIN",
        ),
    ] = [],  # noqa: B006
    plugin: Annotated[Path | None, typer.Option(help=HELP, metavar="FILE.py")] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            help="Write a page that needs no Python, and end: a folder for any web server, or, if the name "
            "ends in .html, one file that opens from a disk.",
            metavar="PATH",
            rich_help_panel=EXPORT,
        ),
    ] = None,
    models: Annotated[
        str,
        typer.Option(
            help="Models in it: all, parent (for dots, the parent is folded), or how many. Default: all in a "
            "folder, parent in one file.",
            metavar="all|parent|N",
            rich_help_panel=EXPORT,
        ),
    ] = "",
    title: Annotated[str, typer.Option(help="Its title.", rich_help_panel=EXPORT)] = "",
    start: Annotated[
        str,
        typer.Option(
            help="What it begins with, as in the address bar: '?view=model'.",
            metavar="QUERY",
            rich_help_panel=EXPORT,
        ),
    ] = "",
    lecture: Annotated[
        bool, typer.Option("--lecture", help="Begin in lecture mode.", rich_help_panel=EXPORT)
    ] = False,
    test_images: Annotated[
        int | None, typer.Option(help="Test images in it, at most.", rich_help_panel=EXPORT)
    ] = None,
) -> None:
    """Explore atlases of hierarchical VAEs in the browser."""
    if plugin:
        load_plugin(plugin)
    if export is not None:
        from app.export.export import Options

        export_page(atlas or [], export, Options(models, title, start, lecture, test_images))
        return
    if models or title or start or lecture or test_images is not None:
        raise UserError("--models, --title, --start, --lecture and --test-images are about --export PATH.")
    serve(atlas or [], host, port, not no_browser, data_dir, allow_training, broker, embed, follow)


def export_page(paths: Sequence[Path], to: Path, options: Options) -> None:
    """Write a page that needs no Python, and say what it holds.

    paths: of its atlases; if empty, all that ship, or, in one file, the first of them. Raises UserError and
    OSError if that cannot be.
    """
    from app.atlases.catalogue import served_atlases
    from app.export.export import SUFFIXES, exported

    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    to = user_path(to)
    atlases = served_atlases(paths)
    if paths or to.suffix.lower() in SUFFIXES:
        atlases = dict(islice(atlases.items(), len(paths) or 1))
    for line in exported(atlases, to, options):
        print(line, flush=True)


def run() -> int:
    """Run the command line; a user's mistake becomes one line on stderr. Returns the exit code."""
    accept_all_text()
    try:
        load_named_plugin()
        return cli(prog_name=command_name("hvae-explorer", "app"), standalone_mode=False) or 0
    except (KeyboardInterrupt, typer.Abort):
        return 0
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Error: {error.filename or 'the system'}: {error.strerror or error}.", file=sys.stderr)
        return 2
    except Exception as error:
        # An error of typer about the arguments. Its class has moved between typer's versions.
        if not hasattr(error, "format_message"):
            raise
        print(f"Error: {error.format_message()} (--help lists the options.)", file=sys.stderr)
        return 2


def serve(
    paths: Sequence[Path],
    host: str,
    port: int,
    open_browser: bool,
    data_dir: Path = Path("data"),
    allow_training: bool = False,
    broker: str | None = None,
    embed: Sequence[str] = (),
    follow: bool = False,
) -> None:
    """Serve atlases and those that ship until interrupted, then answer the requests in progress.

    paths: see `app.atlases.catalogue.served_atlases`. data_dir, allow_training, broker: see
    `app.training.train_point.TrainingOptions`. embed: see `app.server.embedding.checked_origins`. follow:
    whether the one who started the server leads a lecture.
    Raises UserError if an atlas, an address, an origin or the broker is invalid or not available.
    """
    # Imports make 300,000 objects that stay. Searching them for garbage took a seventh of the time until the
    # first picture, so garbage is collected only afterwards.
    gc.disable()
    share_arenas()
    sys.setswitchinterval(SWITCH_SECONDS)
    from app.atlases.catalogue import served_atlases

    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    origins = checked_origins(embed)
    atlases = served_atlases(paths)
    listener = listen(host, port)

    from app.following.lectern import MOST_FOLLOWERS, Lectern, addresses
    from app.server.build import create_app
    from app.server.recorded_figures import FigureRecorder
    from app.server.shutdown import run_until_stopped
    from app.training.redis_broker import checked_broker
    from app.training.train_point import TrainingOptions

    hosts, address = answered_names(host, listener), page_address(host, listener)
    training = TrainingOptions(data_dir, allow_training, broker and checked_broker(broker))
    lectern = Lectern(network_address(host, listener)) if follow else None
    app = create_app(atlases, hosts, training, origins, FigureRecorder(), lectern)
    decoder = app.server.extensions["decoder"]
    server = web_server(app.server, listener, MOST_FOLLOWERS if follow else 0)
    _collect_garbage()
    print(f"HVAE Explorer: {address} (Ctrl-C to stop)", flush=True)
    if hosts is None:
        print(
            f"Listening on {host}: whoever can reach this port can use the page and download its models and "
            f"test images{', and train points here' if allow_training else ''}.",
            flush=True,
        )
    if lectern:
        leading, following = addresses(lectern, address)
        print(f"To lead, for you alone: {leading}\nTo follow: {following}", flush=True)
        if lectern.address is None:
            print("Only this machine can follow: with --host 0.0.0.0, phones can.", flush=True)
        address = leading
    if open_browser and has_display():
        threading.Thread(target=_open_browser, args=[address], daemon=True).start()
    try:
        run_until_stopped(server, let_go=lectern.close if lectern else lambda: None)
    finally:
        decoder.close()


def has_display() -> bool:
    """Return whether a browser can open a window. On a server, a text browser would take the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _collect_garbage() -> None:
    """Collect garbage from now on, but not among present objects: that would stop everything for 0.1 s."""
    gc.freeze()
    gc.enable()


def _open_browser(address: str) -> None:
    try:
        webbrowser.open(address)
    except Exception:  # the address is printed anyway
        logging.getLogger(__name__).debug("no browser", exc_info=True)


if __name__ == "__main__":
    sys.exit(run())
