"""`--export`: atlases as a page that needs no Python, in a folder or in one file."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from app.atlases.catalogue import atlas_titles
from app.atlases.folds import beta_range
from app.export.figures import recorded_figures, recorded_key
from app.export.html import Page
from app.export.licences import licences
from app.export.linker import linked
from app.export.models import (
    ALL,
    ONLY_PARENT,
    checked_models,
    chosen_points,
    has_parent,
    runs_in_browsers,
)
from app.export.served_page import ServedPage
from app.export.writing import INDEX, refuse_what_is_there, write_file, write_folder
from app.page.explanations.records import explanations
from app.page.widgets.figure_row import BOARDS
from app.server.build import assets_folder, create_app
from app.server.requested_atlas import OF_FIGURES
from hvae.atlas.atlas import EXAMPLES, PARENT, Atlas
from hvae.atlas.examples import Examples
from hvae.errors import UserError

SUFFIXES = (".html", ".htm")
"""What the names of exports in one file end with; all others are folders."""
TITLE = "HVAE Explorer"
PUBLISH = {
    True: "Mail it, or open it from any disk: it needs no server and no network.",
    False: "Put the folder on any web server, or try it: python -m http.server -d {path}",
}


@dataclass(frozen=True)
class Options:
    """What `--export` is asked for.

    models: see `chosen_points`; empty for all in a folder, the parent in one file. title: of the page; empty
    for its usual one. start: the query of the address that it begins at. lecture: whether it begins in
    lecture mode. test_images: how many it holds at most; None for all.
    """

    models: str = ""
    title: str = ""
    start: str = ""
    lecture: bool = False
    test_images: int | None = None


@dataclass(frozen=True, eq=False, repr=False)
class FewerImages(Atlas):
    """An atlas of whose test images only the first are shown."""

    most: int = 0

    def examples(self) -> Examples:
        """Return the first test images. Raises UserError if they are damaged."""
        whole = super().examples()
        return Examples(whole.images[: self.most], whole.labels[: self.most])


def exported(atlases: Mapping[str, Atlas], path: Path, options: Options) -> Iterator[str]:
    """Write a page of atlases to `path`, one file where its name ends in .html, else a folder.

    Yields what there is to say about it, line by line. Raises UserError if that cannot be, and OSError if it
    cannot be written; nothing is left then.
    """
    one_file = path.suffix.lower() in SUFFIXES
    refuse_what_is_there(path, one_file)
    if options.models:
        checked_models(options.models)
    start = first_address(options)
    if options.test_images is not None:
        atlases = {name: _with_images(atlas, options.test_images) for name, atlas in atlases.items()}
    app = create_app(atlases)
    files: dict[str, bytes] = {}
    packed: dict[str, bytes] = {}
    pages = {name: ServedPage(app, name) for name in atlases}
    for name, atlas in atlases.items():
        yield f"{name}: recording the figures of {len(atlas.metrics)} models …"
        page = pages[name]
        held = chosen_points(atlas, options.models or _usual_models(atlas, one_file))
        kept = {file: page.file(name, file) for file in _files(atlas, held)}
        between = beta_range(atlas)
        page.layout.hold_models(held, between)
        page.layout.remove_what_needs_a_server()
        if options.title:
            page.layout.set_title(options.title)
        packed[name] = _packed(
            {
                "layout": page.layout.json,
                "dependencies": page.dependencies,
                "version": page.version,
                "figures": recorded_figures(atlas, app.server.extensions[BOARDS]),
                "key": recorded_key(atlas),
                "explanations": explanations(),
                "files": list(kept),
            }
        )
        for file, data in kept.items():
            if one_file:
                packed[f"{name}/{file}"] = _gzipped(data)
            else:
                files[f"atlases/{name}/{file}"] = data
        yield from _about(atlas, held)
    first = next(iter(pages.values()))
    packed["scripts"] = _packed(_scripts(first))
    datasets = [atlas.manifest.dataset for atlas in atlases.values()]
    notices = licences(datasets, [*OF_FIGURES, *first.script_addresses])
    whole = Page(
        title=options.title or TITLE,
        styles=first.styles,
        boot=linked(assets_folder(), "export/main.js"),
        config=first.config,
        description=first.description,
        contents={
            "atlases": list(atlases),
            "titles": atlas_titles(atlases),
            "start": start,
            "isOneFile": one_file,
        },
        packed=packed if one_file else {},
        licences=notices,
    )
    text = whole.text().encode()
    if one_file:
        write_file(path, text)
    else:
        files |= {f"page/{name}.bin": data for name, data in packed.items()}
        files |= {INDEX: text, ".nojekyll": b"", "LICENCES.txt": notices.encode()}
        write_folder(path, files)
    size = len(text) if one_file else sum(map(len, files.values()))
    yield f"{path}: {_size(size)}{'' if one_file else f' in {len(files)} files'}."
    yield PUBLISH[one_file].format(path=path)


def first_address(options: Options) -> str:
    """Return the query that the page begins at: `?view=model&lecture=1`, or nothing. Raises UserError."""
    said = options.start.strip()
    if said and not said.startswith("?"):
        raise UserError(f"--start {said!r}: write what follows the page's address, as in '?view=model'.")
    pairs = parse_qsl(said.removeprefix("?"), keep_blank_values=True)
    if said.removeprefix("?") and not pairs:
        raise UserError(f"--start {said!r}: write what follows the page's address, as in '?view=model'.")
    if options.lecture and "lecture" not in dict(pairs):
        pairs.append(("lecture", "1"))
    return f"?{urlencode(pairs)}" if pairs else ""


def _with_images(atlas: Atlas, most: int) -> Atlas:
    if most < 1:
        raise UserError(f"--test-images {most}: write 1 or more.")
    return FewerImages(atlas.path, atlas.manifest, atlas.metrics, most)


def _usual_models(atlas: Atlas, one_file: bool) -> str:
    return ONLY_PARENT if one_file and has_parent(atlas) else ALL


def _files(atlas: Atlas, held: list[str]) -> list[str]:
    """The files of an atlas that an export holds, as the server's addresses name them."""
    files = ["metrics.csv", *(f"{point}.safetensors" for point in held)]
    if EXAMPLES in atlas.manifest.files:
        files.append("examples.bin")
    return [*files, *([PARENT] if has_parent(atlas) else [])]


