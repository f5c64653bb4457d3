"""Numbers on screen: no more digits than their errors support, and none that nobody reads."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.page.figures.look import Look
from app.page.figures.quantities import text
from app.page.words import beta_text, value_text

SIZES = st.floats(-12, 7).map(lambda power: 10**power)
VALUES = st.builds(lambda sign, size: sign * size, st.sampled_from([-1, 1]), SIZES) | st.just(0.0)
NUMBER = re.compile(r"\(?(−?[\d.]+)(?: ± ([\d.]+)\))?(?: ± ([\d.]+))?(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?( nats)?")


def parts(shown):
    """(value, error or None, power of ten) of what is shown, the first two as texts."""
    value, in_brackets, error, power, _ = NUMBER.fullmatch(shown).groups()
    exponent = int((power or "0").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    return value.replace("−", "-"), in_brackets or error, exponent


def significant(number):
    return len(number.lstrip("-").replace(".", "").lstrip("0"))


@given(VALUES, SIZES)
def test_a_value_ends_at_the_one_digit_of_its_error(value, error):
    shown, its_error, power = parts(text("distortion", value, Look(), error))
    if its_error is None:
        assert error <= 1e-6 * abs(value)
        return
    assert len(its_error.strip("0.")) == 1
    step = 10.0 ** (power - len(its_error.partition(".")[2]))
    place = max(step, 10 ** math.floor(math.log10(float(its_error) * 10.0**power) + 1e-9))
    assert abs(float(its_error) * 10.0**power - error) <= 0.51 * place
    assert abs(float(shown) * 10.0**power - value) <= 0.51 * place
    assert len(shown.partition(".")[2]) == len(its_error.partition(".")[2])
    assert round(float(shown) * 10.0**power / place, 6) % 1 == 0


@given(VALUES, st.sampled_from([math.nan, 0.0]))
def test_without_an_error_a_number_has_four_digits_at_most_or_is_whole(value, error):
    shown, its_error, power = parts(text("distortion", value, Look(), error))
    assert its_error is None and (significant(shown) <= 4 or "." not in shown)
    assert float(shown) * 10.0**power == pytest.approx(value, rel=0.06)


@given(VALUES)
def test_the_numbers_above_a_models_pictures_have_four_digits_at_most_or_are_whole(value):
    shown, _, _ = parts(value_text("distortion", value))
    assert significant(shown) <= 4 or "." not in shown
    assert float(shown) == pytest.approx(value, rel=0.01, abs=0.005)


@pytest.mark.parametrize(
    ("column", "value", "error", "shown"),
    [
        ("rate_z2", 0.00000947, 0.00000007, "(9.47 ± 0.07) × 10⁻⁶ nats"),
        ("rate_z2", 0.001234, 1e-8, "(1.23400 ± 0.00001) × 10⁻³ nats"),
        ("rate_z2", 12345.6, 310.0, "12300 ± 300 nats"),
        ("rate_z2", 9.5, 1e-12, "9.50 nats"),
        ("rate_z2", -0.5, 0.096, "−0.5 ± 0.1 nats"),
        ("rate_z2", 9.47e-6, math.nan, "9.47 × 10⁻⁶ nats"),
        ("rate_z2", 999.97, math.nan, "1000 nats"),
        ("acc_rbf_svm_z2", 0.9612, 0.0021, "96.1 ± 0.2 %"),
        ("inception_score", 6.3512, 0.031, "6.35 ± 0.03"),
        ("psnr", math.nan, 0.1, "–"),
    ],
)
def test_numbers_as_they_are_written(column, value, error, shown):
    assert text(column, value, Look(), error) == shown


def test_beta_has_three_digits_at_most():
    assert [beta_text(beta) for beta in (0.1, 0.316228, 1.0, 10.0)] == ["0.1", "0.316", "1", "10"]
