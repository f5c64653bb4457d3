"""The plan of an atlas."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from hvae.atlas.point import Point, parents_range
from hvae.config import HVAEConfig
from hvae.datasets import Images
from hvae.training.recipe import FROM_SCRATCH, PARENT, REFINEMENT, Recipe
from precompute.planning.grid import grid

# A parent sees every β, so it needs many images; of few images it may not see each too often.
PARENT_IMAGES, MOST_EPOCHS = 1_500_000, 100


@dataclass(frozen=True)
class Plan:
    """The plan of an atlas; two runs with the same plan on the same CPU give the same metrics.

    recipe: how each point is trained, from its fold or from scratch; with 0 epochs a point is its fold.
    parent_recipe: how the parent is trained; None if points start from scratch.
    weights: type of the points' stored weights; training does not depend on it.
    model: fields of the models' config with other values than the defaults of `HVAEConfig`.
    chosen: the points of the grid to train; None for all of them.
    """

    dataset: str
    betas: list[float]
    recipe: Recipe = REFINEMENT
    parent_recipe: Recipe | None = PARENT
    seed: int = 0
    weights: str = "float32"
    model: Mapping[str, int | float | str] = field(default_factory=dict)
    chosen: tuple[Point, ...] | None = None

    @classmethod
    def make(
        cls,
        dataset: str,
        betas: list[float],
        images: int,
        *,
        epochs: int | None = None,
        refine_epochs: int = 1,
        from_scratch: bool = False,
        seed: int = 0,
        weights: str = "float32",
        model: Mapping[str, int | float | str] | None = None,
    ) -> Plan:
        """Return the plan of the command line's options, for so many training images.

        epochs: of the parent, or of each point that starts from scratch.
        """
        if from_scratch:
            return cls(dataset, betas, with_epochs(FROM_SCRATCH, epochs), None, seed, weights, model or {})
        enough = min(MOST_EPOCHS, max(PARENT.epochs, math.ceil(PARENT_IMAGES / images)))
        parent = with_epochs(PARENT, epochs or enough)
        refinement = with_epochs(REFINEMENT, refine_epochs)
        return cls(dataset, betas, refinement, parent, seed, weights, model or {})

    @property
    def points(self) -> list[Point]:
        """Every point to train, β₂ outer, β₁ inner."""
        return [point for point in grid(self.betas) if self.chosen is None or point in self.chosen]

    @property
    def beta_range(self) -> tuple[float, float]:
        """The range of β for the parent's training; for a grid of one value, a little wider."""
        return parents_range(self.betas)


def with_epochs(recipe: Recipe, epochs: int | None) -> Recipe:
    """Return the recipe with other epochs, unless None."""
    return recipe if epochs is None else dataclasses.replace(recipe, epochs=epochs)


def model_config(plan: Plan, images: Images) -> HVAEConfig:
    """Return the HVAE that a run of the plan trains on these images."""
    return HVAEConfig(image_shape=tuple(images.images.shape[1:]), **plan.model)
