"""Architectures from a user's own file: what can be wrong with it, and who gets to know it."""

import os
import sys
from subprocess import run

import pytest
from plugins import linear_architecture, without_plugins

from hvae import HVAE, HVAEConfig, UserError, load_plugin
from hvae.architectures.registry import registered


@pytest.fixture(autouse=True)
def forgotten():
    with without_plugins():
        yield


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "There is no file"),
        ("def broken(:", "cannot be run (SyntaxError"),
        ("import nothing_of_that_name", "cannot be run (ModuleNotFoundError"),
        ("1 / 0", "cannot be run (ZeroDivisionError"),
        ("x = 1", "registers nothing"),
        ("ARCHITECTURES = ()", "registers nothing"),
        ("ARCHITECTURES = [1]", "registers nothing"),
        ("ARCHITECTURES = ('residual',)", "registers nothing"),
        (linear_architecture().replace('"linear"', '"residual"'), "is registered already"),
        (linear_architecture().replace('"linear"', '"../x"'), "is not a name"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(tmp_path, content, reason):
    file = tmp_path / "mine.py"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as refusal:
        load_plugin(file)
    assert reason in str(refusal.value) and str(file) in str(refusal.value)
    assert "HVAE_PLUGIN" not in os.environ


def test_processes_that_are_started_afterwards_know_it_too(tmp_path):
    assert registered("linear") is None
    file = tmp_path / "linear.py"
    file.write_text(linear_architecture(), encoding="utf-8")
    load_plugin(file)
    load_plugin(file)  # as often as one likes
    model = HVAE(HVAEConfig(architecture="linear", width=8, top_dim=4))
    assert [tuple(z.shape) for z in model.noise(2)] == [(2, 4, 8, 8), (2, 4)]
    program = "from hvae.config import HVAEConfig; print(HVAEConfig(architecture='linear').latent_shapes)"
    said = run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert said.stdout == "[(4, 8, 8), (32,)]\n"


def test_an_architecture_that_is_nowhere_says_how_to_give_it():
    with pytest.raises(UserError, match="--plugin FILE.py"):
        HVAE(HVAEConfig(architecture="nowhere"))
