"""The documents are true: their code runs, their links work, their lists are complete."""

from __future__ import annotations

import argparse
import re
import shlex
from importlib import import_module
from urllib.parse import urlsplit

import pytest
from atlas_builder import add_parent, build_atlas
from documents import PAGES, ROOT, anchors, blocks, columns_in, commands, is_printed, name_of, prose
from plugins import linear_architecture, without_plugins

from app.pictures.openapi import description
from app.pictures.registry import kinds
from app.server.build import create_app
from hvae.atlas.atlas import CLASSIFIER, PARENT, Atlas, Manifest, table_columns
from hvae.atlas.metadata import read_metadata
from hvae.metrics.registry import columns_table

DOCS = ROOT / "docs"
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=name_of)
LINK = re.compile(r"\]\(([^()\s]+)\)")
PACKAGED = re.compile(r"`((?:hvae|app|precompute)(?:\.\w+)+)`")
PATH = re.compile(r"`((?:hvae|precompute|app|assets|bench|docs|tests)/[\w./-]*)`")


@pytest.fixture(scope="module")
def my_atlas(tmp_path_factory):
    """A folder with `my-atlas`, which has a parent, and with the file of an architecture of one's own."""
    folder = tmp_path_factory.mktemp("reader")
    add_parent(build_atlas(folder / "my-atlas"))
    (folder / "linear.py").write_text(linear_architecture(), encoding="utf-8")
    with without_plugins():
        yield folder


@pytest.fixture(scope="module")
def client(my_atlas):
    atlases = {"my-atlas": Atlas.open(my_atlas / "my-atlas"), "mnist": Atlas.default()}
    app = create_app(atlases)
    yield app.server.test_client()
    app.server.extensions["decoder"].close()


@EVERY_PAGE
def test_links_lead_to_what_is_there(page):
    for target in LINK.findall(prose(page.read_text(encoding="utf-8"))):
        address, _, anchor = target.partition("#")
        if urlsplit(address).scheme:
            continue
        there = (page.parent / address).resolve() if address else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text(encoding="utf-8")), target


@EVERY_PAGE
def test_what_is_named_is_there(page):
    text = page.read_text(encoding="utf-8")
    for name in PACKAGED.findall(text):
        assert found(name), name
    for path in PATH.findall(prose(text)):
        assert (ROOT / path).exists(), path


def found(name: str) -> bool:
    """Whether a dotted name leads from a module to something in it."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            there = import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            there = getattr(there, part, None)
        return there is not None
    return False


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page.read_text(encoding="utf-8"), "python")], ids=name_of
)
def test_python_runs(page, my_atlas, monkeypatch):
    """Blocks of one page share their names, as in a notebook that is run from top to bottom."""
    monkeypatch.chdir(my_atlas)
    names: dict[str, object] = {}
    for code in blocks(page.read_text(encoding="utf-8"), "python"):
        # A class's own annotations are looked up in its module, which this is.
        exec(compile(code, name_of(page), "exec"), names)


def test_every_example_with_curl_gives_what_is_shown(client):
    tags: dict[str, str] = {}
    asked = list(commands((DOCS / "endpoints.md").read_text(encoding="utf-8")))
    assert len(asked) > 8
    for command in asked:
        status, printed = curl(client, command.line, tags)
        assert is_printed(command.printed, printed), f"{command.line}\n{printed}"
        assert status < 400 or "error" in "".join(command.printed), f"{command.line}\n{printed}"


def curl(client, line: str, tags: dict[str, str]) -> tuple[int, str]:
    """What curl would print, and the status of the answer. tags: ETags by the files that keep them."""
    parser = argparse.ArgumentParser(prog="curl")
    parser.add_argument("-s", action="store_true")
    for option in ("-o", "-w", "--etag-save", "--etag-compare"):
        parser.add_argument(option)
    parser.add_argument("url")
    program, *arguments = shlex.split(line)
    assert program == "curl"
    said = parser.parse_args(arguments)
    where = urlsplit(said.url)
    assert where.netloc == "127.0.0.1:8050"
    known = {"If-None-Match": tags[said.etag_compare]} if said.etag_compare in tags else {}
    answer = client.get(f"{where.path}?{where.query}", headers=known)
    if said.etag_save:
        tags[said.etag_save] = answer.headers["ETag"]
    written = (said.w or "").replace("%{http_code}", str(answer.status_code)).replace("\\n", "\n")
    return answer.status_code, written if said.o else answer.text + written


def test_every_endpoint_is_listed_with_its_parameters_and_their_bounds(client):
    text = (DOCS / "endpoints.md").read_text(encoding="utf-8")
    for rule in client.application.url_map.iter_rules():
        if "<path:" in rule.rule or rule.rule.startswith(("/_", "/pages/")):
            continue  # Dash's own, and what answers that there is no such address
        assert f"`{rule.rule.replace('<', '{').replace('>', '}')}`" in text, rule.rule
    rows = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}
    common = "".join(line for line in text.splitlines() if line.startswith("- `"))
    for kind in kinds():
        for parameter in description()["paths"][kind.path]["get"]["parameters"]:
            if parameter["in"] == "query":
                wanted = in_bounds(parameter["name"], parameter["schema"])
                assert wanted in rows[kind.path] + common, (kind.path, wanted)


def in_bounds(name: str, schema: dict) -> str:
    """How the page writes a parameter down: with its bounds and, for a number, its default."""
    if "minimum" in schema:
        return f"`{name}` {schema['minimum']:g} to {schema['maximum']} ({schema['default']:g})"
    if schema["type"] == "array":
        return f"`{name}` {schema.get('minItems', 0)} to {schema['maxItems']}"
    if schema["type"] == "object":
        limits = schema["additionalProperties"]
        return f"−{-limits['minimum']:g} to {limits['maximum']:g}"
    return f"`{name}`"


@pytest.fixture(scope="module")
def atlas_format():
    """The names that the page sets in type, as a set."""
    return set(re.findall(r"`([^`\n]+)`", (DOCS / "atlas-format.md").read_text(encoding="utf-8")))


def test_every_field_of_atlas_json_is_explained(atlas_format, digits_atlas):
    assert set(Manifest.model_fields) <= atlas_format
    manifest = Atlas.open(digits_atlas).manifest
    for field in ("made_with", "recipe", "parent_recipe"):
        assert set(getattr(manifest, field)) <= atlas_format, field
    assert {name.removesuffix("_se") for name in manifest.ceiling} <= atlas_format


def test_every_column_of_metrics_is_explained(atlas_format):
    assert set(table_columns()) <= atlas_format
    page = (DOCS / "atlas-format.md").read_text(encoding="utf-8")
    assert columns_in(page) == list(columns_table()), "as hvae.metrics.registry.columns_table() has them"


def test_what_checkpoints_say_about_themselves_is_explained(atlas_format, digits_atlas):
    point = Atlas.open(digits_atlas).metrics["checkpoint"][0]
    for name in (point, PARENT, CLASSIFIER):
        metadata = read_metadata(digits_atlas / name)
        assert set(metadata) <= atlas_format, name
    assert set(metadata["classifier"]) <= atlas_format
    assert set(read_metadata(digits_atlas / point)["betas"]) <= atlas_format
