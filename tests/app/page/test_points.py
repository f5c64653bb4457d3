"""What the page is told of every point."""

import json
import math

from atlas_builder import build_atlas

from app.page.points import SLIDERS, TRAVERSAL, TRAVERSAL_OF_NOTHING, points_data
from app.page.state import first_screen, size_metrics
from hvae.atlas.atlas import Atlas


def test_the_dimensions_that_carry_most_rate_come_first(tiny_atlas):
    point = points_data(Atlas.open(tiny_atlas))["b2-1_b1-0.1"]
    assert [entry["dimension"] for entry in point["dimensions"]] == list(range(SLIDERS))
    rates = [entry["rate"] for entry in point["dimensions"]]
    assert rates == sorted(rates, reverse=True)
    assert point["title"] == "β₂ = 1, β₁ = 0.1"


def test_all_of_it_is_json_also_with_missing_numbers(tmp_path):
    folder = build_atlas(tmp_path / "nan", metrics={"psnr": [float("nan")] * 9})
    data = points_data(Atlas.open(folder))
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["b2-1_b1-1"]["stats"]["psnr"] == "–"


def test_a_damaged_header_costs_one_point_its_sliders(own_atlas):
    file = own_atlas / "models" / "b2-1_b1-1.safetensors"
    file.write_bytes(b"\xff" * 100)
    data = points_data(Atlas.open(own_atlas))
    assert data["b2-1_b1-1"]["dimensions"] == [] and data["b2-1_b1-10"]["dimensions"]


def test_the_first_point_shown_is_the_standard_vae(tiny_atlas):
    assert first_screen("tiny", Atlas.open(tiny_atlas)).point == "b2-1_b1-1"


def test_where_z2_carries_next_to_nothing_the_visitor_is_told(tmp_path):
    folder = build_atlas(tmp_path / "unused", metrics={"rate_z2": [0.01, *[5.0] * 8]})
    notes = [point["traversal"] for point in points_data(Atlas.open(folder)).values()]
    assert notes == [TRAVERSAL_OF_NOTHING, *[TRAVERSAL] * 8]


def test_only_metrics_with_a_number_can_set_sizes(tiny_atlas):
    assert size_metrics(Atlas.open(tiny_atlas)) == ["psnr", "distortion", "neg_elbo"]


def test_numbers_are_given_as_they_are_and_none_where_not_computed(tmp_path):
    folder = build_atlas(tmp_path / "one", (1.0,), metrics={"psnr": [math.nan]})
    numbers = points_data(Atlas.open(folder))["b2-1_b1-1"]["numbers"]
    # tests/atlas_builder.py: at β = 1, R(z₂) = 30 / 2 + 1 and R(z₁|z₂) = 60 / 3 · 0.75.
    assert numbers == {"rate_z2": 16.0, "rate_z1": 15.0, "distortion": 869.0, "psnr": None}
