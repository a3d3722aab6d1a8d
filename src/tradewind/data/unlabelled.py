"""Reads texts that nobody has labelled yet: a pool to choose from."""

from __future__ import annotations

from pathlib import Path

from tradewind.data.checks.missing_column import require_columns
from tradewind.data.expressions import parse
from tradewind.data.sources import open_source
from tradewind.data.values import to_texts
from tradewind.errors import DataError
from tradewind.privacy.masking import mask
from tradewind.settings import UnlabelledSettings


def read_unlabelled(settings: UnlabelledSettings, root: Path) -> list[str]:
    """Returns the distinct texts in their order, personal data masked; rows without a readable text are left out.

    Raises DataError for a missing column or when no text is left.
    """
    expression = parse(settings.text)
    found: dict[str, None] = {}
    for batch in open_source(settings.source, root).batches():
        require_columns(list(expression.columns), batch.columns.schema.names, batch.file)
        raw = dict(zip(batch.columns.schema.names, batch.columns.columns, strict=True))
        texts = to_texts(expression.evaluate(raw, batch.columns.num_rows)).values.to_pylist()
        found.update((mask(text).text, None) for text in texts if text and text.strip())
    if not found:
        raise DataError("no row has a text", where=settings.source.path or settings.source.query)
    return list(found)
