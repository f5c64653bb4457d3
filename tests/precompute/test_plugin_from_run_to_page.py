"""The architecture of docs/extending.md from command to page, and the page without it."""

import pytest
from plugins import linear_architecture, without_plugins
from small_runs import PLAN, run_small, small_data

from app.server.build import create_app
from hvae import Atlas, HVAEConfig, load_plugin
from hvae.architectures.registry import REGISTRY
from hvae.atlas.verify import problems
from precompute.__main__ import main

POINT = "/pictures/mine/beta2-1_beta1-0.1"
FOLD = "/pictures/mine/fold_b2-0.5_b1-0.5"


@pytest.fixture(autouse=True)
def linear(tmp_path):
    with without_plugins():
        (tmp_path / "linear.py").write_text(linear_architecture(), encoding="utf-8")
        yield tmp_path / "linear.py"


def test_the_options_know_it(linear, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["precompute", "run", "--model", "help", "--plugin", str(linear)])
    assert main() == 0
    assert "linear: linear maps and one ReLU each." in " ".join(capsys.readouterr().out.split())
    monkeypatch.setattr("sys.argv", ["precompute", "run", "out", "--plugin", str(linear.with_name("no.py"))])
    assert main() == 2
    assert "There is no file" in capsys.readouterr().err


def test_it_is_trained_in_several_processes_and_shown_with_and_without_it(linear, tmp_path):
    load_plugin(linear)
    config = HVAEConfig(architecture="linear", width=8, top_dim=4, channels=2)
    run_small(tmp_path / "mine", small_data(), PLAN, jobs=2, config=config)
    assert problems(tmp_path / "mine") == []
    with_it = pictures_of(tmp_path / "mine")
    assert [answer.status_code for answer in with_it] == [200, 200, 200]

    REGISTRY.unregister("linear")
    with without_plugins():  # as in a process that was not told of the file
        (problem,) = problems(tmp_path / "mine")
        assert "--plugin FILE.py" in problem
        page, *pictures = pictures_of(tmp_path / "mine")
    assert page.status_code == 200 and "beta2-1_beta1-0.1" in page.text
    for picture in pictures:
        assert picture.status_code == 409
        assert "architecture linear" in picture.get_json()["error"]
        assert "--plugin FILE.py" in picture.get_json()["error"]


def pictures_of(folder):
    """What the server answers for the page, and for samples of a dot and of a fold."""
    app = create_app({"mine": Atlas.open(folder)})
    client = app.server.test_client()
    answers = [
        client.get(address) for address in ("/_dash-layout", f"{POINT}/samples.png", f"{FOLD}/samples.png")
    ]
    app.server.extensions["decoder"].close()
    return answers
