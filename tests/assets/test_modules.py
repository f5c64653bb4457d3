"""The browser's modules: what each imports is there, nothing goes in circles, and nothing is global."""

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from posixpath import normpath

import pytest

import app
import hvae
from app.server.build import assets_folder, create_app
from hvae.atlas.atlas import Atlas

ASSETS = assets_folder()
FLOORS = ["server", "core", "controls", "figures", "views"]
"""A module imports from its own floor and from those before it; what lies beside the floors, from all."""

IMPORT = re.compile(r'^import (?:\* as \w+|\{([^}]*)\}) from "([^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:const|function|class) (\w+)", re.MULTILINE)

FIRST = {"page": "page/main.js", "worker": "worker/worker.js", "export": "export/main.js"}
"""The module of each program from which all others are reached."""
SHARED = {"export": ("page/figures/recorded/*.js", "page/core/oklab.js")}
"""Another program's modules that a program uses, too."""
DRAWN = {"page/core/pictures.js": {"drawn"}}
"""Exported for who measures: the pictures drawn last."""


def sources(assets: Path, program: str) -> dict[str, str]:
    """A program's modules by their address below the folder of assets."""
    return {
        path.relative_to(assets).as_posix(): path.read_text(encoding="utf-8")
        for pattern in (f"{program}/**/*.js", *SHARED.get(program, ()))
        for path in assets.glob(pattern)
    }


def imports(name: str, source: str) -> list[tuple[str, list[str]]]:
    """The modules that a module imports, each with the names that it takes from it."""
    folder = PurePosixPath(name).parent
    return [
        (normpath(folder / address), [one.strip() for one in (names or "").split(",") if one.strip()])
        for names, address in IMPORT.findall(source)
    ]


def graph(modules: dict[str, str]) -> dict[str, set[str]]:
    return {name: {other for other, _ in imports(name, source)} for name, source in modules.items()}


@pytest.fixture(scope="module")
def modules():
    return sources(ASSETS, "page")


each_program = pytest.mark.parametrize("program", FIRST)


@each_program
def test_no_module_imports_itself_by_way_of_others(program):
    TopologicalSorter(graph(sources(ASSETS, program))).prepare()


def test_a_circle_would_be_found():
    circle = {"a/b.js": 'import { c } from "./c.js";\n', "a/c.js": 'import * as b from "../a/b.js";\n'}
    with pytest.raises(CycleError):
        TopologicalSorter(graph(circle)).prepare()


@each_program
def test_every_imported_name_is_exported_and_every_export_is_imported(program):
    modules = sources(ASSETS, program)
    exported = {name: set(EXPORT.findall(source)) for name, source in modules.items()}
    taken = {name: set() for name in modules}
    for name, source in modules.items():
        assert source.count("\nimport ") == len(IMPORT.findall(source)), f"{name}: an import in another form"
        for other, names in imports(name, source):
            assert set(names) <= exported[other], (name, other)
            alias = re.search(rf'import \* as (\w+) from "[^"]*{re.escape(Path(other).name)}"', source)
            used = re.findall(rf"\b{alias[1]}\.(\w+)", source) if alias and not names else names
            taken[other] |= set(used) | ({"start"} if name == "page/main.js" else set())
    dead = {name: exported[name] - taken[name] for name in modules if name != "page/main.js"}
    expected = {name: names for name, names in DRAWN.items() if name in modules}
    assert {name: names for name, names in dead.items() if names} == expected


@each_program
def test_every_module_is_reached_from_the_first(program):
    modules = sources(ASSETS, program)
    edges, reached, ahead = graph(modules), set(), [FIRST[program]]
    while ahead:
        name = ahead.pop()
        reached.add(name)
        ahead += edges[name] - reached
    assert reached == set(modules)


def test_imports_lead_down_the_floors(modules):
    def floor(name: str) -> int:
        folder = name.split("/")[1]
        return FLOORS.index(folder) if folder in FLOORS else len(FLOORS)

    upward = [(name, other) for name, others in graph(modules).items() for other in others]
    assert [(name, other) for name, other in upward if floor(other) > floor(name)] == []


def test_the_only_name_that_the_modules_share_with_the_window_is_the_handle_for_tests(modules):
    said = {name: re.findall(r"\bwindow\.(\w+)\s*=[^=]", source) for name, source in modules.items()}
    assert {name: names for name, names in said.items() if names} == {"page/main.js": ["hvae"]}
    assert [name for name, source in modules.items() if "window.hvae" in source] == ["page/main.js"]
    assert not any("globalThis" in source for source in modules.values())


@pytest.mark.parametrize("pattern", ["fold_b2", r"\bSAMPLES = 32", '"sizes", "colour"'])
def test_what_python_and_the_browser_must_agree_on_is_written_once(modules, pattern):
    """The name of a fold, the number of samples on the page, the fields that figures depend on."""
    packages = (Path(package.__file__).parent for package in (app, hvae))
    python = [file.read_text(encoding="utf-8") for package in packages for file in package.rglob("*.py")]
    assert sum(len(re.findall(pattern, text)) for text in [*python, *modules.values()]) == 1


@each_program
def test_no_folder_has_more_than_a_dozen_modules(program):
    folders = [PurePosixPath(name).parent for name in sources(ASSETS, program)]
    assert max(map(folders.count, folders)) <= 12


def test_dash_loads_no_module_and_the_page_announces_all(modules, tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    client = create_app({"tiny": atlas, "other": atlas}).server.test_client()
    for address in ("/", "/?atlas=other"):
        html = client.get(address).get_data(as_text=True)
        scripts = re.findall(r'<script src="(/assets/[^"]*)"', html)
        assert [script.split("?")[0] for script in scripts] == ["/assets/bridge.js"]
        announced = re.findall(r'<link rel="modulepreload" href="([^"]*)">', html)
        assert sorted(announced) == sorted(f"/assets/{name}" for name in modules)
    for address in announced:
        answer = client.get(address)
        assert answer.status_code == 200 and answer.mimetype == "text/javascript"
        assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
