from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from command_line import SMALL, called
from safetensors import safe_open
from small_runs import CONFIG, PLAN, run_small, small_data

from hvae import Atlas, UserError
from hvae.atlas.atlas import EXAMPLES, PARENT
from hvae.atlas.untrusted_files import CALIBRATED, CLASSIFIER
from hvae.metrics.classifier import Classifier, save_classifier
from hvae.numerics import threads
from hvae.training import resume
from hvae.training.fleet import State
from hvae.training.train import initial_parent
from precompute.engines.pace import WARM_UP_STEPS, best_threads, pace
from precompute.engines.training_job import Job
from precompute.planning.cost import cost_of, describe
from precompute.planning.options import Options
from precompute.planning.sizes import atlas_bytes, parameter_counts, refuse_full_disk

PARENT_JOB = Job(CONFIG, PLAN.parent_recipe, PLAN.seed, (), PLAN.beta_range)


@pytest.fixture(scope="module")
def data():
    return small_data()


@pytest.fixture
def predict(data):
    """The predicted cost of a run of the small model on the small data, from very little training."""
    return lambda out=None, plan=PLAN, **options: cost_of(out, plan, CONFIG, data, seconds=0.02, **options)


def stored_numbers(file) -> int:
    """The sum over a checkpoint's tensors of how many numbers each has."""
    with safe_open(file, framework="np") as tensors:
        return sum(tensors.get_tensor(name).size for name in tensors.keys())  # noqa: SIM118


def test_the_numbers_of_a_plan_are_those_of_the_atlas_that_it_becomes(data, predict, tmp_path):
    before = predict()
    assert before.images == 256
    assert before.parent_steps == 3 * (256 // 64)
    assert before.point_steps == 4 * 2 * (256 // 64)
    assert before.parent_pace > 0 and before.stack_pace > 0
    out = tmp_path / "atlas"
    run_small(out, data)
    point = next(out.glob("models/*.safetensors"))
    counts = stored_numbers(point), stored_numbers(out / PARENT)
    assert parameter_counts(PLAN, CONFIG) == counts
    assert f"{counts[0]:,} parameters, {counts[1]:,} of the parent" in describe(before)


def test_the_disk_that_a_plan_predicts_is_what_the_atlas_takes_before_its_examples_are_packed(
    digits_atlas, tmp_path
):
    manifest = Atlas.open(digits_atlas).manifest
    judges = {CLASSIFIER, CALIBRATED}
    assert judges < set(manifest.files)
    files = [digits_atlas / name for name in ["atlas.json", *manifest.files] if name not in judges]
    for name in judges:  # those of `digits_atlas` are smaller than usual
        save_classifier(Classifier(), tmp_path / name)
        files.append(tmp_path / name)
    predicted = atlas_bytes(Options(dataset="digits", betas="0.1:10:2").plan(images=1438), manifest.config)
    packed = (digits_atlas / EXAMPLES).stat().st_size
    taken = sum(file.stat().st_size for file in files) - packed + 256 * 32 * 32
    assert predicted == pytest.approx(taken, rel=0.1)


def test_of_a_partial_atlas_only_what_is_left_is_counted(data, predict, tmp_path):
    out = tmp_path / "atlas"
    run_small(out, data)
    assert (predict(out).parent_steps, predict(out).point_steps) == (0, 0)
    sorted(out.glob("models/*.safetensors"))[0].unlink()
    partial_atlas = predict(out)
    assert partial_atlas.points_done == 3
    assert (partial_atlas.parent_steps, partial_atlas.point_steps) == (0, 2 * (256 // 64))
    assert partial_atlas.parent_seconds == 0
    (out / PARENT).unlink()
    assert predict(out).parent_steps == 3 * (256 // 64)
    state = State.initial([initial_parent(CONFIG, data.train, PLAN.seed, PLAN.beta_range)])
    resume.save(out, Atlas.open(out).manifest, PARENT_JOB.names, state._replace(step=5), 12, 1.0)
    assert predict(out).parent_steps == 3 * (256 // 64) - 5


def test_a_plan_writes_nothing(data, predict, tmp_path):
    predict(tmp_path / "atlas")
    assert not (tmp_path / "atlas").exists()
    run_small(tmp_path / "atlas", data)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    predict(tmp_path / "atlas")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_plan_refuses_an_atlas_of_another_plan(data, predict, tmp_path):
    run_small(tmp_path / "atlas", data)
    with pytest.raises(UserError, match="another seed"):
        predict(tmp_path / "atlas", replace(PLAN, seed=1))


def test_points_in_a_stack_share_their_steps(predict):
    together = predict(stack=4)
    assert together.stack == 4
    assert together.points_seconds == pytest.approx(2 * (256 // 64) * together.stack_pace)
    assert predict(stack=100).stack == 4


def test_a_stack_that_does_not_fit_is_halved_before_it_is_measured(predict):
    def pace(job, *_):
        if len(job.points) > 2:
            raise torch.OutOfMemoryError
        return 1.0

    assert predict(stack=4, pace=pace).stack == 2


def test_folds_and_points_from_scratch_are_told_as_such(predict):
    folds = predict(plan=replace(PLAN, recipe=replace(PLAN.recipe, epochs=0)))
    assert folds.point_steps == 0
    assert "each point is its fold" in describe(folds)
    alone = predict(plan=replace(PLAN, parent_recipe=None))
    assert alone.parent_steps == 0
    assert "parent" not in describe(alone)


def test_the_pace_is_that_of_steps_after_the_warm_up():
    class Slow:
        done, now = 0, 0.0

        def step(self):
            self.done += 1
            self.now += 100.0 if self.done <= WARM_UP_STEPS else 2.0

    fleet = Slow()
    job = SimpleNamespace(fleet=lambda images, state: fleet, threads=1)
    images = SimpleNamespace(images=torch.zeros(1))
    assert pace(job, None, images, 5.0, clock=lambda: fleet.now) == 2.0
    assert fleet.done == WARM_UP_STEPS + 3


@pytest.mark.parametrize(("together", "chosen"), [(14.0, 1), (0.6, 2), (1.0, 2)])
def test_one_thread_is_chosen_where_two_are_clearly_slower(data, monkeypatch, together, chosen):
    def measured(job, *_):
        return together if job.threads == 2 else 1.0

    monkeypatch.delenv("OMP_NUM_THREADS")
    with threads(2):
        assert (
            best_threads(PARENT_JOB, None, data.train, lambda job, *_: together ** (job.threads - 1))
            == chosen
        )
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
        assert best_threads(PARENT_JOB, None, data.train, lambda *_: pytest.fail("measured")) == 2


def test_a_disk_without_room_for_the_atlas_is_named_before_anything_is_trained(tmp_path):
    with pytest.raises(UserError, match=r"atlas will take about 1000000\.0 GB.*name a folder elsewhere"):
        refuse_full_disk(tmp_path / "new" / "atlas", 10**15)
    refuse_full_disk(tmp_path / "new" / "atlas", 10**3)
    assert not (tmp_path / "new").exists()


def test_run_replaced_by_plan_in_a_command_line_says_what_is_left(digits_atlas, small_models):
    result = called("plan", digits_atlas, *SMALL, "--interval", "1", "--engine", "local")
    assert result.returncode == 0, result.stderr
    assert "4, 4 of them done" in result.stdout
    assert "about 0:00:00" in result.stdout
