"""A run that is killed, runs out of memory or disk, or is damaged, ends like an undisturbed run."""

import contextlib
import itertools
import math
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from atlas_builder import flip_one_byte
from command_line import ROOT, called
from small_runs import CONFIG, PLAN, few, run_small, small_data, weights

from hvae import Atlas, UserError
from hvae.atlas.atlas import PARENT
from hvae.atlas.point import Point
from hvae.atlas.verify import problems
from hvae.files import sha256
from hvae.metrics.cache import MetricCache
from hvae.metrics.registry import EvaluationData
from hvae.numerics import threads
from hvae.training.fleet import Fleet, with_weights
from hvae.training.recipe import FROM_SCRATCH
from hvae.training.train import initial_model
from precompute import __main__ as command_line
from precompute.engines.training_job import Reached, carry_on

POINTS = [Point(beta_2, beta_1) for beta_2 in PLAN.betas for beta_1 in PLAN.betas]


@pytest.fixture(scope="module")
def data():
    return small_data()


@pytest.fixture(scope="module")
def undisturbed(data, tmp_path_factory):
    """An atlas of PLAN, one point after another; not to be changed."""
    out = tmp_path_factory.mktemp("undisturbed") / "atlas"
    run_small(out, data)
    return out


def killed_when(is_time, out, options):
    """Start a run with frequent checkpoints, and kill it as soon as `is_time()`."""
    command = [sys.executable, "-m", "precompute", "run", str(out), *options, "--interval", "0.2"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not is_time() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_killed_in_the_parent_and_in_a_point_a_run_still_gives_the_same_bytes(unlabelled, tmp_path):
    undisturbed, options = unlabelled
    out = tmp_path / "atlas"
    training = out / ".training"
    killed_when((training / "parent.safetensors").exists, out, options)
    assert not (out / PARENT).exists()
    assert "parent at" in called("status", out).stdout

    def is_second_point_in_training() -> bool:
        made = {file.stem for file in out.glob("models/*.safetensors")}
        # The state of a point lies there for a moment after its model.
        return bool(made and {file.stem for file in training.glob("beta*.safetensors")} - made)

    killed_when(is_second_point_in_training, out, options)
    assert len(list(out.glob("models/*.safetensors"))) < 4
    assert "1 point in training" in called("status", out).stdout
    assert called("run", out, *options).returncode == 0
    assert sha256(out / PARENT) == sha256(undisturbed / PARENT)
    assert sha256(out / "metrics.parquet") == sha256(undisturbed / "metrics.parquet")
    assert problems(out) == []
    assert not training.exists()
    assert not list(out.rglob("*.tmp"))


def test_without_refinement_a_point_is_the_parents_fold(data, tmp_path):
    run_small(tmp_path / "atlas", data, replace(PLAN, recipe=replace(PLAN.recipe, epochs=0)))
    atlas = Atlas.open(tmp_path / "atlas")
    parent = atlas.load_parent()
    for point in POINTS:
        fold = parent.fold(point.by_layer).state_dict()
        stored = atlas.load(point.beta_2, point.beta_1).state_dict()
        assert all(torch.equal(stored[name], fold[name]) for name in fold)


def test_from_scratch_there_is_no_parent_and_each_point_is_trained_alone(data, tmp_path):
    recipe = replace(FROM_SCRATCH, epochs=2)
    run_small(tmp_path / "atlas", data, replace(PLAN, recipe=recipe, parent_recipe=None), stack=4)
    atlas = Atlas.open(tmp_path / "atlas")
    assert not (atlas.path / PARENT).exists()
    assert not atlas.manifest.parent_recipe
    assert "parent_seconds" not in atlas.manifest.made_with
    point = POINTS[1]
    initial = initial_model(CONFIG, data.train, seed=0)
    fleet = Fleet([initial], [point.name], [point.by_layer], data.train, recipe)
    while not fleet.is_finished:
        fleet.step()
    alone = with_weights(initial, fleet.state().weights[0]).state_dict()
    stored = atlas.load(point.beta_2, point.beta_1).state_dict()
    assert all(torch.equal(stored[name], alone[name]) for name in alone)


def with_memory_for(models):
    """Training on a device that has too little memory for more models at once."""

    def train(images, job, state, *arguments):
        if len(job.names) > models:
            return Reached(None, 0.0)
        return carry_on(images, job, state, *arguments)

    return train


def test_out_of_memory_halves_the_stack_says_so_and_changes_no_weight(data, undisturbed, tmp_path):
    said = run_small(tmp_path / "atlas", data, stack=4, carry_on=with_memory_for(1))
    assert "Out of memory with 4 points at once: going on with 2." in said
    assert "Out of memory with 2 points at once: going on with 1." in said
    assert weights(tmp_path / "atlas") == weights(undisturbed)


def test_a_single_model_that_does_not_fit_is_one_sentence(data, tmp_path):
    with pytest.raises(UserError, match="too little memory for a single model"):
        run_small(tmp_path / "atlas", data, carry_on=with_memory_for(0))


def test_a_run_goes_on_with_as_many_threads_as_it_was_begun_with(data, tmp_path):
    # Few steps, and of the parent alone: two threads are slow on a busy machine.
    data = EvaluationData(few(data.train, 64), few(data.test, 8), 0)
    plan = replace(PLAN, recipe=replace(PLAN.recipe, epochs=0))
    intervals = itertools.count()

    def stopped(*arguments):
        if next(intervals) == 1:
            raise KeyboardInterrupt
        return carry_on(*arguments)

    with threads(2):
        run_small(tmp_path / "at once", data, plan)
        with pytest.raises(KeyboardInterrupt):
            run_small(tmp_path / "resumed", data, plan, interval=1e-6, carry_on=stopped)
    with threads(1):
        said = run_small(tmp_path / "resumed", data, plan)
    assert "The parent was begun on 2 threads, and continues with as many." in said
    assert Atlas.open(tmp_path / "resumed").manifest.made_with["threads"] == 2
    assert weights(tmp_path / "resumed") == weights(tmp_path / "at once")


@contextlib.contextmanager
def files_end_at(n_bytes):
    """Writing more into any file fails, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("n_bytes", [1_000, 80_000], ids=["nothing fits", "no parent fits"])
def test_a_full_disk_is_one_line_and_the_run_goes_on_once_there_is_room(
    n_bytes, data, undisturbed, tmp_path, monkeypatch, capsys
):
    splits = {"train": data.train, "test": data.test}
    monkeypatch.setattr("precompute.run.datasets.load", lambda name, split, *_, **__: splits[split])
    monkeypatch.setattr("precompute.run.model_config", lambda *_: CONFIG)
    out = tmp_path / "atlas"
    monkeypatch.setattr("precompute.planning.plan.Plan.make", lambda *_, **__: PLAN)
    monkeypatch.setattr(sys, "argv", ["precompute", "run", str(out), "--dataset", "digits"])
    with files_end_at(n_bytes):
        assert command_line.main() == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert [line.startswith("Error: ") for line in said] == [False] * (len(said) - 1) + [True]
    assert str(out) in said[-1] and said[-1].endswith(": File too large.")
    assert not list(out.rglob("*.tmp"))
    run_small(out, data)
    assert weights(out) == weights(undisturbed)
    assert problems(out) == []


def test_a_number_that_the_cache_has_no_room_for_is_not_kept(tmp_path):
    cache = MetricCache(tmp_path)
    with files_end_at(100):
        cache.set({"metric": "psnr"}, {"psnr": 20.0})
    cache.close()


def test_a_cache_that_the_disk_has_no_room_for_is_not_called_damaged(tmp_path):
    with files_end_at(100), pytest.raises(UserError, match="cannot be used .* HVAE_CACHE_DIR"):
        MetricCache(tmp_path)


def test_a_parent_with_one_flipped_byte_is_named_and_trained_again(data, undisturbed, tmp_path):
    out = tmp_path / "atlas"
    run_small(out, data)
    flip_one_byte(out / PARENT)
    assert [PARENT in problem for problem in problems(out)] == [True]
    run_small(out, data)
    assert weights(out) == weights(undisturbed)
    assert problems(out) == []


def test_a_point_that_diverges_is_noted_and_harms_no_neighbour(data, undisturbed, tmp_path):
    def start_with_nan(run):
        start = run._start

        def poisoned(point):
            model = start(point)
            if point == POINTS[1]:
                model.picture_head.out.bias.data[:] = math.nan
            return model

        run._start = poisoned

    out = tmp_path / "atlas"
    run_small(out, data, stack=4, change=start_with_nan)
    atlas = Atlas.open(out)
    diverged = f"{POINTS[1].name}.safetensors"
    assert list(atlas.manifest.failures) == [f"models/{diverged}"]
    expected, found = weights(undisturbed), weights(out)
    assert {name for name in expected if found[name] != expected[name]} == {diverged}
    assert atlas.metrics["neg_elbo"].isna().tolist() == [False, True, False, False]
    assert problems(out) == []
