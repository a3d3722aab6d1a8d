"""Parquet files: a row's line is its number, from 1, in its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tradewind.data.files import locate
from tradewind.data.sources import BATCH_ROWS, SourceBatch
from tradewind.errors import DataError
from tradewind.settings import SourceSettings


class ParquetSource:
    """One Parquet file, or a folder of them read in the order of their names."""

    def __init__(self, settings: SourceSettings, root: Path) -> None:
        self._files = locate(settings.path, root)

    def rows(self) -> int | None:
        return sum(int(_open(file).metadata.num_rows) for file in self._files)

    def batches(self) -> Iterator[SourceBatch]:
        for file in self._files:
            yield from _batches(file)


def _open(file: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"not a Parquet file that can be read: {error}", where=str(file)) from None


def _batches(file: Path) -> Iterator[SourceBatch]:
    line = 1
    try:
        for batch in _open(file).iter_batches(batch_size=BATCH_ROWS, use_threads=False):
            yield SourceBatch(batch, file.name, np.arange(line, line + batch.num_rows))
            line += batch.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"damaged after row {line - 1}: {error}", where=str(file)) from None
    if line == 1:
        empty = pa.RecordBatch.from_pylist([], schema=_open(file).schema_arrow)
        yield SourceBatch(empty, file.name, np.arange(0))
