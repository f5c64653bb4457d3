"""All explanations, as the page's scripts read them."""

from __future__ import annotations

from typing import Any

from app.page.explanations.about import about


def explanations() -> dict[str, Any]:
    """Return the explanations, kind → content, the same for all atlases. JSON-ready."""
    return {"about": about()}
