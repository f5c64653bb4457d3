"""The ways to compute a training, which options name before torch is imported."""

from __future__ import annotations

from enum import StrEnum


class Formulation(StrEnum):
    """How points are trained together; see `hvae.training.stacked_convolutions`."""

    loop = "loop"
    grouped = "grouped"
    grouped_last = "grouped_last"
    matmul = "matmul"
    einsum = "einsum"


class Products(StrEnum):
    """What a training's products are computed in; bfloat16 is autocast's. All else is float32."""

    float32 = "float32"
    bfloat16 = "bfloat16"


FORMULATIONS = tuple(one.value for one in Formulation)
PRECISIONS = tuple(one.value for one in Products)
