"""Architectures from a file of the user's own: `--plugin FILE.py`, or HVAE_PLUGIN.

The file is a module like those in `hvae/architectures/known/`: it has a tuple ARCHITECTURES. Only a command
line or the environment names it. Nothing is imported because an atlas says so.
"""

from __future__ import annotations

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from hvae.architectures.architecture import Architecture
from hvae.architectures.registry import PLUGIN, REGISTRY
from hvae.errors import UserError, one_line
from hvae.files import user_path

HELP = "Python file that registers an architecture of your own; docs/extending.md says how."


def load_plugin(file: str | Path) -> None:
    """Run a Python file and register its architectures, in this process and in those that it starts.

    Raises UserError if it is missing, cannot be run, or registers nothing or a name that is taken.
    """
    path = user_path(file).absolute()
    if not path.is_file():
        raise UserError(f"There is no file {file}: --plugin takes a Python file with an architecture.")
    for architecture in _architectures(path, f"hvae_plugin_{path.stem}"):
        try:
            if REGISTRY.by_name.get(architecture.name) != architecture:
                REGISTRY.register(architecture)
        except ValueError as error:
            raise UserError(f"{file} cannot be used: {one_line(error)}.") from None
    os.environ[PLUGIN] = str(path)


def load_named_plugin() -> None:
    """Load the file that HVAE_PLUGIN names, if it names one; see `load_plugin`."""
    if named := os.environ.get(PLUGIN):
        load_plugin(named)


def _architectures(path: Path, name: str) -> tuple[Architecture, ...]:
    known = sys.modules.get(name)
    if known is None or getattr(known, "__file__", None) != str(path):
        spec = spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise UserError(f"{path} is not a Python file: --plugin takes one that ends in .py.")
        known = module_from_spec(spec)
        sys.modules[name] = known
        try:
            spec.loader.exec_module(known)
        except Exception as error:
            del sys.modules[name]
            raise UserError(f"{path} cannot be run ({type(error).__name__}: {one_line(error)}).") from None
    found = getattr(known, "ARCHITECTURES", ())
    if not (isinstance(found, tuple) and found and all(isinstance(one, Architecture) for one in found)):
        raise UserError(f"{path} registers nothing: it needs ARCHITECTURES = (Architecture(…),).")
    return found
