"""The configuration of an HVAE; importing it does not import torch."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal

from hvae.architectures.registry import DEFAULT, NAME, find, registered


@dataclass(frozen=True)
class Choice:
    """A field of a config that is one of a few words. meaning: one sentence for people."""

    name: str
    words: tuple[str, ...]
    meaning: str

    def allows(self, value: object) -> bool:
        """Whether the field may have this value."""
        return isinstance(value, str) and value in self.words

    @property
    def allowed(self) -> str:
        """What the field must be."""
        return " or ".join(map(repr, self.words))


@dataclass(frozen=True)
class Range:
    """A field of a config that is a number from `low` to `high`, both included; whole where `low` is an int.

    meaning: one sentence for people. is_even: whether it has to be even, as `low` and `high` are.
    """

    name: str
    low: float
    high: float
    meaning: str
    is_even: bool = False

    def allows(self, value: object) -> bool:
        """Whether the field may have this value."""
        if not isinstance(value, int if self.is_whole else int | float) or isinstance(value, bool):
            return False
        return self.low <= value <= self.high and not (self.is_even and value % 2)

    @property
    def is_whole(self) -> bool:
        """Whether the number has to be whole."""
        return isinstance(self.low, int)

    @property
    def kind(self) -> str:
        """`an even number`, `a whole number`, `a number`."""
        return "an even number" if self.is_even else "a whole number" if self.is_whole else "a number"

    @property
    def allowed(self) -> str:
        """What the field must be."""
        return f"{self.kind} in [{plain(self.low)}, {plain(self.high)}]"


def plain(number: float) -> str:
    """A number as people write it: 0.5, 1e-6."""
    return str(number) if isinstance(number, int) else f"{number:g}".replace("e-0", "e-").replace("e+0", "e")


FIELDS: dict[str, Choice | Range] = {
    field.name: field
    for field in (
        Range("layers", 1, 32, "Latent layers; 1 is a plain VAE."),
        Choice(
            "inference",
            ("generalized", "ladder"),
            "How q(z₁|z₂, x) is made: from x and z₂ together, or as in a ladder VAE (the source's Fig. 1).",
        ),
        Choice(
            "likelihood", ("gaussian", "bernoulli"), "p(x|z): Gaussian with a fixed variance, or Bernoulli."
        ),
        Range("variance", 1e-6, 1e6, "σ² of the Gaussian likelihood; only its product with β matters."),
        Range("top_dim", 1, 4096, "Dimensions of the top latent, a vector; fewer leave more to z₁."),
        Range("channels", 1, 1024, "Channels of z₁, a map; its height and width are the architecture's."),
        Range("width", 2, 1024, "Channels of the hidden feature maps.", is_even=True),
    )
}
"""What the fields of `HVAEConfig` may be, but for the shape of its pictures."""


@dataclass(frozen=True)
class HVAEConfig:
    """Everything needed to build an HVAE, small enough to travel in a checkpoint's metadata.

    image_shape: (C, H, W); H and W are multiples of 4. The other fields are described in `FIELDS`.
    layers: L; z_1, …, z_{L-1} are spatial.
    architecture: a name. One that is not registered here can be told of, but not built.
    The defaults are those of `residual`; `of` knows those of other architectures.
    Raises ValueError for values outside their range.
    """

    image_shape: tuple[int, int, int] = (1, 32, 32)
    layers: int = 2
    top_dim: int = 32
    channels: int = 4
    width: int = 32
    inference: Literal["generalized", "ladder"] = "generalized"
    likelihood: Literal["gaussian", "bernoulli"] = "gaussian"
    variance: float = 0.5
    architecture: str = DEFAULT

    @classmethod
    def of(cls, architecture: str = DEFAULT, **fields: Any) -> HVAEConfig:
        """Return a config of an architecture, with its own defaults for fields that are not given.

        Raises UserError if it is not registered, ValueError as the class does.
        """
        return cls(**{**find(architecture).defaults, **fields}, architecture=architecture)

    def __post_init__(self) -> None:
        object.__setattr__(self, "image_shape", tuple(self.image_shape))
        side = Range("side", 1, 1024, "")
        if len(self.image_shape) != 3 or not all(map(side.allows, self.image_shape)):
            raise ValueError(f"image_shape must be (channels, height, width), not {self.image_shape}")
        if any(length % 4 for length in self.image_shape[1:]):
            raise ValueError(f"image height and width must be multiples of 4, not {self.image_shape[1:]}")
        for name, field in FIELDS.items():
            value = getattr(self, name)
            if not field.allows(value):
                raise ValueError(f"{name} must be {field.allowed}, not {value!r}")
        if not isinstance(self.architecture, str) or not NAME.fullmatch(self.architecture):
            raise ValueError(f"architecture must be a name, not {self.architecture!r}")
        known = registered(self.architecture)
        if known and (refusal := known.refusal(self)):
            raise ValueError(refusal)

    @property
    def latent_shapes(self) -> list[tuple[int, ...]]:
        """Shape of each latent, layer 1 first, without the batch dimension.

        Raises UserError if the architecture is not registered.
        """
        return find(self.architecture).latent_shapes(self)

    @property
    def has_direct_path(self) -> bool:
        """Whether p(x|z_1, …, z_L) depends on the latents above z_1 directly, too; False if not known."""
        known = registered(self.architecture)
        return known is not None and known.has_direct_path

    @property
    def scales(self) -> list[tuple[int, int]]:
        """(height, width) of feature maps, finest first: H/4 × W/4, then halved at each step.

        Of `residual`, z_ℓ of a spatial layer lives at scale ℓ, and the vector z_L is read off the coarsest.
        """
        scales = [(self.image_shape[1] // 4, self.image_shape[2] // 4)]
        while len(scales) < max(self.layers, 2):
            scales.append((math.ceil(scales[-1][0] / 2), math.ceil(scales[-1][1] / 2)))
        return scales

    def to_dict(self) -> dict:
        """Return a JSON-ready dictionary; `HVAEConfig(**config.to_dict())` gives the config back.

        The default architecture is left out: files from before there were others stay as they are.
        """
        fields = {**dataclasses.asdict(self), "image_shape": list(self.image_shape)}
        if self.architecture == DEFAULT:
            del fields["architecture"]
        return fields
