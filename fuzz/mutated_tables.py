"""Ways to forge metrics.parquet; see mutations.py."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from forged_folder import NASTY, content_of, rewrite, sign


def table(folder: Path, rng: random.Random) -> str:
    path = folder / "metrics.parquet"
    rows = pq.read_table(path).replace_schema_metadata(None)
    column = rng.choice(rows.column_names)
    at, n = rows.column_names.index(column), len(rows)
    options: dict[str, Any] = {}
    kind = rng.choice(
        [
            "drop",
            "values",
            "values",
            "type",
            "rename",
            "twice",
            "names",
            "names",
            "many",
            "zstd bomb",
            "long names",
        ]
        + ["groups", "pandas", "extension", "empty", "nested", "wide", "prefixes", "lists", "many points"]
    )

    def replaced(array: Any, name: str = column) -> pa.Table:
        return rows.set_column(rows.column_names.index(name), name, array)

    if kind == "drop":
        rows = rows.remove_column(at)
    elif kind == "values":
        numbers = [
            rng.choice([0.0, -1.0, 1e99, -1e99, 1e308, 1e-320, np.nan, np.inf, -np.inf, None])
            for _ in range(n)
        ]
        rows = replaced(pa.array(numbers, pa.float64()))
    elif kind == "type":
        types = [
            pa.int64(),
            pa.string(),
            pa.bool_(),
            pa.float32(),
            pa.float16(),
            pa.binary(),
            pa.timestamp("ns"),
        ]
        rows = replaced(
            pa.nulls(n, rng.choice([*types, pa.decimal128(30, 3), pa.date32(), pa.duration("s")]))
        )
    elif kind == "rename":
        rows = rows.rename_columns(
            [
                str(rng.choice(NASTY))[:999].encode(errors="replace").decode() if name == column else name
                for name in rows.column_names
            ]
        )
    elif kind == "twice":
        rows = rows.append_column(column, rows.column(at))
    elif kind == "names":
        odd = [
            "../x",
            "/etc/passwd",
            "models/../atlas.json",
            "",
            "\n",
            "a.safetensors",
            "atlas.json",
            "models/x",
            None,
        ]
        rows = replaced(pa.array([rng.choice(odd) for _ in range(n)], pa.string()), "checkpoint")
    elif kind in ("many", "zstd bomb", "wide"):
        long = {"many": 10**6, "zstd bomb": 9000, "wide": 10}[kind]
        rows = pa.table({name: np.zeros(long) for name in rows.column_names if name != "checkpoint"})
        rows = rows.append_column(
            "checkpoint", pa.DictionaryArray.from_arrays(np.zeros(long, np.int32), ["a" * 999])
        )
        options = {"compression": "zstd"} if kind == "zstd bomb" else {}
        if kind == "wide":
            rows = pa.table({str(number): np.zeros(long) for number in range(rng.choice([199, 5000]))})
    elif kind == "many points":
        long = 10_000
        rows = pa.table({name: np.ones(long) for name in rows.column_names if name != "checkpoint"})
        new = [f"models/{number}.safetensors" for number in range(long)]
        rows = rows.append_column("checkpoint", pa.array(new))
        content = content_of(folder)
        content["files"] |= dict.fromkeys(new, "0" * 64)
        rewrite(folder, content)
    elif kind == "long names":
        rows = pa.table({name: np.ones(9000) for name in rows.column_names if name != "checkpoint"})
        rows = rows.append_column(
            "checkpoint", pa.DictionaryArray.from_arrays(np.zeros(9000, np.int32), ["a" * 2**20])
        )
    elif kind == "prefixes":
        rows = pa.table({name: np.ones(n) for name in rows.column_names if name != "checkpoint"})
        rows = rows.append_column("checkpoint", pa.array(["a" * 2**20] * n))
        options = {"use_dictionary": False, "column_encoding": {"checkpoint": "DELTA_BYTE_ARRAY"}}
    elif kind == "groups":
        options = {"row_group_size": 1}
    elif kind == "pandas":
        odd = {
            "index_columns": ["os"],
            "columns": [{"name": column, "pandas_type": "object", "numpy_type": "os.system"}],
        }
        rows = rows.replace_schema_metadata(
            {"pandas": json.dumps(odd), "ARROW:schema": "x" * rng.choice([1, 10**6])}
        )
    elif kind == "extension":
        kinds = [pa.json_(), pa.uuid(), pa.opaque(pa.string(), "os", "system")]
        rows = replaced(pa.nulls(n, rng.choice(kinds)), "checkpoint")
    elif kind == "empty":
        rows = rows.slice(0, 0)
    elif kind == "nested":
        rows = replaced(pa.array([{"a": {"b": [1.0]}}] * n))
    elif kind == "lists":
        rows = replaced(pa.array([[1.0] * 1000] * n))
    pq.write_table(rows, path, **options)
    if rng.random() < 0.2:
        data = bytearray(path.read_bytes())
        data[rng.choice([rng.randrange(len(data)), -1 - rng.randrange(min(len(data), 400))])] = rng.randrange(
            256
        )
        path.write_bytes(data)
    sign(folder)
    return f"{kind} {column[:40]}"
