"""Every command can be read on every terminal, and runs wherever one stands."""

from __future__ import annotations

import importlib
import io
import os
import subprocess
import sys
import tomllib

import pytest
from documents import ROOT

from app.__main__ import run
from hvae.terminal import accept_all_text
from precompute.__main__ import main

ENCODINGS = ["cp1252", "ascii", "latin-1", "cp932", "cp437", "cp850", "koi8-r", "gb2312", "utf-8"]
"""What terminals are set to: of western Europe, of none, of Japan, of DOS, of Russia, of China."""

APP = [
    ["--help"],
    ["nowhere-β₂"],
    ["--port=70000"],
    ["--prot"],
    ["--host", "β₁.invalid"],
    ["--embed", "β₂ → ∞"],
]
PRECOMPUTE = [
    *([name, "--help"] for name in ("plan", "run", "evaluate", "status", "verify")),
    *([], ["--help"], ["status", "TINY"], ["verify", "TINY"], ["verify", "nowhere-β₂"], ["veryfy", "é"]),
    *(["plan", "--dataset", "digits", "--betas", "β₂"], ["run", "out", "--dataset", "folder:ящик"]),
]


def said(monkeypatch, function, arguments, encoding, name="program"):
    """What a command writes on a terminal of this encoding, both streams; it must be in the encoding."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding, errors="strict") for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", [name, *map(str, arguments)])
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        function()
    for stream in streams:
        stream.flush()
    return "".join(stream.buffer.getvalue().decode(encoding) for stream in streams)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_command_and_message_can_be_written(encoding, tiny_atlas, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for function, commands in ((run, APP), (main, PRECOMPUTE)):
        for command in commands:
            arguments = [tiny_atlas if one == "TINY" else one for one in command]
            text = said(monkeypatch, function, arguments, encoding)
            assert text.strip() and "Traceback" not in text, command
    with_betas = said(monkeypatch, main, ["--help"], encoding)
    assert "(β₂, β₁)" in with_betas or "(beta_2, beta_1)" in with_betas or "(β_2, β_1)" in with_betas


@pytest.mark.parametrize(
    ("text", "plain"),
    [("β₂ = 0.1 … 10", "beta_2 = 0.1 ... 10"), ("32 × 32", "32 x 32"), ("−ELBO ≤ 5 ± 1", "-ELBO <= 5 +- 1")]
    + [
        ("Bücher — “é”", 'Bucher - "e"'),
        ("\udcff.png", "?.png"),
        ("猫", "?"),
        ("\u202f%", " %"),
        ("abc", "abc"),
    ],
)
def test_what_an_encoding_lacks_is_spelt_out(text, plain, monkeypatch):
    assert said(monkeypatch, lambda: (accept_all_text(), print(text)), [], "ascii") == f"{plain}\n"


def scripts():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["scripts"]


def test_the_commands_are_there_and_call_themselves_by_their_names(monkeypatch):
    for name, place in scripts().items():
        module, function = place.split(":")
        command = getattr(importlib.import_module(module), function)
        help_text = said(monkeypatch, command, ["--help"], "utf-8", f"bin/{name}")
        assert f"Usage: {name}" in help_text


@pytest.fixture
def shadowed(tmp_path):
    """A folder of somebody's own with files of our packages' names."""
    for name in ("hvae", "precompute"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("print('somebody else')\n")
    (tmp_path / "app.py").write_text("print('somebody else')\n")
    return tmp_path


def started(command, folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("name", ["hvae-explorer", "hvae-precompute"])
def test_a_command_runs_in_a_folder_with_files_of_our_packages_names(shadowed, tmp_path_factory, name):
    module, function = scripts()[name].split(":")
    script = tmp_path_factory.mktemp("bin") / name  # as pip writes it
    script.write_text(f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n")
    told = started([sys.executable, script, "--help"], shadowed)
    assert told.returncode == 0 and f"Usage: {name}" in told.stdout, told.stderr
    assert "somebody else" not in told.stdout


@pytest.mark.parametrize("module", ["app", "precompute"])
def test_a_module_that_finds_another_package_in_the_place_of_ours_says_so(shadowed, module):
    (shadowed / "app.py").unlink()
    (shadowed / "precompute" / "__init__.py").unlink()
    told = started([sys.executable, "-m", module, "--help"], shadowed)
    assert told.returncode != 0 and told.stdout == ""
    (line,) = told.stderr.splitlines()
    assert str(shadowed / "hvae") in line and "or from another folder" in line
