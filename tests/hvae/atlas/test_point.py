"""Names of points: every β that can be trained or read gives names that readers take, and tell apart."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hvae.atlas.point import (
    CHECKPOINT,
    END_OF_BETAS,
    HIGHEST_TRAINED_BETA,
    LOWEST_BETA,
    LOWEST_TRAINED_BETA,
    Point,
    is_readable,
)
from hvae.atlas.untrusted_files import FILE_NAME
from hvae.errors import UserError
from precompute.planning.grid import parse_betas

BETAS = st.floats(math.log(LOWEST_BETA), math.log(END_OF_BETAS) - 1e-6).map(math.exp)
TRAINED = st.floats(math.log(LOWEST_TRAINED_BETA), math.log(HIGHEST_TRAINED_BETA)).map(math.exp)


def rounded(beta, digits):
    return float(f"{beta:.{digits}g}")


@given(BETAS, BETAS)
@example(1e6, 1.23456789e8)
@example(LOWEST_BETA, 999_999_999.0)
def test_a_checkpoints_name_is_one_that_readers_take_and_says_its_betas(beta_2, beta_1):
    name = Point(beta_2, beta_1).checkpoint
    assert CHECKPOINT.fullmatch(name) and FILE_NAME.fullmatch(name)
    told = name.removeprefix("models/beta2-").removesuffix(".safetensors").split("_beta1-")
    assert [float(text) for text in told] == [rounded(beta_2, 6), rounded(beta_1, 6)]


@given(BETAS, BETAS, BETAS)
def test_betas_that_differ_in_six_digits_have_different_names(beta_2, beta_1, other):
    same = rounded(other, 6) == rounded(beta_1, 6)
    assert (Point(beta_2, beta_1).name == Point(beta_2, other).name) == same


@given(BETAS, BETAS)
def test_a_folds_name_gives_its_betas_back_to_four_digits(beta_2, beta_1):
    point = Point(beta_2, beta_1)
    assert Point.of_fold(point.fold_name) == (rounded(beta_2, 4), rounded(beta_1, 4))


@given(TRAINED, TRAINED, st.integers(2, 30))
@example(1.0, HIGHEST_TRAINED_BETA, 2)
@example(LOWEST_TRAINED_BETA, HIGHEST_TRAINED_BETA, 99)
def test_every_range_that_run_takes_gives_names_that_readers_take(first, second, n):
    low, high = sorted([first, second])
    try:
        values = parse_betas(f"{low!r}:{high!r}:{n}")
    except UserError:
        assert high < low * 1.001  # too close for so many values of six digits
        return
    assert all(is_readable(beta) for beta in values)
    names = {Point(beta, values[0]).checkpoint for beta in values}
    assert len(names) == n and all(CHECKPOINT.fullmatch(name) for name in names)


def test_names_of_atlases_that_exist_stay():
    assert Point(0.1, 10.0).name == "beta2-0.1_beta1-10"
    assert Point(2.15443, 0.464159).checkpoint == "models/beta2-2.15443_beta1-0.464159.safetensors"
    assert Point(1e-5, 123456.0).name == "beta2-1e-05_beta1-123456"


@pytest.mark.parametrize("text", ["1e-7:1:3", "1:2e6:3", "0:1:3", "1:1e9:2", "-1:1:3", "1:inf:3"])
def test_a_range_beyond_the_limits_is_refused_with_the_limits(text):
    with pytest.raises(UserError, match=r"LO:HI:N.* from 1e-06 to 1,000,000"):
        parse_betas(text)


def test_betas_go_to_the_layers_bottom_first():
    assert Point(beta_2=3.0, beta_1=0.5).by_layer == [0.5, 3.0]
