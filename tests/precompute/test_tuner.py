"""The fastest way to train points is measured once, is right, and changes nothing that a run promises."""

import os
from dataclasses import replace

import pytest
import torch
from small_runs import CONFIG, CPU, PLAN, run_small, small_data, weights

from hvae import Atlas
from hvae.atlas.point import Point
from hvae.metrics.cache import MetricCache, NoCache
from hvae.training import stacked_convolutions
from hvae.training.arithmetic import USUAL, Arithmetic
from hvae.training.recipe import Recipe
from hvae.training.ways_to_compute import Formulation, Products
from precompute.engines import tuner
from precompute.engines.training_job import Job
from precompute.engines.tuner import Way, candidates, fastest, is_worth_it, measured, tuned
from precompute.planning.options import Options
from precompute.run import Run

JOB = Job(CONFIG, PLAN.recipe, 0, tuple(Point(1.0 + row, 1.0) for row in range(64)))


@pytest.fixture(scope="module")
def data():
    return small_data()


def pace_of(speeds):
    """A pace by which `speeds` are true: model·images a second of an arithmetic, with so many points."""

    def pace(job, state, images, seconds):
        points = len(job.points)
        return points * job.recipe.batch_size / speeds(job.arithmetic, points)

    return pace


def test_the_fastest_is_found_and_its_stack_doubled_until_it_gains_little(data):
    ways = [Arithmetic("loop", "float32"), Arithmetic("matmul", "float32"), Arithmetic("grouped", "bfloat16")]

    def speed(arithmetic, points):
        best = {"loop": 100, "matmul": 150, "grouped": 200}[arithmetic.formulation]
        return best * (min(points, 16) if arithmetic.formulation != "loop" else 1)

    found = measured(data.train, JOB, "cpu", ways, stack=2, most=64, pace=pace_of(speed))
    assert fastest(found) == ("grouped", "bfloat16", 16)
    assert found["matmul float32 16"] == 2400
    assert "grouped bfloat16 64" not in found


def test_a_formulation_with_wrong_gradients_is_not_chosen_however_fast_it_is(data, monkeypatch):
    def wrong(x, *rest):
        return stacked_convolutions.matmul_convolution(x, *rest) * 1.001

    monkeypatch.setitem(
        stacked_convolutions.STACKED, "matmul", lambda: stacked_convolutions.ConvolutionsAs(wrong)
    )
    ways = [Arithmetic(formulation, "float32") for formulation in ("loop", "matmul", "grouped_last")]
    found = measured(data.train, JOB, "cpu", ways, stack=1, most=1, pace=pace_of(lambda *_: 1.0))
    assert set(found) == {"loop float32 1", "grouped_last float32 1"}


def test_what_a_device_cannot_compute_or_has_no_memory_for_is_passed_over(data):
    def pace(job, state, images, seconds):
        if job.arithmetic.formulation == "matmul":
            raise RuntimeError("no kernel image is available")
        if len(job.points) > 4:
            raise torch.OutOfMemoryError("out of memory")
        return 1.0

    ways = [Arithmetic("matmul", "float32"), Arithmetic("grouped", "float32")]
    found = measured(data.train, JOB, "cpu", ways, stack=2, most=64, pace=pace)
    assert set(found) == {"grouped float32 2", "grouped float32 4"}


def test_on_a_cpu_only_float32_is_tried_and_loop_stays_unless_another_is_clearly_faster():
    ways = candidates(USUAL, CPU)
    assert ways[0] == Arithmetic("loop", "float32")
    assert {way.precision for way in ways} == {"float32"}
    assert {way.precision for way in candidates(USUAL, torch.device("cuda"))} == {"float32", "bfloat16"}
    for faster, expected in ((1.1, "loop"), (1.3, "grouped")):
        assert fastest({"loop float32 1": 1.0, "grouped float32 1": faster}, ways[0]).formulation == expected


