"""From a folder of images to a page, by the very commands of the README."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from command_line import called
from documents import ROOT, commands, is_printed, section


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with `my-pictures`: 40 drawings of each of three shapes; grey, which is trained on sooner."""
    folder = tmp_path_factory.mktemp("reader")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "bench"))
        from bring_your_own import draw_pictures
    draw_pictures(folder / "my-pictures", 120, mode="L")
    return folder


def test_the_readmes_three_commands_lead_from_a_folder_of_images_to_a_page(
    place, quick_measuring, monkeypatch
):
    make, check, show = commands(
        section((ROOT / "README.md").read_text(encoding="utf-8"), "Your own pictures")
    )
    # A grid of one point and few epochs, since the README's take minutes; and on the CPU, as it shows them.
    quick = re.sub(r"--betas \S+", "--betas 1:1:1 --epochs 5 --device cpu", make.line)
    assert quick != make.line
    monkeypatch.chdir(place)
    for line, shown in ((quick, make.printed), (check.line, check.printed)):
        python, option, module, *words = shlex.split(line)
        assert (python, option, module) == ("python", "-m", "precompute")
        done = called(*words)
        assert done.returncode == 0, done.stderr
        assert is_printed(shown, done.stdout + done.stderr), done.stdout + done.stderr
    server = start(f"{show.line} --port 0 --no-browser", place)
    try:
        said = server.stdout.readline()
        assert is_printed(show.printed, said), said
        address = re.search(r"http://\S+/", said)[0]
        for path in ("healthz", "", "pictures/my-atlas/beta2-1_beta1-1/reconstructions.png?images=0,1"):
            with urllib.request.urlopen(address + path, timeout=60) as answer:
                assert answer.status == 200
        assert answer.headers["Content-Type"] == "image/png"
    finally:
        server.terminate()
        server.communicate(timeout=30)


def start(line: str, folder: Path) -> subprocess.Popen:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(arguments(line), cwd=folder, env=here(), **pipes)


def arguments(line: str) -> list[str]:
    program, *rest = shlex.split(line)
    assert program == "python"
    return [sys.executable, *rest]


def here() -> dict[str, str]:
    """An environment in which another folder finds this very code."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}
