import os
import re
from dataclasses import replace

import pytest
import torch
from safetensors.numpy import save_file
from small_runs import CONFIG, CPU, PLAN, run_small, small_data

from hvae import Atlas
from hvae.atlas.checkpoint import write_tensors
from hvae.model import HVAE
from hvae.parent import Parent
from hvae.training import resume
from hvae.training.fleet import State
from precompute.atlas_folder.folder import AtlasFolder
from precompute.engines.training_job import Job
from precompute.status import describe

PARENT_JOB = Job(CONFIG, PLAN.parent_recipe, PLAN.seed, (), PLAN.beta_range)
POINTS_JOB = Job(CONFIG, PLAN.recipe, PLAN.seed, tuple(PLAN.points[:2]))


@pytest.fixture(scope="module")
def data():
    return small_data()


@pytest.fixture
def begun(data, tmp_path):
    """A folder in which nothing is trained yet."""
    AtlasFolder.prepare(tmp_path / "atlas", PLAN, CONFIG, data, CPU).close()
    return tmp_path / "atlas"


def keep(out, job, step, steps, seconds):
    models = [HVAE(CONFIG)] * len(job.points) or [Parent(CONFIG)]
    state = State.initial(models)._replace(step=step)
    resume.save(out, Atlas.open(out).manifest, job.names, state, steps, seconds)


def test_a_parent_in_training_is_named_and_its_time_is_part_of_what_is_left(begun):
    assert "no estimate yet" in describe(begun)
    keep(begun, PARENT_JOB, step=43, steps=100, seconds=43.0)
    text = describe(begun)
    assert "0 of 4 points trained" in text
    assert "parent at 43 %" in text
    # 57 more seconds; then 4 points of 2 epochs each, where the parent's 3 epochs take 100 s.
    assert "about 0:00:57 until the parent is trained, then at most about 0:04:27" in text


def test_points_in_training_count_for_what_they_have_reached(begun, data):
    atlas = AtlasFolder.prepare(begun, PLAN, CONFIG, data, CPU)
    atlas.add_parent(Parent(CONFIG, PLAN.beta_range), 90.0)
    atlas.close()
    # Nothing to go by but the parent: 90 s for 3 epochs, and 4 points of 2.
    assert "4 left to train: at most about 0:04:00." in describe(begun)
    keep(begun, POINTS_JOB, step=5, steps=10, seconds=20.0)
    text = describe(begun)
    assert "2 points in training, at 50 %" in text
    # One point's worth of work took 20 s; three are left.
    assert "4 left to train: about 0:01:00 at the pace so far." in text


def test_without_a_parent_there_is_no_word_of_it(data, tmp_path):
    AtlasFolder.prepare(tmp_path / "atlas", replace(PLAN, parent_recipe=None), CONFIG, data, CPU).close()
    assert "4 left; no point is finished yet, so there is no estimate." in describe(tmp_path / "atlas")


def test_what_is_kept_of_a_finished_job_is_not_in_training(data, tmp_path):
    out = tmp_path / "atlas"
    run_small(out, data)
    sorted(out.glob("models/*"))[-1].unlink()
    AtlasFolder.prepare(out, PLAN, CONFIG, data, CPU).close()
    keep(out, PARENT_JOB, 1, 2, 1.0)
    keep(out, POINTS_JOB, 1, 2, 1.0)
    text = describe(out)
    assert "in training" not in text and "parent" not in text
    assert "1 left to train: about" in text


def test_files_that_make_no_sense_are_left_out(begun):
    training = begun / ".training"
    training.mkdir()
    (training / "half.safetensors").write_bytes(b"half a file")
    (training / "folder.safetensors").mkdir()
    (training / "dangling.safetensors").symlink_to(training / "nowhere")
    os.mkfifo(training / "pipe.safetensors")
    save_file({}, training / "foreign.safetensors", {"hvae": "[1, 2]"})
    sound = {"step": 1, "steps": 2, "seconds": 1.0, "made_from": {"names": ["parent"]}}
    broken = [
        {"step": 3},
        {"step": -1},
        {"step": "1"},
        {"steps": 0},
        {"steps": 10**400},
        {"seconds": 1e300},
        {"seconds": None},
        {"made_from": None},
        {"made_from": {"names": "parent"}},
        {"made_from": {"names": [["parent"]]}},
        {"made_from": {"names": ["parent", "parent"]}},
        {"made_from": {"names": ["beta2-3_beta1-3"]}},
    ]
    for row, part in enumerate(broken):
        write_tensors(training / f"{row}.safetensors", {"weights": torch.zeros(1)}, {**sound, **part})
    assert re.search(r"with every metric, 4 left; .* no estimate yet\.$", describe(begun))


def test_a_pace_beyond_all_measure_is_still_a_line(begun):
    keep(begun, PARENT_JOB, step=1, steps=999_999_999, seconds=9e8)
    assert "parent at 0 %" in describe(begun)
