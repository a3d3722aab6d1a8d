"""Arrow IPC files that are read through a memory map."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from tradewind.errors import ArtefactError


def write_table(path: Path, table: pa.Table) -> None:
    """Writes `table` as one uncompressed record batch, so that a reader maps it without a copy."""
    whole = table.combine_chunks()
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, whole.schema) as writer:
        writer.write_table(whole, max_chunksize=max(whole.num_rows, 1))


def map_table(path: Path) -> pa.Table:
    """Returns the table written at `path`, memory-mapped. Raises ArtefactError when it cannot be read."""
    try:
        return pa.ipc.open_file(pa.memory_map(str(path), "r")).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        where = str(path.parent)
        raise ArtefactError(f"{path.name} cannot be read: {error}", where=where, hint="build the index again") from None
