import time
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from command_line import SMALL, called
from safetensors import safe_open
from small_runs import CONFIG, PLAN, run_small, small_data

from hvae import Atlas, UserError
from hvae.atlas.atlas import PARENT
from hvae.training import resume
from hvae.training.fleet import State
from hvae.training.train import initial_parent
from precompute import cost
from precompute.engines.training_job import Job
from precompute.plan import Plan


@pytest.fixture(scope="module")
def data():
    return small_data()


@pytest.fixture
def predict(data, monkeypatch):
    """The predicted cost of a run of the small model on the small data, from very little training."""
    splits = {"train": data.train, "test": data.test}
    monkeypatch.setattr("precompute.cost.datasets.load", lambda name, split, *_, **__: splits[split])
    monkeypatch.setattr(cost, "model_config", lambda images: CONFIG)
    monkeypatch.setattr(cost, "MEASURED_SECONDS", 0.02)
    return lambda out=None, plan=PLAN, **options: cost.predicted_cost(
        out, "digits", lambda images: plan, "data", **options
    )


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
    assert before.parameters == stored_numbers(point)
    assert before.parent_parameters == stored_numbers(out / PARENT)


def test_the_disk_that_a_plan_predicts_is_what_the_atlas_takes(digits_atlas):
    manifest = Atlas.open(digits_atlas).manifest
    files = [digits_atlas / name for name in ["atlas.json", *manifest.files]]
    predicted = cost.predicted_cost(
        None, "digits", partial(Plan.make, "digits", manifest.betas.beta_2, epochs=3), "data", device="cpu"
    )
    assert predicted.disk == pytest.approx(sum(file.stat().st_size for file in files), rel=0.1)


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
    job = Job(CONFIG, PLAN.parent_recipe, PLAN.seed, (), PLAN.beta_range)
    state = State.initial([initial_parent(CONFIG, data.train, PLAN.seed, PLAN.beta_range)])
    resume.save(out, Atlas.open(out).manifest, job.names, state._replace(step=5), 12, 1.0)
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


def test_a_stack_that_does_not_fit_is_halved_before_it_is_measured(predict, monkeypatch):
    def pace(job, *_):
        if len(job.points) > 2:
            raise torch.OutOfMemoryError
        return 1.0

    monkeypatch.setattr(cost, "pace", pace)
    assert predict(stack=4).stack == 2


def test_folds_and_points_from_scratch_are_told_as_such(predict):
    folds = predict(plan=replace(PLAN, recipe=replace(PLAN.recipe, epochs=0)))
    assert folds.point_steps == 0
    assert "each point is its fold" in cost.describe(folds)
    alone = predict(plan=replace(PLAN, parent_recipe=None))
    assert (alone.parent_parameters, alone.parent_steps) == (0, 0)
    assert "parent" not in cost.describe(alone)


def test_the_pace_is_that_of_steps_after_the_warm_up(monkeypatch):
    class Sleeper:
        done = 0

        def step(self):
            self.done += 1
            time.sleep(0.1 if self.done <= cost.WARM_UP_STEPS else 0.01)

    monkeypatch.setattr(cost, "MEASURED_SECONDS", 0.1)
    job = SimpleNamespace(fleet=lambda images, state: Sleeper(), points=())
    images = SimpleNamespace(images=torch.zeros(1))
    assert cost.pace(job, None, images) == pytest.approx(0.01, rel=0.8)


def test_run_replaced_by_plan_in_a_command_line_says_what_is_left(digits_atlas):
    result = called("plan", digits_atlas, *SMALL, "--interval", "1", "--engine", "local")
    assert result.returncode == 0, result.stderr
    assert "4, 4 of them done" in result.stdout
    assert "about 0:00:00" in result.stdout
