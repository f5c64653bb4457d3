"""Stopped at any moment, a run or a training in the page leaves nothing half written that passes for sound.

What is on the disk before a call that changes a name there is what a kill at that moment leaves. So every
such moment of a run is kept, and the run is made again from each; and the same for moments of that run.
"""

import contextlib
import errno
import hashlib
import itertools
import json
import os
import re
import shutil
import stat
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pandas as pd
import pytest
import torch
from atlas_builder import TINY, add_parent, build_atlas, flip_one_byte
from command_line import called
from small_runs import PLAN, few, small_data

from app.atlases.user_copy import add_point, existing_copy, extending
from hvae import Atlas
from hvae.atlas.atlas import MANIFEST, METRICS, PARENT
from hvae.atlas.point import Point
from hvae.atlas.verify import problems
from hvae.config import HVAEConfig
from hvae.metrics.classifier import Classifier, ClassifierConfig
from hvae.metrics.metric import Measurement, Metric
from hvae.model import HVAE
from hvae.training.finish import finished
from hvae.training.fleet import State

CONFIG = HVAEConfig(width=2, top_dim=2, channels=1)
CHANGES = ("mkdir", "rename", "replace", "rmdir", "unlink")
COSTS = ("parent_seconds", "training_seconds", "metrics_seconds", "device_hours")


