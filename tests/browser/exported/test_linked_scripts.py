"""Modules that are linked to one script do what they do as modules."""

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
globalThis.done = later.then(({ greet }) => greet("later")).then(() => globalThis.said);
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


SITE = "http://modules.test/"


@pytest.fixture
def window(browser):
    page = browser.new_page()
    yield page
    page.close()


def test_a_linked_script_does_what_its_modules_do(window, tmp_path):
    for name, text in MODULES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    def answer(route):
        name = route.request.url.removeprefix(SITE)
        kind = "text/javascript" if name in MODULES else "text/html"
        route.fulfill(body=MODULES.get(name, "<!DOCTYPE html>"), content_type=kind)

    window.route("**", answer)
    window.goto(SITE)
    by_modules = window.evaluate("async () => { await import('/first.js'); return globalThis.done; }")
    window.goto(SITE)
    script = linked(tmp_path, "first.js", {"net.bin": '"THERE"'})
    window.evaluate(script)
    by_script = window.evaluate("() => globalThis.done")
    assert by_modules[3] == f"{SITE}net.bin" and by_script[3] == "THERE"
    assert by_script[:3] + by_script[4:] == by_modules[:3] + by_modules[4:]
    assert by_script.count("log, once") == 1


@pytest.mark.parametrize("first", ["bridge.js", "worker/worker.js", "export/main.js"])
def test_the_pages_own_programs_can_be_linked(window, first):
    addresses = {"worker/worker.js": "globalThis.there", "worker/net.wasm": '"there"'}
    script = linked(assets_folder(), first, addresses)
    window.evaluate("(script) => { new Function(script); }", script)
    assert linked(assets_folder(), first, addresses) == script
