"""How figures are to look: what a visitor chose for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from app.page.menus import dot_metrics

BETAS = "betas"
UNITS = ("nats", "bits")
AXES = ("linear", "log")

Name = TypeVar("Name", bound=str)


def choice(chosen: Mapping[str, Any], field: str, names: Iterable[Name]) -> Name:
    """The one of `names` that a page asks for; the first where it asks for none of them."""
    names = list(names)
    return chosen[field] if chosen.get(field) in names else names[0]


@dataclass(frozen=True)
class Look:
    """units: of rates, distortion and information. axes: of rates. colour: `betas`, the shared code over
    (β₂, β₁), or the column of metrics that colours the dots."""

    units: str = "nats"
    axes: str = "linear"
    colour: str = BETAS

    @classmethod
    def of(cls, chosen: object) -> Look:
        """The look that a page asks for; what it does not say, or says wrongly, is as it is by default."""
        chosen = chosen if isinstance(chosen, Mapping) else {}
        return cls(
            units=choice(chosen, "units", UNITS),
            axes=choice(chosen, "axes", AXES),
            colour=choice(chosen, "colour", (BETAS, *dot_metrics())),
        )
