"""axe-core's rules, for tests: what of a page breaks one.

It is no part of this repository: `npm install --no-save axe-core`, or AXE_CORE=/path/to/axe.min.js.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from documents import ROOT

AXE = Path(os.environ.get("AXE_CORE") or ROOT / "node_modules" / "axe-core" / "axe.min.js")

needs_axe = pytest.mark.skipif(
    not AXE.is_file(), reason="axe-core is not here: npm install --no-save axe-core (CONTRIBUTING.md)"
)

VIOLATIONS = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, any, all, none }) =>
            `${id}: ${target.join(' ')} (${[...any, ...all, ...none].map(({ message }) => message)[0]})`));
}"""

MODES = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"color_scheme": "light", "forced_colors": "active"},
}
"""What a visitor may prefer."""


def faults(page: Any) -> list[str]:
    """Return what breaks a rule on the page as it is now."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate(VIOLATIONS)
