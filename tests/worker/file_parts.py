"""A safetensors file in its parts, to be forged."""

from __future__ import annotations

import json
from typing import Any


def parts(data: bytes) -> tuple[dict, bytes]:
    """Header and numbers of a safetensors file."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def whole(header: Any, numbers: bytes, blanks: int = 0) -> bytes:
    """The inverse of `parts`, with blanks after the header."""
    text = json.dumps(header).encode() + b" " * blanks
    return len(text).to_bytes(8, "little") + text + numbers
