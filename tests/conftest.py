"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from atlas_builder import build_atlas
from chromium import browser  # noqa: F401, a fixture
from command_line import GRID, SMALL, Finished, called
from filelock import FileLock
from hypothesis import settings
from PIL import Image
from small_runs import measure_quickly, shrink_models

from hvae.config import HVAEConfig
from hvae.datasets import load
from hvae.numerics import one_thread

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault
settings.load_profile("untimed")

SLOW = (
    "test_ray",
    "test_crashes",
    "test_unusual_atlases",
    "test_evaluate",
    "test_models_in_the_page",
    "test_jobs",
    "test_training_in_the_page",
    "test_exported_pages",
    "test_landscapes_view",
    "test_precompute",
    "test_forgeries",
    "test_playing_with_a_model",
    "test_resume",
    "test_parent_view",
    "test_model_view",
    "test_own_view",
    "test_own_pictures",
    "test_on_a_gpu",
    "test_page",
    "test_the_address_bar",
    "test_switching_atlases",
    "test_recorded_figures",
    "test_bring_your_own",
    "test_lecture",
    "test_impossible",
    "test_ways_to_serve",
    "test_docs",
)
"""Files that take longest: begun first, so that at the end no process waits for another that has one left.

Of those that share an atlas, one stands first, so that no process waits while another makes it.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of slow files first."""
    place = {name: number for number, name in enumerate(SLOW)}
    items.sort(key=lambda item: place.get(item.path.stem, len(SLOW)))


@pytest.fixture(scope="session")
def tiny_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a 3×3 atlas of tiny random-weight HVAEs; not to be changed."""
    return build_atlas(tmp_path_factory.mktemp("atlases") / "tiny")


@pytest.fixture(scope="session")
def colour_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a 2×2 atlas of colour pictures, whose names of points `tiny_atlas` has too."""
    config = HVAEConfig(image_shape=(3, 32, 32), top_dim=8, channels=2, width=8)
    return build_atlas(tmp_path_factory.mktemp("atlases") / "colour", (1.0, 10.0), config)


@pytest.fixture
def own_atlas(tmp_path: Path) -> Path:
    """The same atlas in a folder that the test may damage."""
    return build_atlas(tmp_path / "own")


@pytest.fixture(scope="session")
def common_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run of the tests share."""
    place = tmp_path_factory.getbasetemp()
    return place.parent if "PYTEST_XDIST_WORKER" in os.environ else place


@pytest.fixture(scope="session", autouse=True)
def own_cache(common_folder: Path) -> Iterator[Path]:
    """Measured numbers are cached where no other run of the tests, and no user's cache, can be seen."""
    folder = common_folder / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HVAE_CACHE_DIR", str(folder))
        # For what tests start as a process of its own; see one_thread_each.
        patch.setenv("OMP_NUM_THREADS", "1")
        yield folder


@contextmanager
def made_once(out: Path) -> Iterator[bool]:
    """Whether this process is the one to make the folder `out`; the others wait until it has."""
    made = out.with_suffix(".made")
    with FileLock(out.with_suffix(".lock")):
        yield not made.exists()
        made.touch()


@pytest.fixture(scope="session")
def digits_atlas(common_folder: Path, one_thread_each: None) -> Path:
    """A 2×2 atlas of digits with every metric, of `small_models`; one for all processes of the tests."""
    out = common_folder / "digits"
    with made_once(out) as missing, pytest.MonkeyPatch.context() as patch:
        if missing:
            shrink_models(patch)
            result = called("run", out, *SMALL)
            assert result.returncode == 0, result.stderr
    return out


@pytest.fixture
def small_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command line trains in this process is as small as the models of `digits_atlas`."""
    shrink_models(monkeypatch)


@pytest.fixture
def quick_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judges in this process are small and learn for some steps only; few samples and draws are measured."""
    measure_quickly(monkeypatch)


@pytest.fixture(scope="session")
def unlabelled(common_folder: Path, one_thread_each: None) -> Finished:
    """A 2×2 atlas of 200 digits without labels, for runs as processes of their own.

    Without labels there is no classifier to train, and little to measure. One for all processes of the tests.
    """
    pictures, out = common_folder / "pictures", common_folder / "unlabelled"
    options = [*GRID, "--dataset", f"folder:{pictures}", "--epochs", "12", "--refine-epochs", "8"]
    with made_once(out) as missing:
        if missing:
            pictures.mkdir()
            for number, image in enumerate(load("digits", "train").images[:200, 0].numpy()):
                Image.fromarray(image).save(pictures / f"{number}.png")
            result = called("run", out, *options)
            assert result.returncode == 0, result.stderr
    return Finished(out, options)


@pytest.fixture(scope="session", autouse=True)
def one_thread_each() -> Iterator[None]:
    """On a busy machine, two torch threads spend most of their time waiting for each other."""
    with one_thread():
        yield
