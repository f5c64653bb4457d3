"""No number on screen shows digits beyond its error: over all that the atlases that ship have on the page."""

import json
import math
import re
from itertools import product

import pytest
from dash._utils import to_json
from documents import ROOT
from hypothesis import given
from hypothesis import strategies as st

from app.claims.claims import OF_THE_SOURCE, OURS, answers
from app.page.figures.look import AXES, UNITS
from app.page.lecture import lecture
from app.page.panels import claims, generation, landscapes, reconstruction, representation
from app.page.points import points_data, points_table
from app.page.state import fields, first_screen
from app.page.widgets import colour_key
from app.page.words import value_text
from hvae.atlas.atlas import Atlas, shipped_names
from hvae.metrics.registry import metrics

PAIR = re.compile(r"(−?\d+(?:\.\d+)?) ± (\d+(?:\.\d+)?)")
VALUE = re.compile(r"^\(?−?(\d+)(?:\.(\d+))?(?: ±[ \d.]*\)?)?(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?")
POWERS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


@pytest.fixture(scope="module", params=shipped_names())
def atlas(request):
    return Atlas.shipped(request.param)


def are_paired(said, digits=1):
    """Every value ends where its error does, and errors have so many digits at most."""
    pairs = PAIR.findall(said)
    for value, error in pairs:
        assert len(value.partition(".")[2]) == len(error.partition(".")[2]), said
        significant = error.replace(".", "").lstrip("0")
        assert 1 <= len(significant.rstrip("0") if "." not in error else significant) <= digits, said
    return len(pairs)


def last_place(shown):
    """The place of the last digit of a number on screen: 0.01 for `6.35`."""
    _, behind, power = VALUE.match(shown).groups()
    return 10.0 ** (int((power or "0").translate(POWERS)) - len(behind or ""))


def first_digit(error):
    """The place of an error's first digit, rounded to one digit."""
    return 10.0 ** int(f"{error:.0e}".partition("e")[2])


def ends_in_time(shown, error, value):
    """Whether a number that is shown without its error ends at that error's first digit at the latest."""
    if not error > 0 or error < 1e-6 * abs(value):
        return True
    return last_place(shown) >= 0.999 * first_digit(error) or shown.partition(" ")[0].endswith("0")


def test_cards_and_notes_end_where_errors_do(atlas):
    titles = {metric.title: metric for metric in metrics().values()}
    rows = points_table(atlas).set_index("point")
    looks = [{"units": units, "axes": axes} for units, axes in product(UNITS, AXES)]
    looks += [{"score": score} for score in fields(atlas)["score"]["choices"]]
    looks += [{"layer": layer, "probe": "knn"} for layer in fields(atlas)["layer"]["choices"]]
    seen = 0
    for look in looks:
        for panel in (landscapes, reconstruction, representation, generation):
            for part in panel._draw(atlas, look):
                seen += are_paired(part.note)
                for label in part.figure.layout.annotations:
                    are_paired(label.text)
                for trace in part.figure.data:
                    for point, lines in zip(trace.ids or (), trace.customdata or (), strict=True):
                        for title, shown in lines:
                            seen += are_paired(shown)
                            metric = titles[title]
                            if " ± " in shown or shown == "–":
                                continue
                            error = rows.loc[point].get(metric.error_column, math.nan)
                            scale = 100 if metric.unit == "share" else 1
                            scale /= math.log(2) if metric.in_nats and look.get("units") == "bits" else 1
                            value = rows.loc[point, metric.column] * scale
                            assert ends_in_time(shown, error * scale, value), (point, title, shown, error)
    assert seen > 1000


def test_the_numbers_above_a_models_pictures_end_where_their_errors_do(atlas):
    rows = points_table(atlas).set_index("point")
    for point, about in points_data(atlas).items():
        for column, shown in about["stats"].items():
            error, value = rows.loc[point, f"{column}_se"], rows.loc[point, column]
            assert about["errors"][column] == error
            assert ends_in_time(shown, error, value), (point, column, shown, error)


def test_the_colour_keys_ends_do(atlas):
    rows = points_table(atlas)
    for column in fields(atlas)["colour"]["choices"]:
        if column == "betas" or f"{column}_se" not in rows:
            continue
        key = colour_key._ramp(rows, colour_key.Look(colour=column))
        known = rows[rows[column].notna()].sort_values(column).iloc[[0, -1]]
        scale = 100 if metrics()[column].unit == "share" else 1
        for end, (_, row) in zip(key[1].children, known.iterrows(), strict=True):
            assert "±" not in end.children
            assert ends_in_time(end.children, scale * row[f"{column}_se"], scale * row[column])


def test_claims_and_sentences_do(atlas):
    for claim, answer in zip((*OF_THE_SOURCE, *OURS), answers(atlas, (*OF_THE_SOURCE, *OURS)), strict=True):
        are_paired(answer.why, digits=2)
        are_paired(answer.number, digits=2)
        assert not re.search(r"\d\.\d{5}", answer.why + answer.number), claim.sentence
    assert are_paired(json.loads(to_json(claims.layout(atlas))).__str__(), digits=2) > 3
    for step in lecture(atlas):
        are_paired(step.sentence)
    assert first_screen("", atlas).point


def test_docs_findings_does():
    assert are_paired((ROOT / "docs" / "findings.md").read_text(encoding="utf-8"), digits=2) > 40


@given(st.floats(-1e6, 1e6), st.floats(1e-9, 1e5))
def test_a_number_without_its_error_on_screen_has_no_digit_beyond_it(value, error):
    shown = value_text("rate_z2", value, error)
    number = float(shown.removesuffix(" nats").replace("−", "-"))
    place = max(first_digit(error), last_place(value_text("rate_z2", value)))
    assert abs(number - value) <= 0.500001 * place
    assert abs(number / place - round(number / place)) < 1e-6
