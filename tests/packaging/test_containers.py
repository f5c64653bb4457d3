"""Dockerfile and compose.yaml name what is there. To build an image takes an engine and a registry."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import urllib.request

import pytest
from documents import ROOT
from services import needs_serve

from app.server import environment

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")


@pytest.fixture(scope="module")
def instructions():
    """The instructions of the Dockerfile, in order: (name, the rest)."""
    lines = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()
    return [tuple(line.split(" ", 1)) for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]


def said(instructions, name):
    return [rest for instruction, rest in instructions if instruction == name]


def test_everything_that_is_installed_is_copied_and_nothing_is_ignored_that_is_copied(instructions):
    copied = {source for rest in said(instructions, "COPY") for source in rest.split()[:-1]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"], "pyproject.toml"} <= copied
    assert {project["project"]["readme"], *project["project"]["license-files"]} <= copied
    assert all((ROOT / source).exists() for source in copied)
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{source}" for source in copied} <= set(kept)
    extra = re.search(r'pip install .*"\.\[(\w+)\]"', "\n".join(said(instructions, "RUN")))[1]
    assert extra in project["project"]["optional-dependencies"]


def test_it_does_not_run_as_root(instructions):
    names = [name for name, _ in instructions]
    user = said(instructions, "USER")[-1]
    assert user != "root" and names.index("USER") < names.index("CMD")
    assert f"useradd --create-home {user}" in "\n".join(said(instructions, "RUN"))


def test_no_registry_is_named(instructions, services):
    images = [*said(instructions, "FROM"), *(service["image"] for service in services.values())]
    assert all("." not in image.split(":")[0] and "/" not in image for image in images)
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8") + (ROOT / "compose.yaml").read_text(
        encoding="utf-8"
    )
    assert set(re.findall(r"https?://[^/'\"]+", text)) == {"http://127.0.0.1:8050"}


def test_what_the_health_check_asks_is_where_the_page_is(instructions, monkeypatch):
    command = json.loads(said(instructions, "HEALTHCHECK")[0].split("CMD ")[1])
    asked = []
    monkeypatch.setattr(urllib.request, "urlopen", lambda address, timeout: asked.append(address))
    exec(command[-1])
    page = json.loads(said(instructions, "CMD")[-1])
    assert asked == [f"http://127.0.0.1:{page[page.index('--bind') + 1].rpartition(':')[2]}/healthz"]


@needs_serve
def test_the_commands_are_there_with_their_options(instructions, services):
    page = json.loads(said(instructions, "CMD")[-1])
    assert importlib.util.find_spec(page[1].split(":")[0])
    checked = subprocess.run(
        [sys.executable, "-m", *page, "--print-config"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert checked.returncode == 0, checked.stderr
    for name, value in zip(page[2::2], page[3::2], strict=True):
        setting = name[2:].replace("-", "_")
        assert value in re.search(rf"^{setting} .*$", checked.stdout, re.MULTILINE)[0]
    worker = services["worker"]["command"]
    assert worker[0] == "celery" and worker[-1] == "worker"
    assert importlib.util.find_spec(worker[worker.index("-A") + 1])


def test_page_and_worker_are_told_the_same_by_variables_that_there_are(instructions, services):
    for name in ("page", "worker"):
        assert {*services[name]["environment"]} <= {*environment.VARIABLES}
        assert services[name]["volumes"] == services["page"]["volumes"]
        assert services[name]["environment"] == services["page"]["environment"]
    assert environment.flag(services["page"]["environment"], "HVAE_APP_ALLOW_TRAINING")
    folders = dict(part.split("=") for part in shlex.split(said(instructions, "ENV")[0]))
    mounted = {volume.split(":")[1] for volume in services["page"]["volumes"]}
    assert mounted == {folders["HVAE_DATA_DIR"], folders[environment.DATA_DIR]}


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="there is no redis-server here")
def test_redis_knows_its_options(services):
    """Asked for a port that cannot be, it ends with what it could not make sense of: the port alone."""
    command = services["redis"]["command"]
    told = subprocess.run([*command, "--port", "-1"], capture_output=True, text=True, timeout=60)
    assert told.returncode != 0
    assert "port" in told.stdout + told.stderr and "save" not in told.stdout + told.stderr
