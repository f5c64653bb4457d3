"""Hierarchical VAEs, and atlases of where they keep their information.

Names are imported at their first use, so that opening an atlas does not wait for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Atlas": "hvae.atlas.atlas",
    "HVAE": "hvae.model",
    "HVAEConfig": "hvae.config",
    "UserError": "hvae.errors",
    "load_plugin": "hvae.architectures.plugin",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hvae' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
