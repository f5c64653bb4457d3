"""All architectures: the records of the modules in `hvae/architectures/known/`, found on import.

A name is only looked up here: nothing is imported because an atlas names it. Importing this module does not
import torch.
"""

from __future__ import annotations

import os
import re

from hvae.architectures import known as home
from hvae.architectures.architecture import Architecture
from hvae.errors import UserError
from hvae.registry import Registry

PLUGIN = "HVAE_PLUGIN"
"""The environment variable that names the user's own file: see `hvae.architectures.plugin`."""

DEFAULT = "residual"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def _refuse_other_names(architecture: Architecture) -> None:
    if not NAME.fullmatch(architecture.name):
        raise ValueError(f"{architecture.name!r} is not a name of an architecture")


REGISTRY: Registry[Architecture] = Registry(
    home,
    "ARCHITECTURES",
    "an architecture",
    order=lambda architecture: (architecture.place, architecture.name),
    check=_refuse_other_names,
)


def names() -> tuple[str, ...]:
    """Return the names of all architectures, in the order of lists."""
    return tuple(architecture.name for architecture in REGISTRY.all())


def registered(name: str) -> Architecture | None:
    """Return the architecture of that name; None if there is none.

    It may be in the file that HVAE_PLUGIN names, as in processes that a command with --plugin starts.
    Raises UserError if that file cannot be used.
    """
    found = REGISTRY.by_name.get(name)
    if found is None and os.environ.get(PLUGIN):
        from hvae.architectures.plugin import load_named_plugin

        load_named_plugin()
        found = REGISTRY.by_name.get(name)
    return found


def find(name: str) -> Architecture:
    """Return the architecture of that name. Raises UserError, which says how to give it, if there is none."""
    found = registered(name)
    if found is None:
        raise UserError(
            f"These models have the architecture {name}, which is not here: give the file that registers it "
            "with --plugin FILE.py (in a notebook, hvae.load_plugin), or install a release that has it."
        )
    return found


REGISTRY.discover()
