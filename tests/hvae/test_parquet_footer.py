"""Column chunks of Parquet files: as pyarrow reads them; damaged footers do not end the process."""

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow.parquet import ParquetFile, write_table

from hvae.atlas.metrics_table import unpacked
from hvae.parquet_footer import column_chunks


def packed(rows=7, compression="snappy", row_group_size=3):
    table = pd.DataFrame(
        {
            "beta_2": np.linspace(0.1, 1, rows),
            "rate_z2": np.where(np.arange(rows) % 2, np.nan, 1.5),
            "checkpoint": [f"models/p{row}.safetensors" for row in range(rows)],
        }
    )
    buffer = io.BytesIO()
    write_table(pa.Table.from_pandas(table), buffer, compression=compression, row_group_size=row_group_size)
    return buffer.getvalue()


@pytest.mark.parametrize("rows", [0, 1, 7])
@pytest.mark.parametrize("compression", ["snappy", "none", "gzip", "zstd"])
def test_chunks_are_those_that_pyarrow_reads(rows, compression):
    data = packed(rows, compression)
    footer = ParquetFile(io.BytesIO(data)).metadata
    expected = [
        footer.row_group(group).column(column)
        for group in range(footer.num_row_groups)
        for column in range(footer.num_columns)
    ]
    found = column_chunks(data)
    assert [chunk.unpacked for chunk in found] == [chunk.total_uncompressed_size for chunk in expected]
    known = {"SNAPPY", "UNCOMPRESSED"}
    assert [chunk.codec for chunk in found] == [
        chunk.compression if chunk.compression in known else None for chunk in expected
    ]


def test_no_damaged_byte_of_a_footer_ends_the_process():
    """pyarrow does so where a histogram among the size statistics has another length."""
    data = packed(4, row_group_size=4)
    length = int.from_bytes(data[-8:-4], "little")
    for place in range(len(data) - 8 - length, len(data) - 8):
        for change in (0x01, 0x10, 0x7F):
            damaged = bytearray(data)
            damaged[place] ^= change
            try:
                unpacked(bytes(damaged))
            except (ValueError, OSError, KeyError, NotImplementedError):
                pass


@given(st.binary(max_size=200))
def test_any_bytes_are_chunks_or_a_value_error(footer):
    data = b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    try:
        column_chunks(data)
    except ValueError:
        pass
