"""Generators of random numbers that know their device, in place of torch.Generator."""

from __future__ import annotations

import torch

RealGenerator = torch.Generator


class GpuGenerator(RealGenerator):
    """A generator for a GPU, known by its seed: torch hands on another object."""

    seeds: set[int] = set()

    def manual_seed(self, seed: int) -> GpuGenerator:
        GpuGenerator.seeds.add(seed)
        return super().manual_seed(seed)


class _AnyGenerator(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, RealGenerator)


class Generator(metaclass=_AnyGenerator):
    """torch.Generator."""

    def __new__(cls, device: object = "cpu") -> torch.Generator:
        if torch.device(device).type != "cuda":
            return RealGenerator()
        return GpuGenerator().manual_seed(2**40 + len(GpuGenerator.seeds))
