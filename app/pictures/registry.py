"""All kinds of answers: the records of the modules in `app/pictures/kinds/`, found on import.

Endpoints, /openapi.json and the Python that the page exports derive from them. Importing this module does not
import torch.
"""

from __future__ import annotations

from app.pictures import kinds as home
from app.pictures.kind import Kind
from hvae.registry import Registry

REGISTRY: Registry[Kind] = Registry(home, "KINDS", "a kind")


def kinds() -> list[Kind]:
    """Return all kinds, ordered by name."""
    return REGISTRY.all()


REGISTRY.discover()
