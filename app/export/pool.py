"""Values that are alike, stored once."""

from __future__ import annotations

import json
from typing import Any

REFERENCE = "$"
SHORT = 24
"""Characters of JSON up to which a value is no longer than a reference to it would be, all in all."""


class Pool:
    """Lists and dictionaries, each once; `packed` values refer to them: `{"$": 3}`.

    `assets/page/figures/recorded/recorded.js` puts them together again.
    """

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._places: dict[str, int] = {}

    def packed(self, value: Any) -> Any:
        """Return a JSON value with references in place of its longer parts, and of itself."""
        if isinstance(value, dict):
            value = {name: self.packed(part) for name, part in value.items()}
        elif isinstance(value, list):
            value = [self.packed(part) for part in value]
        else:
            return value
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        if len(text) <= SHORT:
            return value
        if text not in self._places:
            self._places[text] = len(self.values)
            self.values.append(value)
        return {REFERENCE: self._places[text]}
