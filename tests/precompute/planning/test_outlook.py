"""What theory says of a grid: counts against a loop over its points, and advice that keeps its word."""

import dataclasses
import re

import numpy as np
import pytest
from command_line import called
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import few, load

from hvae import HVAEConfig, theory
from precompute.planning.grid import parse_betas
from precompute.planning.model_options import model_fields
from precompute.planning.outlook import outlook, stored_spectrum

CONFIG = HVAEConfig()
NATURAL = list(60 / np.arange(1, 800) ** 1.3)
"""Falls off as photographs' do: with the options as they come, z₂ takes nearly all."""


def looped(spectrum, config, betas):
    """How many points with β₂ ≤ β₁ have 1 nat in both layers, one after the other."""
    both = [
        theory.rates(spectrum, config, beta_2=beta_2, beta_1=beta_1)
        for beta_2 in betas
        for beta_1 in betas
        if beta_2 <= beta_1
    ]
    return sum(z2 >= 1 and z1 >= 1 for z2, z1 in both)


def advice(clauses):
    """Promised number of points → the options to type."""
    found = re.findall(r"(\d+) with (.*?)(?:, (?=\d)|$)", clauses[-1]) if len(clauses) > 2 else []
    return [(int(count), options.split()) for count, options in found]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(1e-4, 30), min_size=1, max_size=60),
    st.sampled_from([1, 4, 32, 200]),
    st.sampled_from([0.01, 0.1, 0.5, 3.0]),
    st.sampled_from(["0.1:10:5", "1:1:1", "0.001:100:3", "1e-6:1e6:4"]),
)
def test_what_is_counted_is_so_and_advice_keeps_its_word(spectrum, top_dim, variance, betas):
    config = dataclasses.replace(CONFIG, top_dim=top_dim, variance=variance)
    clauses = outlook(spectrum, config, parse_betas(betas))
    points = len(parse_betas(betas)) * (len(parse_betas(betas)) + 1) // 2
    now = looped(spectrum, config, parse_betas(betas))
    assert clauses[1].startswith(f"{now} of the {points} points with β₂ ≤ β₁ ")
    assert (len(clauses) == 3) == (2 * now < points)
    for promised, options in advice(clauses):
        words = [options[i + 1] for i in range(0, len(options), 2) if options[i] == "--model"]
        asked = next((options[i + 1] for i in range(0, len(options), 2) if options[i] == "--betas"), betas)
        other = dataclasses.replace(config, **model_fields(words, "digits", 32))
        assert looped(spectrum, other, parse_betas(asked)) == promised >= points / 2 > now


def test_where_z2_takes_all_fewer_dimensions_and_a_smaller_variance_are_named():
    clauses = outlook(NATURAL, CONFIG, parse_betas("0.1:10:7"))
    assert "fewer" not in clauses[0] and "nothing is left to z₂" in clauses[0]
    assert {options[1].split("=")[0] for _, options in advice(clauses) if options[0] == "--model"} == {
        "top_dim",
        "variance",
    }
    best = max(count for count, _ in advice(clauses))
    assert best >= 0.9 * 28


def test_rates_are_given_for_at_most_thirteen_values_of_beta():
    betas = parse_betas("0.1:10:40")
    text = outlook(NATURAL, CONFIG, betas)[0]
    z2 = [float(number) for number in re.search(r"R\(z₂\) will be ([\d. ]+) nats", text)[1].split()]
    first = theory.rates(NATURAL, CONFIG, beta_2=0.1, beta_1=10)[0]
    assert len(z2) == 13 and z2[0] == pytest.approx(first, abs=0.051)


def test_other_likelihoods_and_images_that_are_all_alike_have_no_outlook():
    (sentence,) = outlook(NATURAL, dataclasses.replace(CONFIG, likelihood="bernoulli"), [1.0])
    assert "not bernoulli" in sentence
    assert outlook([], CONFIG, [1.0]) == []


def test_the_spectrum_that_is_stored_is_the_covariances_to_six_digits():
    images = few(load("digits", "train"), 200)
    flat = images.images.numpy().reshape(200, -1) / 255
    expected = np.linalg.eigvalsh(np.cov(flat.T, bias=True))[::-1]
    stored = stored_spectrum(images)
    assert stored == pytest.approx(expected[: len(stored)], rel=1e-4, abs=1e-5)
    assert all(value == float(f"{value:.6g}") for value in stored)


def test_plan_says_where_points_will_lie():
    told = called("plan", "--dataset", "digits", "--betas", "0.1:10:3", "--epochs", "1", "--stack", "1")
    assert told.returncode == 0, told.stderr
    assert re.search(r"^theory +where β₂ ≤ β₁, R\(z₂\) will be ", told.stdout, re.M)
    assert re.search(r"^ +\d of the 6 points ", told.stdout, re.M)
