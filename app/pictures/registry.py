"""All kinds of answers: the records of the modules in `app/pictures/kinds/`, found on import.

Endpoints, /openapi.json and the Python that the page exports derive from them. Importing this module does not
import torch.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from app.pictures import kinds as home
from app.pictures.kind import Kind

_REGISTERED: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Add a kind. Raises ValueError if its name is taken."""
    if kind.name in _REGISTERED:
        raise ValueError(f"a kind {kind.name!r} is registered already")
    _REGISTERED[kind.name] = kind


def unregister(name: str) -> None:
    """Remove a kind. Raises KeyError if there is none of that name."""
    del _REGISTERED[name]


def discover() -> None:
    """Register the new `KINDS` of the modules in `app/pictures/kinds/`."""
    for module in iter_modules(home.__path__, f"{home.__name__}."):
        for kind in import_module(module.name).KINDS:
            if _REGISTERED.get(kind.name) != kind:
                register(kind)


def kinds() -> list[Kind]:
    """Return all kinds, ordered by name."""
    return sorted(_REGISTERED.values(), key=lambda kind: kind.name)


discover()
