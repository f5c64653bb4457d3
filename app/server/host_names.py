"""The names that a server answers to, as a request's Host header gives them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.IGNORECASE | re.ASCII)
"""A Host header: a name or an address, IPv6 in brackets, and perhaps a port."""


def is_answered(header: str, names: Iterable[str] | None) -> bool:
    """Return whether a Host header has one of `names`, with any port. names: None for any name."""
    found = HOST.fullmatch(header)
    if found is None:
        return False
    return names is None or _plain(found["name"]) in {_plain(name) for name in names}


def _plain(name: str) -> str:
    """Return a name or an address in one form, of all forms that mean the same."""
    bare = name.strip("[]").split("%")[0].rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass
    try:
        return bare.encode("idna").decode()
    except UnicodeError:
        return bare
