"""Training in bfloat16: a model that diverges there is trained again in float32."""

import math

import pytest
import torch
from safetensors.torch import load_file
from small_runs import PLAN, run_small, small_data, weights

from hvae import Atlas
from hvae.atlas.point import Point
from hvae.numerics import denormals_flushed, one_thread
from hvae.training.arithmetic import Arithmetic
from hvae.training.fleet import Fleet, with_weights
from hvae.training.refinement import refined
from precompute.engines.training_job import Reached, carry_on

POINT = Point(PLAN.betas[0], PLAN.betas[1])
FILE = f"{POINT.name}.safetensors"


@pytest.fixture(scope="module")
def data():
    return small_data()


def in_bfloat16(run):
    run.arithmetic = Arithmetic("loop", "bfloat16")


def diverging(images, job, state, seconds, on_step=None):
    """One interval, after which POINT has diverged, if it is not trained in float32."""
    reached = carry_on(images, job, state, seconds, on_step)
    if job.arithmetic.precision == "bfloat16" and POINT.name in job.names:
        reached.state.weights[job.names.index(POINT.name)] = math.nan
    return reached


def in_float32(folder, data):
    """The weights of POINT, trained from the folder's parent in float32, alone."""
    start = Atlas.open(folder).load_parent().fold(POINT.by_layer)
    fleet = Fleet(
        [start], [POINT.name], [POINT.by_layer], data.train, PLAN.recipe, 0, "loop", None, "float32"
    )
    with one_thread():
        while not fleet.is_finished:
            fleet.step()
    return with_weights(start, fleet.state().weights[0]).state_dict()


def test_a_point_that_diverges_in_bfloat16_is_trained_again_in_float32(data, tmp_path):
    sound, mended = tmp_path / "sound", tmp_path / "mended"
    run_small(sound, data, stack=4, change=in_bfloat16)
    said = run_small(mended, data, stack=4, change=in_bfloat16, carry_on=diverging)
    assert said.count("again in float32") == 1
    assert Atlas.open(mended).manifest.failures == {}
    expected, found = weights(sound), weights(mended)
    assert {name for name in expected if found[name] != expected[name]} == {FILE}
    stored = load_file(mended / "models" / FILE)
    assert all(torch.equal(stored[name], weight) for name, weight in in_float32(mended, data).items())


def test_a_kill_while_it_is_trained_again_changes_nothing(data, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "out"
    run_small(whole, data, stack=4, change=in_bfloat16, carry_on=diverging)
    began_at = []

    def killed_in_the_second_interval(images, job, state, seconds, on_step=None):
        if job.arithmetic.precision == "bfloat16":
            return diverging(images, job, state, seconds, on_step)
        began_at.append(state.step)
        if state.step:
            raise KeyboardInterrupt
        fleet = job.fleet(images, state)
        fleet.step()
        return Reached(fleet.state(), 0.0)

    with pytest.raises(KeyboardInterrupt):
        run_small(out, data, stack=4, change=in_bfloat16, carry_on=killed_in_the_second_interval)
    assert began_at == [0, 1]
    run_small(out, data, stack=4, change=in_bfloat16, carry_on=diverging)
    assert weights(out) == weights(whole)


def test_a_point_of_the_page_is_trained_again_in_float32_too(data, tmp_path, monkeypatch):
    class Diverging(Fleet):
        def state(self):
            state = super().state()
            if self.precision == "bfloat16":
                state.weights[:] = math.nan
            return state

    run_small(tmp_path / "atlas", data)
    atlas = Atlas.open(tmp_path / "atlas")
    made_with = atlas.manifest.made_with | {"formulation": "loop", "precision": "bfloat16"}
    manifest = atlas.manifest.model_copy(update={"made_with": made_with})
    monkeypatch.setattr("hvae.training.refinement.Fleet", Diverging)
    with denormals_flushed():
        model = refined(atlas.load_parent(), POINT, manifest, data.train, folder=tmp_path / "kept")
        expected = in_float32(tmp_path / "atlas", data)
    assert all(torch.equal(weight, expected[name]) for name, weight in model.state_dict().items())
