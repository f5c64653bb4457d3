"""Which atlases are served, in what order, and what a menu calls them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from app.page.words import dataset_title
from hvae.atlas.atlas import Atlas, shipped_names
from hvae.errors import UserError

log = logging.getLogger(__name__)


def served_atlases(path: Path | None) -> dict[str, Atlas]:
    """Atlases by name: first the one at `path`, else MNIST, then all others that ship.

    A name in an address stands for one atlas: of two that have the same, the one at `path` is served. One
    that ships and is damaged is left out, and the log says why. Raises UserError where the first is damaged.
    """
    first = Atlas.default() if path is None else Atlas.open(path)
    atlases = {first.name: first}
    for name in shipped_names():
        if name in atlases:
            continue
        try:
            atlases[name] = Atlas.shipped(name)
        except UserError as error:
            log.warning("The atlas %s is left out: %s", name, error)
    return atlases


def atlas_titles(atlases: Mapping[str, Atlas]) -> dict[str, str]:
    """What people call the atlases: data set and grid; with the name, where others are called the same."""
    called = {name: atlas_title(atlas) for name, atlas in atlases.items()}
    count = Counter(called.values())
    return {name: text if count[text] == 1 else f"{text} ({name})" for name, text in called.items()}


def atlas_title(atlas: Atlas) -> str:
    """Data set and size of the grid: `MNIST, 5 × 5`."""
    betas = atlas.manifest.betas
    return f"{dataset_title(atlas.manifest.dataset)}, {len(betas.beta_2)} × {len(betas.beta_1)}"
