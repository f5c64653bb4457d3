"""ES modules to one classic script, for pages that are opened where modules cannot be loaded: from a file.

Modules have the few forms that tests/assets/test_modules.py allows, so that a few patterns are enough:

- `import { a, b } from "./c.js";` and `import * as c from "./c.js";`, each at the beginning of a line;
- `export` before a `const`, `function` or `class`, whose name is never given another value;
- `import("./c.js")`, which runs a module later;
- `new URL("./file", import.meta.url)`, the address of a file beside it;
- `new Worker(address, { type: "module" })`, a worker, whose script is linked as well: of a page from a disk,
  no worker can be a module.

Each module becomes a function that runs once, when it is first needed, and returns what it exports.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from posixpath import normpath

IMPORT = re.compile(
    r'^import (?:\* as (?P<all>\w+)|(?P<some>\{[^}]*\})) from "(?P<file>[^"]+)";$', re.MULTILINE
)
EXPORT = re.compile(r"^export (?=(?:async )?(?:const|function\*?|class) (\w+))", re.MULTILINE)
LATER = re.compile(r'\bimport\("([^"]+)"\)')
ADDRESS = re.compile(r'\bnew URL\("([^"]+)", import\.meta\.url\)')
WORKER = re.compile(r'(\bnew Worker\([^(),]+), \{ type: "module" \}\)')
LEFT = re.compile(r"^\s*(?:import|export)\b.*|.*\bimport(?:\.meta|\().*", re.MULTILINE)

HEAD = """\
(() => {
"use strict";
const MODULES = {};
const made = new Map();
function need(name) {
  if (!made.has(name)) made.set(name, MODULES[name]());
  return made.get(name);
}
"""


def linked(assets: Path, first: str, addresses: Mapping[str, str] | None = None) -> str:
    """Return a classic script that does what the module `first` and all that it imports do.

    assets: the folder that modules lie in; `first` is a path below it. addresses: of files beside modules, by
    their path below `assets`: JavaScript that gives a file's address. Raises ValueError where a module has
    another form of import or export, or imports itself by way of others.
    """
    sources: dict[str, str] = {}
    graph: dict[str, list[str]] = {}
    waiting = [first]
    while waiting:
        name = waiting.pop()
        if name in sources:
            continue
        text = (assets / name).read_text(encoding="utf-8")
        sources[name], graph[name], later = _as_function(name, text, addresses or {})
        waiting += [*graph[name], *later]
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ValueError(f"Modules import one another in a circle: {error.args[1]}") from None
    # The order among equals depends on how they were found, which is the same every time.
    functions = [f"MODULES[{json.dumps(name)}] = () => {{\n{sources[name]}}};\n" for name in order]
    return f"{HEAD}{''.join(functions)}need({json.dumps(first)});\n}})();\n"


def _as_function(name: str, text: str, addresses: Mapping[str, str]) -> tuple[str, list[str], list[str]]:
    """A module as the body of a function; which modules it imports, and which it may import later."""
    folder = PurePosixPath(name).parent
    imported: list[str] = []
    later: list[str] = []

    def place(file: str) -> str:
        return normpath(folder / file)

    def take(found: re.Match[str]) -> str:
        imported.append(place(found["file"]))
        return f"const {found['all'] or found['some']} = need({json.dumps(imported[-1])});"

    def take_later(found: re.Match[str]) -> str:
        later.append(place(found[1]))
        return f"Promise.resolve().then(() => need({json.dumps(later[-1])}))"

    def address(found: re.Match[str]) -> str:
        if place(found[1]) not in addresses:
            raise ValueError(f"{name}: nobody has said where {found[1]} is")
        return addresses[place(found[1])]

    exported = EXPORT.findall(text)
    body = EXPORT.sub("", IMPORT.sub(take, text))
    body = WORKER.sub(r"\1)", ADDRESS.sub(address, LATER.sub(take_later, body)))
    if left := LEFT.search(_without_comments(body)):
        raise ValueError(f"{name}: this form cannot be linked: {left[0].strip()}")
    return f"{body}return {{ {', '.join(exported)} }};\n", imported, later


def _without_comments(text: str) -> str:
    return re.sub(r"(?m)//.*$", "", re.sub(r"(?s)/\*.*?\*/", "", text))
