"""Versions of an atlas's files, which stand in their addresses: other content has another address."""

from __future__ import annotations

from hvae.atlas.atlas import Atlas

DIGITS = 16


def file_version(atlas: Atlas, file: str) -> str:
    """Return the beginning of the file's SHA-256 in atlas.json; empty if the atlas lists no such file."""
    return atlas.manifest.files.get(file, "")[:DIGITS]
