"""`--model KEY=VALUE`: what may be chosen of the models, as `hvae.config.FIELDS` describes it."""

from __future__ import annotations

import difflib
import math
import textwrap
from collections.abc import Mapping, Sequence

from hvae.atlas.manifest import most
from hvae.config import FIELDS, Choice, HVAEConfig, Range, plain
from hvae.datasets.registry import find
from hvae.errors import UserError, one_line

Value = int | float | str

ARCHITECTURE = Choice("architecture", ("residual",), "The network; docs/network.md describes it.")
"""No field of a config: so far there is one network."""

KEYS: dict[str, Choice | Range] = {
    "architecture": ARCHITECTURE,
    **{name: field for name, field in FIELDS.items() if name != "layers"},
}


def model_fields(words: Sequence[str], dataset: str, side: int) -> dict[str, Value]:
    """The fields of `HVAEConfig` that `KEY=VALUE` words ask for, and those that suit the data set.

    side: height and width of the pictures, on which depends how large a model may be.
    Raises UserError for an unknown key, a value that it may not have, and a key with two values.
    """
    given: dict[str, Value] = {}
    for word in words:
        key, value = parsed(word, dataset, side)
        if given.setdefault(key, value) != value:
            raise UserError(f"--model has two values for {key}, {given[key]} and {value}: leave one.")
    fields = {**defaults(dataset), **given}
    fields.pop(ARCHITECTURE.name, None)
    return fields


def parsed(word: str, dataset: str, side: int) -> tuple[str, Value]:
    """Key and value of a `KEY=VALUE`. Raises UserError, which names the nearest that would do."""
    key, equals, text = (part.strip() for part in word.partition("="))
    if key not in KEYS:
        close = nearest(key, tuple(KEYS))
        raise UserError(
            f"--model knows no key {short(key)!r} (did you mean {close}?): --model help lists all of them."
        )
    field = KEYS[key]
    if not equals:
        raise UserError(
            f"--model {short(word)} has no value: write, for example, --model {key}={default(key, dataset)}."
        )
    if isinstance(field, Choice):
        if text not in field.words:
            close = nearest(text, field.words)
            raise UserError(
                f"--model {key}={short(text)} is unknown (did you mean {close}?): choose {listed(field)}."
            )
        return key, text
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        hint = f"the default is {key}={plain(default(key, dataset))}"
    else:
        close = nearest_number(number, field, side)
        if close == number:
            return key, close
        hint = f"the nearest is {key}={plain(close)}"
    raise UserError(f"--model {key}={short(text)} must be {allowed(field, side)}: {hint}.")


def nearest_number(number: float, field: Range, side: int) -> int | float:
    """The value that a field may have which is nearest to a number."""
    inside = min(max(number, field.low), highest(field, side))
    if not field.is_whole:
        return inside
    return 2 * round(inside / 2) if field.is_even else round(inside)


def nearest(text: str, words: Sequence[str]) -> str:
    """The most similar of some words."""
    return difflib.get_close_matches(text.lower(), words, n=1, cutoff=0)[0]


def short(text: str) -> str:
    """What a user typed, cut to what fits in a sentence."""
    return one_line(text, 40)


def defaults(dataset: str) -> Mapping[str, Value]:
    """What suits a data set, where it is not what `HVAEConfig` has."""
    record, _ = find(dataset)
    return record.model if record else {}


def default(key: str, dataset: str) -> Value:
    """What a key is where it is not given."""
    if key == ARCHITECTURE.name:
        return ARCHITECTURE.words[0]
    return defaults(dataset).get(key, getattr(HVAEConfig(), key))


def highest(field: Range, side: int) -> float:
    """The highest value of a number, for pictures of side × side pixels."""
    highest_of_all = most(field.name, side * side)
    return highest_of_all - highest_of_all % 2 if field.is_even else highest_of_all


def listed(field: Choice) -> str:
    """The words to choose from."""
    return " or ".join(field.words)


def allowed(field: Choice | Range, side: int) -> str:
    """What a key may be, in words."""
    if isinstance(field, Choice):
        return listed(field)
    return f"{field.kind} from {plain(field.low)} to {plain(highest(field, side))}"


def model_help(dataset: str, side: int) -> str:
    """Every key: what it may be, what it is where it is not given, and a sentence about it."""
    lines = []
    for key, field in KEYS.items():
        about = f"{allowed(field, side)}; by default {default(key, dataset)}. {field.meaning}"
        lines += textwrap.wrap(about, 100, initial_indent=f"{key:<13} ", subsequent_indent=" " * 14)
    return "\n".join(lines)
