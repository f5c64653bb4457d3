"""The served atlases, their order, and by what they are chosen."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from app.atlases.thumbnails import thumbnails
from app.page.words import dataset_title
from hvae.atlas.atlas import Atlas, shipped_names
from hvae.errors import UserError

log = logging.getLogger(__name__)

SHOWN_FIRST = "fashion-mnist"
"""Of the atlases that ship, the one in which most claims of the source hold, by errors of one kind; of two,
the one in which the three optima are different models."""


class AtlasCard(NamedTuple):
    """By what visitors choose an atlas. thumbnails: see `app.atlases.thumbnails`."""

    title: str
    thumbnails: str = ""


def served_atlases(paths: Sequence[Path] = ()) -> dict[str, Atlas]:
    """Return atlases by name: first those at `paths`, or SHOWN_FIRST, then all others that ship.

    A path that is no folder may be the name of an atlas that ships. A name belongs to one atlas: one at
    `paths` is served instead of one that ships. A damaged atlas that ships is left out, with a line in the
    log. Raises UserError if one at `paths` is damaged, or if two of them have the same name.
    """
    atlases: dict[str, Atlas] = {}
    for atlas in map(_named, paths) if paths else [_shown_first()]:
        if atlas.name in atlases:
            both = f"{atlases[atlas.name].path} and {atlas.path}"
            raise UserError(f"{both} have the same name, {atlas.name}: rename one of the folders.")
        atlases[atlas.name] = atlas
    for name in shipped_names():
        if name in atlases:
            continue
        try:
            atlases[name] = Atlas.shipped(name)
        except UserError as error:
            log.warning("The atlas %s is left out: %s", name, error)
    return atlases


def _shown_first() -> Atlas:
    return Atlas.shipped(SHOWN_FIRST) if SHOWN_FIRST in shipped_names() else Atlas.default()


def _named(path: Path) -> Atlas:
    is_shipped = not path.exists() and str(path) in shipped_names()
    return Atlas.shipped(str(path)) if is_shipped else Atlas.open(path)


def atlas_titles(atlases: Mapping[str, Atlas]) -> dict[str, str]:
    """Return titles of the atlases for people: data set and grid, and the name if titles are the same."""
    called = {name: atlas_title(atlas) for name, atlas in atlases.items()}
    count = Counter(called.values())
    return {name: text if count[text] == 1 else f"{text} ({name})" for name, text in called.items()}


def atlas_cards(atlases: Mapping[str, Atlas]) -> dict[str, AtlasCard]:
    """Return the cards by which to choose one of the atlases; an atlas that is alone needs no pictures."""
    titles = atlas_titles(atlases)
    if len(atlases) < 2:
        return {name: AtlasCard(title) for name, title in titles.items()}
    return {name: AtlasCard(titles[name], thumbnails(atlas)) for name, atlas in atlases.items()}


def atlas_title(atlas: Atlas) -> str:
    """Return data set and size of the grid: `MNIST, 5 × 5`."""
    betas = atlas.manifest.betas
    return f"{dataset_title(atlas.manifest.dataset)}, {len(betas.beta_2)} × {len(betas.beta_1)}"