def test_what_was_asked_for_is_not_tuned(data):
    assert candidates(Arithmetic("einsum", "bfloat16"), CPU) == [Arithmetic("einsum", "bfloat16")]
    assert {way.precision for way in candidates(Arithmetic(None, "bfloat16"), CPU)} == {"bfloat16"}
    assert tuned(JOB, data.train, "", Arithmetic("einsum", "float32"), None, NoCache(), print) is None
    # There the last bits of other formulations would depend on which points are trained together.
    assert tuned(JOB, data.train, "", USUAL, 4, NoCache(), print) is None


def test_it_is_measured_in_another_process_once(data, tmp_path, monkeypatch):
    said = []
    cache = MetricCache(tmp_path)
    monkeypatch.setattr(tuner, "SECONDS", 60.0)  # a busy machine is no fault
    chosen = tuned(JOB, data.train, "this cpu", USUAL, None, cache, said.append)
    assert chosen.precision == "float32" and chosen.stack == 1
    assert len(said) == 1 and "model·images/s" in said[0]
    monkeypatch.setattr(tuner, "measured_elsewhere", lambda *_: pytest.fail("measured again"))
    assert tuned(JOB, data.train, "this cpu", USUAL, None, cache, said.append) == chosen
    cache.close()


@pytest.mark.parametrize("kept", [{"another version's 1": 5.0}, {"loop float64 1": 1.0}, {"loop": 1.0}, {}])
def test_numbers_of_another_version_are_no_choice(kept):
    assert fastest(kept) is None
    assert fastest(kept | {"loop float32 1": 1.0}) == Way("loop", "float32", 1)


def test_a_process_that_dies_costs_one_line(data, monkeypatch):
    said = []
    monkeypatch.setattr(tuner, "measured", dies)
    assert tuned(JOB, data.train, "", USUAL, None, NoCache(), said.append) is None
    assert len(said) == 1 and "as usual" in said[0] and "loop in float32" in said[0]


def dies(*_):
    os._exit(1)


def test_a_training_of_seconds_is_not_measured_and_one_of_minutes_is(data):
    def no_pace(*_):
        pytest.fail("measured")

    assert not is_worth_it(JOB, data.train, 1, no_pace)
    longer = replace(JOB, recipe=Recipe(epochs=100))
    steps = 64 * longer.recipe.steps(len(data.train))
    for seconds, processes, expected in ((200, 1, True), (200, 2, False), (100, 1, False)):
        pace = lambda *_, of_a_step=seconds / steps: of_a_step  # noqa: E731
        assert is_worth_it(longer, data.train, processes, pace) == expected


def choose(out, data, monkeypatch, found=None, **options) -> dict:
    """What atlas.json says after a run with these options, on which measuring finds `found`."""
    monkeypatch.setattr("precompute.run.is_worth_it", lambda *_: found is not None)
    monkeypatch.setattr("precompute.run.tuned", lambda *_: found)
    asked = Options(dataset="digits", **options)
    run_small(out, data, change=lambda run: Run.choose_arithmetic(run, asked, 1, NoCache()))
    return Atlas.open(out).manifest.made_with


def test_a_run_that_goes_on_computes_as_it_began(data, tmp_path, monkeypatch):
    out = tmp_path / "atlas"
    way = Way("grouped", "float32", 1)
    made_with = choose(out, data, monkeypatch, way)
    assert (made_with["formulation"], made_with["precision"]) == way[:2]
    whole = weights(out)
    for path in sorted(out.glob("models/*"))[1:]:
        path.unlink()
    made_with = choose(out, data, monkeypatch, Way("loop", "float32", 1))
    assert (made_with["formulation"], made_with["precision"]) == way[:2]
    assert weights(out) == whole


def test_options_are_followed_and_recorded(data, tmp_path, monkeypatch):
    usual = choose(tmp_path / "usual", data, monkeypatch)
    assert (usual["formulation"], usual["precision"]) == ("loop", "float32")
    asked = {"formulation": Formulation.grouped_last, "precision": Products.bfloat16}
    made_with = choose(tmp_path / "asked", data, monkeypatch, **asked)
    assert (made_with["formulation"], made_with["precision"]) == ("grouped_last", "bfloat16")
    first, second = (weights(tmp_path / name) for name in ("usual", "asked"))
    assert all(first[name] != second[name] for name in first)
    assert not Atlas.open(tmp_path / "asked").manifest.failures
