"""metrics.parquet: its columns, reading it without trust, and writing it together with atlas.json."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow.parquet import FileMetaData, ParquetFile

from hvae.atlas.checks.possible import broken
from hvae.atlas.manifest import MAX_POINTS, Manifest, Scatter
from hvae.atlas.point import CHECKPOINT, END_OF_BETAS, LOWEST_BETA, in_name
from hvae.atlas.untrusted_files import MANIFEST, METRICS, MIB, PARENT, read_checked
from hvae.errors import UserError, one_line
from hvae.files import sha256, write_json, write_whole
from hvae.metrics.registry import measurements, metric_columns
from hvae.parquet_footer import Chunk, column_chunks

TRAINED_COLUMNS = tuple(name for one in measurements() if one.when_trained for name in one.names)
"""Columns that are measured as soon as a point is trained; `precompute evaluate` adds the others."""

MAX_COLUMNS = 200
MAX_FOOTER = MIB // 4
MAX_UNPACKED = 32 * MIB
LARGEST = 1e100
"""The largest number in a table, even after a diverged training: figures square and subtract numbers."""


def table_columns() -> tuple[str, ...]:
    """Return the columns of metrics.parquet, in order, without standard errors.

    A metric not computed is NaN.
    """
    return ("beta_2", "beta_1", *metric_columns(), "checkpoint")


def read_metrics(folder: Path, manifest: Manifest) -> pd.DataFrame:
    """Return metrics.parquet as a DataFrame with `table_columns()`. Raises UserError if it is not sound."""
    try:
        data = read_checked(folder, manifest.files, METRICS)
    except UserError:
        if METRICS not in manifest.pending:
            raise
        data = read_checked(folder, manifest.pending, METRICS)
    try:
        metrics = unpacked(data)
    except Exception as error:  # pyarrow raises many kinds
        raise UserError(f"{METRICS} in {folder} is not readable ({one_line(error)}).") from None
    needed = ("beta_2", "beta_1", *TRAINED_COLUMNS, "checkpoint")
    missing = [column for column in needed if column not in metrics.columns]
    if missing:
        raise UserError(f"{METRICS} in {folder} lacks the column {missing[0]}.")
    # An older release may have measured less.
    unmeasured = [column for column in metric_columns() if column not in metrics.columns]
    metrics = metrics.assign(**dict.fromkeys(unmeasured, np.nan))
    betas = metrics[["beta_2", "beta_1"]].to_numpy()
    if not ((betas >= LOWEST_BETA) & (betas < END_OF_BETAS)).all():
        limits = f"{LOWEST_BETA:g} to {END_OF_BETAS:g}"
        raise UserError(f"{METRICS} in {folder} has a β that is not a number from {limits}.")
    sizes = metrics.drop(columns="checkpoint").abs()
    if (beyond := sizes.columns[((sizes > LARGEST) & (sizes < np.inf)).any()]).size:
        raise UserError(f"{METRICS} in {folder}: the column {beyond[0]} has a number beyond {LARGEST:g}.")
    wrong = [name for name in metrics["checkpoint"] if not CHECKPOINT.fullmatch(name)]
    if wrong:
        raise UserError(
            f"{METRICS} in {folder} names a checkpoint that is not models/NAME.safetensors: "
            f"{one_line(repr(wrong[0]), 60)}."
        )
    if metrics["checkpoint"].duplicated().any():
        raise UserError(f"{METRICS} in {folder} names a checkpoint twice.")
    unknown = [name for name in metrics["checkpoint"] if name not in manifest.files]
    if unknown:
        raise UserError(f"{METRICS} in {folder} names a checkpoint that {MANIFEST} does not: {unknown[0]!r}.")
    if misplaced := out_of_place(metrics, manifest):
        raise UserError(f"{METRICS} in {folder}: {misplaced}.")
    for sentence in impossible(folder, manifest, metrics):
        raise UserError(sentence)
    if manifest.scatter and (elsewhere := not_in_table(manifest.scatter, metrics)):
        raise UserError(f"{MANIFEST} in {folder}: scatter names {one_line(elsewhere, 60)}, not in {METRICS}.")
    return metrics


def is_measured(row: Mapping[str, object], columns: Iterable[str], manifest: Manifest) -> bool:
    """Return whether a row has a number in each of these columns, except columns that are undefined here."""
    return all(
        manifest.is_undefined(column) or bool(np.isfinite(row.get(column, np.nan))) for column in columns
    )


def not_in_table(scatter: Scatter, metrics: pd.DataFrame) -> str | None:
    """Return the first point or metric in the scatter between runs that the table does not have, or None."""
    of_points = ("beta_2", "beta_1", "checkpoint")
    known = {name for name in metrics.columns if name not in of_points and not name.endswith("_se")}
    points = set(metrics["checkpoint"])
    named = [name for name in scatter.points if name not in points]
    return next(iter([*named, *(name for name in scatter.deviations if name not in known)]), None)


def out_of_place(metrics: pd.DataFrame, manifest: Manifest) -> str | None:
    """Return a clause about a point at an impossible place, or None.

    Impossible are: two points at one place, and a point that is neither on the grid nor between its points.

    A point between the grid's was trained from the parent, which covers the whole range of the grid.
    """
    grid = [{in_name(beta) for beta in betas} for betas in (manifest.betas.beta_2, manifest.betas.beta_1)]
    low, high = min(manifest.betas.beta_2), max(manifest.betas.beta_2)
    has_parent = bool(manifest.parent_recipe) or PARENT in manifest.files
    seen: dict[tuple[str, str], str] = {}
    for beta_2, beta_1, name in metrics[["beta_2", "beta_1", "checkpoint"]].itertuples(index=False):
        place = in_name(beta_2), in_name(beta_1)
        if place in seen:
            return f"{seen[place]} and {name} are at the same β"
        seen[place] = name
        on_grid = place[0] in grid[0] and place[1] in grid[1]
        is_between = has_parent and all(
            low * (1 - 1e-5) <= beta <= high * (1 + 1e-5) for beta in (beta_2, beta_1)
        )
        if not on_grid and not is_between:
            return f"{name} is at β₂ = {place[0]}, β₁ = {place[1]}, which is neither on the grid nor between"
    return None


def impossible(folder: Path, manifest: Manifest, metrics: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for each rule of `hvae.atlas.checks.possible` that the table breaks."""
    numbers = {name: metrics[name].to_numpy(float) for name in metrics.columns if name != "checkpoint"}
    for row, text in broken(numbers, manifest.setting):
        yield f"{METRICS} in {folder}: {text}, at {metrics['checkpoint'].iloc[row]}."


