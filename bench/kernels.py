"""What a picture costs in the browser: WebAssembly and plain JavaScript against torch on one thread.

    python bench/kernels.py [--atlas NAME | --architecture NAME] [--rounds N]

Prints milliseconds of CPU for 16, 32 and 48 pictures from the prior, from noise to bytes, without drawing the
noise; then, in WebAssembly, the same at a new β of the parent each time, and what it takes to read a point's
file. Each takes turns of a tenth of a second, in one run of about a minute; the shortest turn counts. In the
browser the CPU time is that of the page's thread, as Linux counts it; torch's is that of its own.
"""

from __future__ import annotations

import argparse
import base64
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import torch
from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table
from visitors.page_driver import FLAGS, find_browser

from hvae.architectures.registry import names
from hvae.atlas.atlas import PARENT, Atlas
from hvae.atlas.checkpoint import load_model, save_model, save_parent
from hvae.config import HVAEConfig
from hvae.model import HVAE
from hvae.parent import Parent

REPOSITORY = Path(__file__).parents[1]
PICTURES = (16, 32, 48)
TURN_SECONDS = 0.1

SET_UP = """async ([point, parent]) => {
    const from = (name) => import(`/assets/worker/${name}.js`);
    const { readCheckpoint } = await from("files/checkpoint");
    const { plainKernels } = await from("kernels/plain");
    const { wasmKernels } = await from("kernels/wasm");
    const { Engine } = await from("network/engine");
    const { Model } = await from("network/model");
    const { Parent } = await from("network/parent");
    const bytes = async (address) => new Uint8Array(await (await fetch(address)).arrayBuffer());
    const read = async (address) => readCheckpoint(await bytes(address), address);
    const file = await bytes(point);
    const wasm = new Engine(await wasmKernels(await bytes("/assets/worker/net.wasm")));
    const plain = new Engine(plainKernels());
    const models = { wasm: Model.from(wasm, await read(point)), plain: Model.from(plain, await read(point)) };
    const between = Parent.from(wasm, await read(parent));
    const rgba = new Uint8ClampedArray(48 * 4 * models.wasm.config.pixels);
    const decode = (model, count) => model.decodeResiduals(noise.get(count), count, null, rgba);
    const noise = new Map([16, 32, 48].map((count) => [count, models.wasm.noise(count, 0)]));
    const [low, high] = between.betaRange;
    let step = 0;
    const works = {
        wasm: (count) => decode(models.wasm, count),
        plain: (count) => decode(models.plain, count),
        beta: (count) => decode(between.at([low + ((high - low) * (step++ % 1000)) / 1000, low]), count),
        point: async () => Model.from(wasm, await readCheckpoint(file, point)).close(),
    };
    // How many calls fit into a turn.
    window.turn = async (name, count, milliseconds) => {
        const end = performance.now() + milliseconds;
        let calls = 0;
        for (; performance.now() < end; calls++) {
            const made = works[name](count);
            if (made) await made;
        }
        return calls;
    };
}"""


class Files(SimpleHTTPRequestHandler):
    """The repository's files."""

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def open_page() -> Iterator[tuple[Page, Callable[[], float]]]:
    """A page, and a function that returns the milliseconds of CPU that pages have used."""
    server = ThreadingHTTPServer(("localhost", 0), partial(Files, directory=str(REPOSITORY)))
    Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        page = browser.new_page()
        page.goto(f"http://localhost:{server.server_port}/bench/")  # any page of the same origin
        processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        # Of each, nanoseconds of its main thread; there is one beside the page's, which waits to be needed.
        files = [Path(f"/proc/{it['id']}/schedstat") for it in processes if it["type"] == "renderer"]
        yield page, lambda: sum(int(file.read_text().split()[0]) for file in files) / 1e6
        browser.close()
    server.shutdown()


def untrained(architecture: str, folder: Path) -> tuple[Path, Path]:
    """Files of a point and of a parent, both untrained, of an architecture with its defaults."""
    point, parent = folder / "point.safetensors", folder / PARENT
    save_model(HVAE(HVAEConfig.of(architecture)), point, dtype=torch.float16)
    save_parent(Parent(HVAEConfig.of(architecture)), parent)
    return point, parent


def of_atlas(name: str) -> tuple[Path, Path]:
    """Files of the point at (1, 1) and of the parent of an atlas that ships."""
    atlas = Atlas.shipped(name)
    return atlas.path / atlas.nearest(1, 1)["checkpoint"], atlas.path / PARENT


def as_address(path: Path) -> str:
    """An address that holds a file's content."""
    return f"data:;base64,{base64.b64encode(path.read_bytes()).decode()}"


def torch_turn(model: HVAE, count: int) -> float:
    """Milliseconds of one call, from as many as fit into a turn."""
    residuals, calls = model.noise(count), 0
    begun, end = time.thread_time(), time.perf_counter() + TURN_SECONDS
    while time.perf_counter() < end:
        model.decode_residuals(residuals).mul(255).round().byte()
        calls += 1
    return 1000 * (time.thread_time() - begun) / calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--atlas", default="mnist", help="one that ships (default: %(default)s)")
    what.add_argument(
        "--architecture", choices=names(), help="an untrained network, of grey 32 × 32 pictures"
    )
    parser.add_argument("--rounds", type=int, default=30, help="turns of each (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    with ExitStack() as open_now:
        folder = Path(open_now.enter_context(TemporaryDirectory()))
        architecture = arguments.architecture
        files = untrained(architecture, folder) if architecture else of_atlas(arguments.atlas)
        model = load_model(files[0])
        page, used = open_now.enter_context(open_page())
        page.evaluate(SET_UP, [as_address(file) for file in files])

        def in_page(name: str, count: int) -> float:
            begun = used()
            calls = page.evaluate("(asked) => turn(...asked)", [name, count, 1000 * TURN_SECONDS])
            return (used() - begun) / calls

        works: dict[tuple[str, int], Callable[[], float]] = {}
        for count in PICTURES:
            works["torch, one thread", count] = partial(torch_turn, model, count)
            works["WebAssembly", count] = partial(in_page, "wasm", count)
            works["plain JavaScript", count] = partial(in_page, "plain", count)
            works["WebAssembly, a new β each time", count] = partial(in_page, "beta", count)
        works["WebAssembly, reading a point", 0] = partial(in_page, "point", 0)
        turns = {work: [] for work in works}
        for _ in range(arguments.rounds):
            for work, take in works.items():
                turns[work].append(take())
    table = Table(title=f"Milliseconds of CPU, {architecture or arguments.atlas}")
    for heading in ("", *(f"{count} pictures" for count in PICTURES)):
        table.add_column(heading, justify="right" if heading else "left")
    for name in dict.fromkeys(name for name, _ in works):
        best = [min(turns[name, count]) for count in (*PICTURES, 0) if (name, count) in works]
        table.add_row(name, *(f"{milliseconds:.2f}" for milliseconds in best))
    Console().print(table)


if __name__ == "__main__":
    main()
