"""What the fields of a mapping make of a batch of rows, and the rows whose text is no text."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from tradewind.data.checks import Finding
from tradewind.data.checks.missing_column import require_columns
from tradewind.data.expressions import Columns, Expression, columns_of
from tradewind.data.sources import SourceBatch
from tradewind.data.values import to_texts


def evaluated(batch: SourceBatch, fields: Mapping[str, Expression]) -> tuple[dict[str, pa.Array], dict[int, Finding]]:
    """Returns a column for each field, and by their place the rows that hold bytes which are not UTF-8.

    Raises DataError for a column that the batch does not have.
    """
    require_columns(columns_of(fields.values()), batch.columns.schema.names, batch.file)
    raw: Columns = dict(zip(batch.columns.schema.names, batch.columns.columns, strict=True))
    # The columns themselves are looked at: a template leaves out a part that it cannot read.
    findings = {
        int(place): Finding(name, "broken_utf8")
        for name, expression in fields.items()
        for column in expression.columns
        for place in np.flatnonzero(to_texts(raw[column]).broken)
    }
    return {name: field.evaluate(raw, batch.columns.num_rows) for name, field in fields.items()}, findings