def unpacked(data: bytes) -> pd.DataFrame:
    """Return the table in a Parquet file's bytes: a column of names, `checkpoint`, and floats.

    A small file must not become large in memory. So only codecs with a bounded ratio are allowed (Snappy's is
    21), and names are read one at a time, since a dictionary or a prefix can stand for many long ones.
    Arrow's extension types and pandas metadata are ignored.
    Raises ValueError, and the errors of pyarrow.
    """
    # A footer of thousands of column chunks takes a hundred times its size in memory.
    if int.from_bytes(data[-8:-4], "little") > MAX_FOOTER:
        raise ValueError(f"its footer is longer than {MAX_FOOTER // 1024} KiB")
    with ParquetFile(
        pa.BufferReader(data),
        pre_buffer=False,
        thrift_string_size_limit=MAX_FOOTER,
        thrift_container_size_limit=MAX_POINTS,
        schema_depth_limit=2,
        arrow_extensions_enabled=False,
    ) as file:
        refuse_what_is_no_table(file.metadata, column_chunks(data))
        schema = file.schema_arrow
        if len(set(schema.names)) != len(schema.names):
            raise ValueError("two columns have the same name")
        for field in schema:
            if field.name == "checkpoint":
                if field.type not in (pa.string(), pa.large_string()):
                    raise ValueError("the column checkpoint does not hold names")
            elif not pa.types.is_floating(field.type):
                raise ValueError(f"the column {field.name} does not hold floats")
        floats = [name for name in schema.names if name != "checkpoint"]
        table = file.read(columns=floats, use_threads=False, use_pandas_metadata=False)
        columns = {name: table.column(name).to_numpy().astype(float) for name in floats}
        if "checkpoint" in schema.names:
            columns["checkpoint"] = names(file)
    frame = pd.DataFrame({name: columns[name] for name in schema.names})
    return frame.astype({"checkpoint": str}) if "checkpoint" in columns else frame


def refuse_what_is_no_table(footer: FileMetaData, chunks: Sequence[Chunk]) -> None:
    """Raise ValueError unless the footer describes a table of points, packed like ours."""
    if footer.num_rows > MAX_POINTS or footer.num_columns > MAX_COLUMNS:
        raise ValueError(
            f"it has {footer.num_rows} rows and {footer.num_columns} columns; at most {MAX_POINTS} and "
            f"{MAX_COLUMNS} are read"
        )
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    rows = [group.num_rows for group in groups]
    if sum(rows) != footer.num_rows or min(rows, default=0) < 0:
        raise ValueError("its row groups have other rows than the file")
    if len(chunks) != sum(group.num_columns for group in groups):
        raise ValueError("its row groups have other columns than the file")
    if not all(chunk.codec for chunk in chunks):
        raise ValueError("it is packed otherwise than by Snappy")
    if sum(chunk.unpacked for chunk in chunks) > MAX_UNPACKED:
        raise ValueError(f"it unpacks to more than {MAX_UNPACKED // MIB} MiB")


def names(file: ParquetFile) -> list[str]:
    """Return the column `checkpoint`. Raises ValueError for a value that is no file name."""
    found = []
    for batch in file.iter_batches(batch_size=1, columns=["checkpoint"], use_threads=False):
        column = batch.column(0)
        if column.null_count or column.nbytes > 1000:
            raise ValueError("the column checkpoint holds something that is no name of a file")
        found += column.to_pylist()
    return found


def metrics_table(rows: list[dict], columns: Sequence[str] | pd.Index | None = None) -> pd.DataFrame:
    """Return rows as metrics.parquet holds them: floats except `checkpoint`, NaN if not computed.

    columns: None for `table_columns()`.
    """
    order = list(table_columns() if columns is None else columns)
    floats = [name for name in order if name != "checkpoint"]
    numbers = {name: np.array([row.get(name, np.nan) for row in rows], float) for name in floats}
    checkpoints = pd.Series([row["checkpoint"] for row in rows], dtype=str)
    return pd.DataFrame({**numbers, "checkpoint": checkpoints})[order]


def write_table(folder: Path, manifest: Manifest, metrics: pd.DataFrame, *changed: str) -> Manifest:
    """Write metrics.parquet, and atlas.json with the checksums of it and of the `changed` files.

    Unchanged files keep their old checksums, so that damage does not become valid. atlas.json announces the
    new metrics.parquet before it appears, so the two fit together even if the process dies in between.
    Returns the manifest as it was written.
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
