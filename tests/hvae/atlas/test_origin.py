"""Files of weights must belong to their rows of the table; files of older releases still open."""

import json

import pytest
from atlas_builder import add_parent, as_made_from, build_atlas, edit_header
from small_runs import CONFIG, CPU, PLAN, small_data

from hvae import Atlas, UserError
from hvae.atlas.manifest import Manifest, made_from_plan
from hvae.atlas.origin import other_point
from hvae.atlas.point import Point
from hvae.atlas.untrusted_files import MANIFEST
from hvae.atlas.verify import problems
from hvae.files import sha256, write_json
from precompute.atlas_folder.new_manifest import new_manifest

POINT = Point(0.1, 1.0)


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return new_manifest(PLAN, CONFIG, small_data(), CPU)


def row(**others):
    return {"checkpoint": POINT.checkpoint, **POINT._asdict(), "rate_z2": 3.0, **others}


def header(manifest, **others):
    """What a run writes about the point."""
    return {
        "config": CONFIG.to_dict(),
        "betas": POINT._asdict(),
        "dimension_rates_z2": [1.0, 2.0],
        "made_from": made_from_plan(manifest, POINT.name),
        "weights": "float32",
        **others,
    }


def without(mapping, *keys):
    return {key: value for key, value in mapping.items() if key not in keys}


HONEST = {
    "a run's": lambda manifest: header(manifest),
    "of a release that noted no precision": lambda manifest: without(header(manifest), "weights"),
    "of a release that noted nothing": lambda manifest: {"config": CONFIG.to_dict()},
    "of the first release": lambda manifest: header(
        manifest, made_from={"dataset": "digits", "betas": [1.0, 0.1], "recipe": manifest.recipe, "seed": 0}
    ),
    "from before data had checksums": lambda manifest: header(
        manifest, made_from={**made_from_plan(manifest, POINT.name), "data": {}}
    ),
    "of β to six digits": lambda manifest: header(manifest, betas={"beta_2": 0.1 + 1e-8, "beta_1": 1.0}),
    "measured again on another machine": lambda manifest: header(manifest, dimension_rates_z2=[1.0, 2.0005]),
    "of dimensions that were not numbers": lambda manifest: header(manifest, dimension_rates_z2=[1.0, None]),
}


@pytest.mark.parametrize("whose", HONEST)
def test_honest_headers_are_those_of_their_rows(manifest, whose):
    assert other_point(HONEST[whose](manifest), row(), manifest) is None


OTHERS = {
    "β": ({"betas": {"beta_2": 0.2, "beta_1": 1.0}}, "was trained at"),
    "β that are none": ({"betas": [1.0, 0.1]}, "was trained at"),
    "rates": ({"dimension_rates_z2": [1.0, 2.1]}, "rate of 3.1 nats"),
    "precision": ({"weights": "float16"}, "precision"),
    "origin that is none": ({"made_from": "here"}, "can be read"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_header_of_another_point_is_noticed(manifest, what):
    changed, said = OTHERS[what]
    assert said in other_point(header(manifest, **changed), row(), manifest)


PLANS = {
    "dataset": "mnist",
    "data": {"train": "0" * 64, "test": "1" * 64},
    "model": {**CONFIG.to_dict(), "variance": 0.1},
    "names": ["beta2-0.1_beta1-0.1"],
    "beta_range": [0.1, 9.0],
    "recipe": {"epochs": 77},
    "parent_recipe": {"epochs": 77},
    "seed": 3,
}


def test_all_that_determines_weights_is_compared(manifest):
    plan = made_from_plan(manifest, POINT.name)
    assert set(PLANS) == set(plan)
    for key, value in PLANS.items():
        assert other_point(header(manifest, made_from={**plan, key: value}), row(), manifest), key


def test_a_folder_of_pictures_may_have_moved(manifest):
    moved = manifest.model_copy(update={"dataset": "folder:/new/place"})
    made_from = {**made_from_plan(moved, POINT.name), "dataset": "folder:/old/place"}
    assert other_point(header(moved, made_from=made_from), row(), moved) is None


def test_a_damaged_header_costs_its_own_point_alone(tmp_path):
    folder = build_atlas(tmp_path / "damaged")
    file = folder / "models" / "b2-1_b1-1.safetensors"
    edit_header(file, lambda about: about["betas"].update(beta_2=5.0))
    atlas = Atlas.open(folder)  # its checksum says that it is damaged
    with pytest.raises(UserError, match="damaged"):
        atlas.load(1, 1)
    content = json.loads((folder / MANIFEST).read_text())
    content["files"]["models/b2-1_b1-1.safetensors"] = sha256(file)
    write_json(folder / MANIFEST, content)
    with pytest.raises(UserError, match=r"b2-1_b1-1.* was trained at \(β₂, β₁\) = \(5, 1\)"):
        Atlas.open(folder)
    signed_since = Atlas(folder, Manifest.model_validate(content), atlas.metrics)
    with pytest.raises(UserError, match="was trained at"):
        signed_since.load(1, 1)


def test_points_between_need_a_parent_that_covers_them(tmp_path):
    folder = build_atlas(tmp_path / "between", (0.1, 1.0, 10.0))
    content = json.loads((folder / MANIFEST).read_text())
    content["betas"] = {"beta_2": [0.1, 10.0], "beta_1": [0.1, 1.0, 10.0]}
    write_json(folder / MANIFEST, content)
    with pytest.raises(UserError, match="neither on the grid nor between"):
        Atlas.open(folder)
    assert problems(add_parent(folder)) == []


def test_a_changed_seed_is_noticed(tmp_path):
    folder = build_atlas(tmp_path / "seeded")
    name = "models/b2-1_b1-1.safetensors"
    plan = made_from_plan(Atlas.open(folder).manifest, "b2-1_b1-1")
    edit_header(folder / name, lambda about: about.update(made_from=plan))
    content = json.loads((folder / MANIFEST).read_text())
    content["files"][name] = sha256(folder / name)
    write_json(folder / MANIFEST, content)
    assert problems(folder) == []
    write_json(folder / MANIFEST, content | {"seed": 4})
    with pytest.raises(UserError, match="another seed"):
        Atlas.open(folder)
    assert problems(as_made_from(folder, seed=4)) == []
