"""All figures of an atlas over HTTP, recorded elsewhere, once."""

import gzip
import json
import os
from threading import Thread

import pytest

from app.server import recorded_figures
from app.server.build import create_app
from app.server.recorded_figures import FigureRecorder
from hvae.atlas.atlas import Atlas


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Atlases whose figures were drawn; what is recorded of each is its number of points."""
    monkeypatch.setenv("HVAE_CACHE_DIR", str(tmp_path / "cache"))  # no page may find these
    drawn = []

    def figures(atlas):
        drawn.append(atlas.name)
        return {"points": len(atlas.metrics), "β": "₂"}

    monkeypatch.setattr(recorded_figures, "_figures", figures)
    return drawn


class Later:
    """Records when it is asked to."""

    def __init__(self):
        self.waiting = []

    def __call__(self, folder, version, sender):
        # The recorder closes its own end of the pipe: this is the other process's.
        self.waiting.append((folder, version, type(sender)(os.dup(sender.fileno()))))

    def run(self):
        thread = Thread(target=recorded_figures.record_into, args=self.waiting.pop(0))
        thread.start()
        thread.join()


def client(later, **atlases):
    app = create_app(
        {name: Atlas.open(folder) for name, folder in atlases.items()}, recorder=FigureRecorder(later)
    )
    asked = app.server.test_client()
    return lambda name: asked.get(
        f"/pages/{name}/figures.json?version={asked.get(f'/pages/{name}/version').json['version']}",
        headers={"Accept-Encoding": "gzip"},
    )


def test_an_atlas_is_recorded_once_and_then_answered(own_atlas, drawn):
    later = Later()
    get = client(later, own=own_atlas)
    assert [get("own").status_code for _ in range(3)] == [202] * 3 and len(later.waiting) == 1
    later.run()
    answer = get("own")
    assert answer.status_code == 200 and json.loads(gzip.decompress(answer.data)) == {"points": 9, "β": "₂"}
    assert get("own").headers["ETag"] == answer.headers["ETag"]
    again = client(later, own=own_atlas)
    assert again("own").status_code == 202
    later.run()
    assert again("own").data == answer.data and drawn == ["own"], "another server finds it in the cache"


def test_atlases_are_recorded_one_after_the_other(tiny_atlas, own_atlas, drawn):
    later = Later()
    get = client(later, tiny=tiny_atlas, own=own_atlas)
    assert [get(name).status_code for name in ("tiny", "own")] == [202, 202] and len(later.waiting) == 1
    later.run()
    assert [get(name).status_code for name in ("own", "tiny")] == [202, 200]
    later.run()
    assert get("own").status_code == 200


def test_what_cannot_be_recorded_is_not_there(tiny_atlas, drawn):
    later = Later()
    get = client(later, tiny=tiny_atlas)
    get("tiny")
    later.waiting.pop()[2].close()  # the other process has ended
    assert [get("tiny").status_code for _ in range(2)] == [204] * 2 and not later.waiting


def test_of_another_version_and_without_a_recorder_there_is_nothing(tiny_atlas):
    apps = [create_app({"tiny": Atlas.open(tiny_atlas)}, recorder=one) for one in (FigureRecorder(), None)]
    with_one, without = (app.server.test_client() for app in apps)
    version = without.get("/pages/tiny/version").json["version"]
    assert without.get(f"/pages/tiny/figures.json?version={version}").status_code == 204
    assert with_one.get("/pages/tiny/figures.json?version=0").status_code == 204
    assert with_one.get("/pages/other/figures.json").status_code == 404
