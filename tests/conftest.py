"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from atlas_builder import build_atlas
from chromium import browser  # noqa: F401, a fixture
from command_line import SMALL, precompute
from filelock import FileLock

from hvae.layers import HVAEConfig
from hvae.numerics import one_thread

SLOW = (
    "test_ray",
    "test_forgeries",
    "test_jobs",
    "test_evaluate",
    "test_resume",
    "test_precompute",
    "test_docs",
)
"""Files that take longest: begun first, so that at the end no process waits for another that has one left.
The second needs no `digits_atlas`: it is what there is to do while the first has one made."""


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
        # For what tests start as a process of its own; see small_networks_on_one_thread.
        patch.setenv("OMP_NUM_THREADS", "1")
        yield folder


@pytest.fixture(scope="session")
def digits_atlas(common_folder: Path) -> Path:
    """A 2×2 atlas of digits, made by the command line; one for all processes of the tests."""
    out, made = common_folder / "digits", common_folder / "digits.made"
    with FileLock(common_folder / "digits.lock"):
        if not made.exists():
            result = precompute("run", out, *SMALL)
            assert result.returncode == 0, result.stderr
            made.touch()
    return out


@pytest.fixture(scope="session", autouse=True)
def small_networks_on_one_thread() -> Iterator[None]:
    """On a busy machine, two torch threads spend most of their time waiting for each other."""
    with one_thread():
        yield
