"""metrics.parquet, written so that it and atlas.json belong together whenever the process dies."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from hvae.atlas import COLUMNS, MANIFEST, METRICS, Manifest
from hvae.files import sha256, write_json, write_whole


def metrics_table(rows: list[dict], columns: Sequence[str] | pd.Index = COLUMNS) -> pd.DataFrame:
    """Rows as metrics.parquet holds them: every column, floats but for the checkpoint's name, NaN where
    nothing was computed."""
    table = pd.DataFrame(rows, columns=list(columns))
    floats = [name for name in table.columns if name != "checkpoint"]
    return table.astype({**dict.fromkeys(floats, float), "checkpoint": str})


def write_table(folder: Path, manifest: Manifest, metrics: pd.DataFrame, *changed: str) -> Manifest:
    """Write metrics.parquet, and atlas.json with the checksums of it and of the `changed` files.

    Files that did not change keep the checksum they were written with: damage must not be signed.
    atlas.json announces the new metrics.parquet before it appears, so that whenever the process dies the
    two belong together. Returns the manifest as it was written.
    """
    buffer = io.BytesIO()
    metrics.to_parquet(buffer, index=False)
    coming = hashlib.sha256(buffer.getvalue()).hexdigest()
    files = {**manifest.files, **{name: sha256(folder / name) for name in changed}}
    if coming != files.get(METRICS):
        manifest = manifest.model_copy(update={"files": files, "pending": {METRICS: coming}})
        write_json(folder / MANIFEST, manifest.model_dump())
        write_whole(folder / METRICS, lambda aside: aside.write_bytes(buffer.getvalue()))
    manifest = manifest.model_copy(update={"files": {**files, METRICS: coming}, "pending": {}})
    write_json(folder / MANIFEST, manifest.model_dump())
    return manifest