def _scripts(page: ServedPage) -> dict[str, Any]:
    """All scripts: those of the page in their order, and the models' worker."""
    assets = assets_folder()
    net = base64.b64encode((assets / "worker" / "net.wasm").read_bytes()).decode()
    worker = linked(assets, "worker/worker.js", {"worker/net.wasm": f'"data:application/wasm;base64,{net}"'})
    ours = linked(assets, "bridge.js", {"worker/worker.js": "globalThis.hvaeExport.worker"})
    return {"page": page.scripts(ours), "figures": page.figure_scripts, "worker": worker}


DIGITS = 10
"""Significant digits of numbers in an export: more than any of them supports. Further ones are noise, which
does not get shorter by packing: a fifth of what describes an atlas."""


def _packed(value: Any) -> bytes:
    # In their own order: that of a layout's fields is the order in which a visitor reads about them.
    text = json.dumps(_rounded(value), ensure_ascii=False, separators=(",", ":"))
    return _gzipped(text.encode())


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value


def _gzipped(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)


def _about(atlas: Atlas, held: list[str]) -> Iterator[str]:
    """What an export holds of an atlas, and what it leaves out."""
    count = len(atlas.metrics)
    parent = ", the parent" if has_parent(atlas) else ""
    images = len(atlas.examples().images) if EXAMPLES in atlas.manifest.files else 0
    yield f"  {len(held)} of {count} models{parent}, {images} test images, metrics, all figures."
    if len(held) < count:
        what = "the parent stands in for them" if parent else "they have numbers, and no pictures"
        yield f"  Left out: the files of {count - len(held)} models; {what}."
    architecture = atlas.config.architecture
    if not runs_in_browsers(architecture):
        yield f"  Left out: pictures, because browsers do not run models of the architecture {architecture}."
    yield "  Left out: training, which needs Python."


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{count / 2**10:.0f} KiB"