def trained_in_no_time(job, state, images, seconds, on_step=None):
    """Half of a job at once, instead of `precompute.engines.training_job.advance`: what comes out
    depends on each model's name and on all of its state."""
    steps = job.recipe.steps(len(images))
    step = min(steps, state.step + steps // 2)
    weights = state.weights.clone()
    for row, name in enumerate(job.names):
        reached = torch.cat([matrix[row] for matrix in state[1:]]).numpy().tobytes()
        generator = torch.Generator().manual_seed(zlib.crc32(reached, zlib.crc32(f"{name} {step}".encode())))
        weights[row] += 0.01 * torch.randn(weights.shape[1], generator=generator)
    return State(step, weights, state.mean + step, state.square + weights.square())


def measured_in_no_time(model, data):
    top = model.encode(data.test.batch(torch.arange(4)))[1].mean
    return {"mi_z2": float(top.double().square().mean()), "mi_z2_se": 0.0}


def judge(images, *, seed, **_):
    torch.manual_seed(seed)
    return Classifier(ClassifierConfig(1, 10, 2)).half().float().eval()


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Make or carry on an atlas by the command line, without the time that training and measuring take."""
    data = small_data()
    splits = {"train": few(data.train, 64), "test": few(data.test, 8)}
    no_time = SimpleNamespace(monotonic=lambda: 0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("precompute.run.datasets.load", lambda name, split, *_, **__: splits[split])
        patch.setattr("precompute.run.model_config", lambda *_: CONFIG)
        patch.setattr("precompute.planning.plan.Plan.make", lambda *_, **__: PLAN)
        patch.setattr("precompute.run.best_threads", lambda *_: 1)
        patch.setattr("precompute.engines.training_job.advance", trained_in_no_time)
        patch.setattr("precompute.engines.training_job.time", no_time)
        patch.setattr("precompute.evaluate.time", no_time)
        patch.setattr(os, "fsync", lambda handle: None)  # a disk that is busy takes a second for each
        for module in ("classifier", "samples.calibrated_judge"):
            patch.setattr(f"hvae.metrics.{module}.train_classifier", judge)
        measurement = Measurement("mutual information", (Metric("mi_z2", "", ""),), measured_in_no_time)
        patch.setattr("precompute.evaluate.measurements", lambda: [measurement])
        patch.setenv("HVAE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield lambda out: called("run", out, "--dataset", "digits", "--jobs", 1, "--stack", 2)


def contents(folder):
    """Every file and folder but what the next run removes first: name → bytes, atlas.json parsed and without
    what it cost to get there."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix != ".tmp" and path.name != ".lock":
            found[str(path.relative_to(folder))] = b"" if path.is_dir() else path.read_bytes()
    if MANIFEST in found:
        found[MANIFEST] = json.loads(found[MANIFEST])
        for name in COSTS:
            found[MANIFEST]["made_with"].pop(name, None)
    return found


@contextlib.contextmanager
def watched(act):
    """Call act(path) before every call that makes, renames or removes what is there."""

    def announced(change):
        def announce(path, *rest, **options):
            act(Path(path))
            return change(path, *rest, **options)

        return announce

    with pytest.MonkeyPatch.context() as patch:
        for name in CHANGES:
            patch.setattr(os, name, announced(getattr(os, name)))
        yield


def moments(folder, aside, work, kept):
    """Add to `kept` what a kill of `work` can leave of `folder` before each change: state → copy, in `aside`.

    Whatever was being written is cut to half there. States that are there already are not copied again.
    """
    started = False

    def keep(path):
        nonlocal started
        if not path.is_relative_to(folder) or (started and not path.exists()):
            return
        started, state = True, state_of(folder)
        if state in kept:
            return
        copy = kept[state] = aside / str(len(kept))
        shutil.copytree(folder, copy) if folder.exists() else copy.mkdir()
        for half_written in copy.rglob(".*.tmp"):
            if half_written.is_file():
                os.truncate(half_written, half_written.stat().st_size // 2)

    with watched(keep):
        work()


def state_of(folder):
    """What tells one state of a folder from another."""
    digest = hashlib.sha256()
    for name, value in contents(folder).items():
        content = json.dumps(value, sort_keys=True).encode() if name == MANIFEST else value
        digest.update(name.encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()


class Explored(NamedTuple):
    """What a kill of a run to `out` can leave, also of one that carries on what a kill left.

    kept: state → a folder in that state. ends: the contents after each run. The first run was not disturbed.
    """

    out: Path
    kept: dict[str, Path]
    ends: list[dict]


@pytest.fixture(scope="module")
def explored(make, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "atlas"  # always this one: atlas.json has the command in it
    kept, ends = {}, []

    def run_on():
        aside = tmp_path_factory.mktemp("moments")
        moments(out, aside, lambda: succeed(make(out)), kept)
        if (end := state_of(out)) not in kept:
            kept[end] = shutil.copytree(out, aside / "end")
        ends.append(contents(out))

    def run_on_from(states):
        for state in states:
            shutil.rmtree(out)
            shutil.copytree(kept[state], out)
            run_on()

    run_on()
    once = list(kept)
    run_on_from(once)
    run_on_from(list(kept)[len(once) :: 10])  # killed twice: every tenth, to be quick
    return Explored(out, kept, ends)


def succeed(result):
    assert result.returncode == 0, result.stderr


def test_a_run_that_is_killed_at_any_moment_again_and_again_ends_as_one_that_was_not(explored):
    undisturbed = explored.ends[0]
    assert {PARENT, METRICS, "classifier.safetensors", "examples.npz"} < set(undisturbed)
    assert sum(name.startswith("models/") for name in undisturbed) == 4
    assert len(explored.kept) > 40
    for end in explored.ends:
        assert end == undisturbed


def test_verify_never_calls_an_unfinished_file_sound(explored):
    undisturbed = explored.ends[0]
    numbers = table_of(explored.out)
    for folder in list(explored.kept.values())[:80]:  # those of the first run, and of some that were resumed
        if (folder / METRICS).exists():
            # What was listed stays sound while something is being added, …
            assert problems(folder) == []
            # … and what is called sound is so.
            for name in Atlas.open(folder).manifest.files.keys() - {METRICS}:
                assert (folder / name).read_bytes() == undisturbed[name]
            so_far = table_of(folder)
            expected = numbers.loc[so_far.index, so_far.columns]
            assert (so_far.isna() | (so_far == expected)).all(axis=None)
        else:
            assert problems(folder) != []


def table_of(folder):
    return pd.read_parquet(folder / METRICS).set_index("checkpoint")


def test_a_disk_that_is_full_at_any_write_is_one_line_and_leaves_no_more_than_a_kill_does(
    explored, make, monkeypatch
):
    out, fsync = explored.out, os.fsync
    for number in itertools.count(1):
        writes = 0

        def full(handle, number=number):
            nonlocal writes
            if stat.S_ISREG(os.fstat(handle).st_mode):
                writes += 1
                if writes == number:
                    os.truncate(handle, os.fstat(handle).st_size // 2)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return fsync(handle)

        shutil.rmtree(out)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            result = make(out)
        if writes < number:
            break
        assert result.returncode == 1
        *_, last = result.stderr.strip().splitlines()
        assert re.fullmatch(rf"Error: {out}/[a-z0-9_./-]+[a-z]: No space left on device\.", last), last
        assert not list(out.rglob("*.tmp"))
        assert state_of(out) in explored.kept
    assert number > 20


@pytest.fixture
def damaged(explored):
    """A copy of the first kept state that has a file like this, of which one byte is another now."""

    def make_damaged(pattern):
        folder = next(folder for folder in explored.kept.values() if list(folder.glob(pattern)))
        shutil.rmtree(explored.out)
        shutil.copytree(folder, explored.out)
        flip_one_byte(sorted(explored.out.glob(pattern))[0])

    return make_damaged


@pytest.mark.parametrize("pattern", [".training/parent*", ".training/beta*", "models/beta*", PARENT])
def test_what_a_kill_left_and_was_damaged_since_is_not_trained_on(explored, make, damaged, pattern):
    damaged(pattern)
    succeed(make(explored.out))
    assert contents(explored.out) == explored.ends[0]


def test_without_atlas_json_only_undamaged_files_are_taken_over(explored, make):
    out, undisturbed = explored.out, explored.ends[0]
    shutil.rmtree(out)
    shutil.copytree(next(folder for folder in explored.kept.values() if contents(folder) == undisturbed), out)
    (out / MANIFEST).unlink()
    flip_one_byte(sorted(out.glob("models/*"))[0])
    succeed(make(out))
    assert contents(out) == undisturbed


def test_a_copy_that_is_stopped_at_any_moment_is_not_there_or_sound_and_can_be_made_again(
    tmp_path, monkeypatch
):
    atlas = Atlas.open(add_parent(build_atlas(tmp_path / "tiny")))
    home = tmp_path / "home"
    monkeypatch.setenv("HVAE_DATA_DIR", str(home))
    point = Point(0.5, 0.5)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = finished(point, HVAE(TINY), few(small_data().test, 4), atlas.manifest)

    def add():
        with extending(atlas) as folder:
            add_point(atlas, folder, point, made)

    (tmp_path / "moments").mkdir()
    kept = {}
    moments(home, tmp_path / "moments", add, kept)
    assert len(kept) > 6
    expected = contents(home)
    for moment in kept.values():
        shutil.rmtree(home)
        shutil.copytree(moment, home)
        copy = existing_copy(atlas)
        assert (copy is not None) == (home / "atlases" / "tiny").exists()
        if copy is not None:
            assert problems(copy.path) == []
        if copy is None or len(copy.metrics) == len(atlas.metrics):
            add()
            assert contents(home) == expected
            assert not list(home.rglob("*.tmp"))
