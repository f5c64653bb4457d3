"""Where theory puts the points of an atlas: `hvae.theory` at each of their (β₂, β₁)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from app.page.menus import THEORY
from hvae import theory
from hvae.atlas.atlas import Atlas

COLUMNS = ("rate_z2", "rate_z1", "rate_total", "distortion")
"""What is predicted, under the names of the columns that hold what was measured."""
ON = tuple(THEORY)[1]
THEOREM = "At the optimum no model off β₂ = β₁ has a lower distortion at equal total rate."
FROM_THE_SPECTRUM = (
    "Joined rings: where theory puts these models, from nothing but the spectrum of the training images."
)
OF_DISTORTION = (
    "Joined rings: theory, from the images' spectrum alone; networks are not linear and may get below it."
)
OF_PSNR = (
    "★ the best split in each band. A higher PSNR off the line β₂ = β₁ is noise, unfinished training, or a "
    "few hundredths of a dB: PSNR is of posterior means."
)


def predictions(atlas: Atlas) -> pd.DataFrame | None:
    """Return the COLUMNS of the optimal linear HVAE for each row of the atlas's table, nats per image.

    None where theory has nothing to say: `why_no_theory` says why.
    """
    if why_no_theory(atlas):
        return None
    spectrum, config, table = atlas.spectrum, atlas.config, atlas.metrics
    assert spectrum is not None
    rows = []
    for beta_2, beta_1 in table[["beta_2", "beta_1"]].to_numpy(float):
        at = theory.optimum(spectrum, config, beta_2=beta_2, beta_1=beta_1)
        rows.append((at.rate_z2, at.rate_z1, at.rate_z2 + at.rate_z1, at.distortion))
    return pd.DataFrame(rows, columns=list(COLUMNS), index=table.index)


def chosen_predictions(atlas: Atlas, look: Mapping[str, Any]) -> pd.DataFrame | None:
    """Return the predictions if a visitor's look asks for theory, otherwise None."""
    return predictions(atlas) if look.get("theory") == ON else None


def why_no_theory(atlas: Atlas) -> str:
    """Return a sentence about what theory would need; empty where nothing is missing."""
    config = atlas.config
    if config.layers != 2 or config.likelihood != "gaussian":
        return "Theory is of models with two layers and a Gaussian likelihood: it says nothing about these."
    if not len(atlas.metrics):
        return "Theory has nothing to predict: this atlas has no models yet."
    if atlas.spectrum is None:
        return "Theory needs the images' spectrum, which this atlas lacks."
    return ""
