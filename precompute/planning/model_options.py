"""`--model KEY=VALUE`: what may be chosen of the models, as `hvae.config.FIELDS` describes it."""

from __future__ import annotations

import difflib
import math
import textwrap
from collections.abc import Mapping, Sequence

from hvae.architectures import registry
from hvae.architectures.architecture import Architecture
from hvae.atlas.manifest import most
from hvae.config import FIELDS, Choice, HVAEConfig, Range, plain
from hvae.datasets.dataset import HIGHEST_SIDE, LOWEST_SIDE
from hvae.datasets.registry import find
from hvae.errors import UserError, one_line

Value = int | float | str

ARCHITECTURE = "architecture"


def keys() -> dict[str, Choice | Range]:
    """What may be chosen: every field but the number of layers, and an architecture that is registered."""
    of_architectures = Choice(ARCHITECTURE, registry.names(), "The network; docs/network.md describes it.")
    fields = {name: field for name, field in FIELDS.items() if name != "layers"}
    return {ARCHITECTURE: of_architectures, **fields}


def model_fields(words: Sequence[str], dataset: str, side: int) -> dict[str, Value]:
    """The fields of `HVAEConfig` that `KEY=VALUE` words ask for, and those that suit the data set.

    side: height and width of the pictures, on which depends how large a model may be.
    Raises UserError for an unknown key, a value that it may not have, a key with two values, and pictures
    that the architecture does not take.
    """
    architecture = registry.DEFAULT
    given: dict[str, Value] = {}
    # The architecture first: what else may be chosen depends on it.
    for word in sorted(words, key=lambda word: word.partition("=")[0].strip() != ARCHITECTURE):
        key, value = parsed(word, dataset, side, architecture)
        if given.setdefault(key, value) != value:
            raise UserError(f"--model has two values for {key}, {given[key]} and {value}: leave one.")
        architecture = given.get(ARCHITECTURE, architecture)
    refuse_side(architecture, side)
    fields = {**defaults(dataset, architecture), **given}
    if architecture == registry.DEFAULT:
        fields.pop(ARCHITECTURE, None)
    return fields


def refuse_side(architecture: str, side: int) -> None:
    """Raise UserError if the architecture does not take pictures of side × side pixels."""
    step = registry.find(architecture).step
    if side % step:
        close = min(max(step * round(side / step), LOWEST_SIDE), HIGHEST_SIDE)
        raise UserError(
            f"--model architecture={architecture} takes pictures whose sides are multiples of {step}, not "
            f"{side}: the nearest is --size {close}."
        )


def parsed(word: str, dataset: str, side: int, architecture: str = registry.DEFAULT) -> tuple[str, Value]:
    """Key and value of a `KEY=VALUE`. Raises UserError, which names the nearest that would do."""
    key, equals, text = (part.strip() for part in word.partition("="))
    known = keys()
    if key not in known:
        close = nearest(key, tuple(known))
        raise UserError(
            f"--model knows no key {short(key)!r} (did you mean {close}?): --model help lists all of them."
        )
    field = known[key]
    if not equals:
        raise UserError(
            f"--model {short(word)} has no value: write, for example, --model "
            f"{key}={default(key, dataset, architecture)}."
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
        hint = f"the default is {key}={plain(default(key, dataset, architecture))}"
    else:
        close = nearest_number(number, field, side, architecture)
        if close == number:
            return key, close
        hint = f"the nearest is {key}={plain(close)}"
    raise UserError(f"--model {key}={short(text)} must be {allowed(field, side, architecture)}: {hint}.")


def nearest_number(
    number: float, field: Range, side: int, architecture: str = registry.DEFAULT
) -> int | float:
    """The value that a field may have which is nearest to a number."""
    inside = min(max(number, field.low), highest(field, side, architecture))
    if not field.is_whole:
        return inside
    return 2 * round(inside / 2) if field.is_even else round(inside)


def nearest(text: str, words: Sequence[str]) -> str:
    """The most similar of some words."""
    return difflib.get_close_matches(text.lower(), words, n=1, cutoff=0)[0]


def short(text: str) -> str:
    """What a user typed, cut to what fits in a sentence."""
    return one_line(text, 40)


def defaults(dataset: str, architecture: str = registry.DEFAULT) -> Mapping[str, Value]:
    """What suits a data set and is part of an architecture, where it is not what `HVAEConfig` has."""
    record, _ = find(dataset)
    return {**(record.model if record else {}), **registry.find(architecture).defaults}


def default(key: str, dataset: str, architecture: str = registry.DEFAULT) -> Value:
    """What a key is where it is not given."""
    return defaults(dataset, architecture).get(key, getattr(HVAEConfig(), key))


def highest(field: Range, side: int, architecture: str = registry.DEFAULT) -> float:
    """The highest value of a number, for pictures of side × side pixels."""
    highest_of_all = most(field.name, side * side, architecture)
    return highest_of_all - highest_of_all % 2 if field.is_even else highest_of_all


def listed(field: Choice) -> str:
    """The words to choose from."""
    return " or ".join(field.words)


def allowed(field: Choice | Range, side: int, architecture: str = registry.DEFAULT) -> str:
    """What a key may be, in words."""
    if isinstance(field, Choice):
        return listed(field)
    return f"{field.kind} from {plain(field.low)} to {plain(highest(field, side, architecture))}"


def model_help(dataset: str, side: int) -> str:
    """Every key: what it may be, what it is where it is not given, and a sentence about it.

    Of architectures, also what each is, and which keys have other defaults with it.
    """
    lines = []
    for key, field in keys().items():
        about = f"{allowed(field, side)}; by default {default(key, dataset)}. {field.meaning}"
        if key == ARCHITECTURE:
            about = " ".join([about, *map(described, registry.REGISTRY.all())])
        lines += textwrap.wrap(about, 100, initial_indent=f"{key:<13} ", subsequent_indent=" " * 14)
    return "\n".join(lines)


def described(architecture: Architecture) -> str:
    """A sentence about an architecture."""
    own = ", ".join(f"{key}={value}" for key, value in architecture.defaults.items())
    return f"{architecture.name}: {architecture.title}{own and f', by default {own}'}."
