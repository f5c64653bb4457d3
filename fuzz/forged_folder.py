"""The folder of a forged atlas: files, manifest, checksums; and unexpected values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hvae.files import sha256

NASTY: list[Any] = [
    *(None, True, False, 0, -1, 1, 2, 10**12, 2**63, -(2**63), 10**400, 0.5, -0.0, 1e-320, 1e308, -1e308),
    *("", "x" * 10**5, "../../etc/passwd", "/etc/passwd", "models/../atlas.json", "a\nb", "\x1b[2J", "\x00"),
    *("\ud800", "😀" * 50, "NaN", "__import__('os')", "cos\nsystem\n(S'id'\ntR.", "%s%n{}", "1e999"),
    *(
        [],
        {},
        [[]],
        [None],
        {"": ""},
        {"a\nb": 1},
        {"__class__": "x"},
        [0] * 10**4,
        {str(n): n for n in range(3000)},
    ),
    *(float("nan"), float("inf"), float("-inf"), ["a"] * 10**4, [1e308, 1e-308], [[0.1]], [[[[[[]]]]]]),
]
ENDINGS = ("", "\x00", ".", "\n", "/..", "\u202e", " ", "x" * 300)


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "atlas.json")


def content_of(folder: Path) -> dict:
    return json.loads((folder / "atlas.json").read_text())


def rewrite(folder: Path, content: Any) -> None:
    (folder / "atlas.json").write_text(json.dumps(content), encoding="utf-8", errors="surrogatepass")


def sign(folder: Path) -> None:
    """Write the present checksums of the files to atlas.json."""
    content = content_of(folder)
    for name in content["files"]:
        path = folder / name
        if path.is_file() and not path.is_symlink():
            content["files"][name] = sha256(path)
    rewrite(folder, content)
