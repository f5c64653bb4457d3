"""How figures are to look: what a visitor chose for all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.words import METRICS

BETAS = "betas"
UNITS = ("nats", "bits")
AXES = ("linear", "log")


@dataclass(frozen=True)
class Look:
    """units: of rates, distortion and information. axes: of rates. colour: `betas`, the shared code over
    (β₂, β₁), or the column of metrics that colours the dots."""

    units: str = "nats"
    axes: str = "linear"
    colour: str = BETAS

    @classmethod
    def of(cls, chosen: Mapping[str, Any] | None) -> Look:
        """The look that a page asks for; what it does not say, or says wrongly, is as it is by default."""
        chosen = chosen or {}
        allowed = {"units": UNITS, "axes": AXES, "colour": (BETAS, *METRICS)}
        return cls(**{name: chosen[name] for name, values in allowed.items() if chosen.get(name) in values})
