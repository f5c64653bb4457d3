"""The names that a server answers to, as they stand in a request's Host header."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.IGNORECASE | re.ASCII)
"""A Host header: a name or an address, IPv6 in brackets, and perhaps a port."""


def is_answered(header: str, names: Iterable[str] | None) -> bool:
    """Whether a Host header names one of `names`, whatever its port; None stands for any name."""
    found = HOST.fullmatch(header)
    if found is None:
        return False
    return names is None or _plain(found["name"]) in {_plain(name) for name in names}


def _plain(name: str) -> str:
    """One way of writing for all ways to write the same name or address."""
    bare = name.strip("[]").split("%")[0].rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass
    try:
        return bare.encode("idna").decode()
    except UnicodeError:
        return bare
