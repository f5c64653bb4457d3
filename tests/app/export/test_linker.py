"""What the linker refuses to link. What it links: tests/browser/exported/test_linked_scripts.py."""

import pytest

from app.export.linker import linked

LOG = "export const SIDE = 3;\nexport function log() {}\n"


def write(folder, modules):
    for name, text in modules.items():
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "line",
    [
        'import something from "./log.js";',
        'import { log as other } from "./log.js"; // renamed',
        "export default 3;",
        "export { log };",
        "export let counted = 0;",
        "const here = import.meta.url;",
        "const chosen = import(`./${name}.js`);",
        'const lost = new URL("./lost.bin", import.meta.url);',
    ],
)
def test_what_cannot_be_linked_is_refused(tmp_path, line):
    write(tmp_path, {"log.js": LOG, "other.js": f"{line}\n"})
    with pytest.raises(ValueError, match=r"other\.js"):
        linked(tmp_path, "other.js")


def test_a_circle_is_refused(tmp_path):
    write(tmp_path, {"a.js": 'import { b } from "./b.js";\nexport const a = 1;\n'})
    write(tmp_path, {"b.js": 'import { a } from "./a.js";\nexport const b = 1;\n'})
    with pytest.raises(ValueError, match="circle"):
        linked(tmp_path, "a.js")
