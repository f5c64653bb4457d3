"""Modules that are linked do what they do as modules."""

import json
import shutil
import subprocess

import pytest

from app.export.linker import linked
from app.server.build import assets_folder

MODULES = {
    "first.js": """\
import * as shapes from "./deep/shapes.js";
import {
  log,
  SIDE,
} from "./deep/log.js";

const NET = new URL("./net.bin", import.meta.url);
log(`area ${new shapes.Square(SIDE).area()}`);
log(String(NET));
const later = import("./later.js");
later.then(({ greet }) => greet("later")).then(() => console.log(JSON.stringify(globalThis.said)));
log("first has run");
""",
    "deep/shapes.js": """\
/* import of nothing: a comment may say what it likes. */
import { log } from "./log.js";
log("shapes");
export class Square {
  constructor(side) { this.side = side; }
  area() { return this.side ** 2; }
}
""",
    "deep/log.js": """\
export const SIDE = 3;
globalThis.said = [];
export function log(text) {
  said.push(text);
}
log("log, once");
""",
    "later.js": """\
import { log } from "./deep/log.js";
log("later is here");
export async function greet(name) {
  log(`hello ${name}`);
}
""",
}


def write(folder, modules):
    for name, text in modules.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.skipif(not shutil.which("node"), reason="node")
def test_a_linked_script_does_what_its_modules_do(tmp_path):
    write(tmp_path, MODULES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    script = linked(tmp_path, "first.js", {"net.bin": '"THERE"'})
    (tmp_path / "linked.cjs").write_text(script, encoding="utf-8")
    by_modules, by_script = (
        json.loads(
            subprocess.run(["node", tmp_path / file], capture_output=True, check=True, timeout=60).stdout
        )
        for file in ("first.js", "linked.cjs")
    )
    assert by_modules[3].endswith("/net.bin") and by_script[3] == "THERE"
    assert by_script[:3] + by_script[4:] == by_modules[:3] + by_modules[4:]
    assert by_script.count("log, once") == 1


@pytest.mark.parametrize(
    "line",
    [
        'import something from "./deep/log.js";',
        'import { log as other } from "./deep/log.js"; // renamed',
        "export default 3;",
        "export { log };",
        "export let counted = 0;",
        "const here = import.meta.url;",
        "const chosen = import(`./${name}.js`);",
        'const lost = new URL("./lost.bin", import.meta.url);',
    ],
)
def test_what_cannot_be_linked_is_refused(tmp_path, line):
    write(tmp_path, MODULES | {"other.js": f"{line}\n"})
    with pytest.raises(ValueError, match=r"other\.js"):
        linked(tmp_path, "other.js")


def test_a_circle_is_refused(tmp_path):
    write(tmp_path, {"a.js": 'import { b } from "./b.js";\nexport const a = 1;\n'})
    write(tmp_path, {"b.js": 'import { a } from "./a.js";\nexport const b = 1;\n'})
    with pytest.raises(ValueError, match="circle"):
        linked(tmp_path, "a.js")


@pytest.mark.skipif(not shutil.which("node"), reason="node")
@pytest.mark.parametrize("first", ["bridge.js", "worker/worker.js", "export/main.js"])
def test_the_pages_own_programs_can_be_linked(tmp_path, first):
    addresses = {"worker/worker.js": "globalThis.there", "worker/net.wasm": '"there"'}
    script = linked(assets_folder(), first, addresses)
    (tmp_path / "linked.js").write_text(script, encoding="utf-8")
    subprocess.run(["node", "--check", tmp_path / "linked.js"], check=True, timeout=60)
    assert linked(assets_folder(), first, addresses) == script
