"""The house: who may import whom, no circles, and no folder or file too large to take in at a glance."""

import ast
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from documents import ROOT

PACKAGES = ("hvae", "precompute", "app")
MAY_IMPORT = {"hvae": {"hvae"}, "precompute": {"precompute", "hvae"}, "app": {"app", "hvae"}}
MOST_FILES = 14
"""About a dozen, `__init__` and `__main__` beside them."""
MOST_LINES = 400
CODE = (*PACKAGES, "assets", "tests", "fuzz", "bench", "docs", "kernels")
LANGUAGES = ("*.py", "*.js", "*.c")


def files() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in files()}


def imports(path: Path, anywhere: bool) -> Iterator[str]:
    """The modules of this project that a file imports: when it is itself imported, or anywhere in it."""
    waiting = list(ast.parse(path.read_text()).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in inner)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not anywhere:
            continue
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not anywhere:
            continue
        waiting.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows_point_one_way(package):
    others = {
        f"{name_of(path)} imports {found}"
        for path in files()
        if name_of(path).split(".")[0] == package
        for found in imports(path, anywhere=True)
        if found.split(".")[0] in PACKAGES and found.split(".")[0] not in MAY_IMPORT[package]
    }
    assert not others


def test_no_module_imports_itself_in_a_circle():
    graph = {
        name: {found for found in imports(path, anywhere=False) if found in MODULES and found != name}
        for name, path in MODULES.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def code() -> list[Path]:
    """All files of code, in every language."""
    return [path for folder in CODE for language in LANGUAGES for path in (ROOT / folder).rglob(language)]


def test_no_folder_has_more_files_than_a_newcomer_takes_in():
    count = Counter(path.parent.relative_to(ROOT).as_posix() for path in code())
    assert {folder: files for folder, files in count.items() if files > MOST_FILES} == {}


def test_no_file_holds_two_ideas():
    lines = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in code()
    }
    assert len(lines) > 300
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}
