"""Rows that broke a check: listed with file, line, field and reason, so that a shop can mend them and load again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import orjson
import pyarrow as pa

from tradewind.data.checks import Finding
from tradewind.data.sources import BadLine, SourceBatch
from tradewind.errors import StoreError
from tradewind.privacy.masking import mask

_LONGEST_SHOWN: Final = 120
_PERSONAL: Final = frozenset({"user", "visitor"})
Columns = Mapping[str, pa.Array]


class Quarantine:
    """Writes one JSON object a line for every row that is not taken, and counts them by reason.

    The values shown are masked and cut; an id of a person is not shown at all.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.reasons: Counter[str] = Counter()

    @property
    def rows(self) -> int:
        """How many rows were put here."""
        return self.reasons.total()

    def add_lines(self, file: str, lines: tuple[BadLine, ...]) -> None:
        """Lists lines that are no row."""
        for bad in lines:
            self._write(file, bad.line, None, bad.reason, bad.value)

    def add_rows(self, batch: SourceBatch, given: Columns, findings: Mapping[int, Finding]) -> None:
        """Lists the rows of `batch` at the places in `findings`; `given` are the values as they came."""
        for place, finding in sorted(findings.items()):
            column = given.get(finding.field)
            value = None if column is None else _plain(column[place].as_py())
            self._write(batch.file, int(batch.lines[place]), finding.field, finding.reason, value)

    def add(self, stands: str, finding: Finding, value: str) -> None:
        """Lists a row that stands at "file:line" and was found to be none after its batch had gone by."""
        file, _, line = stands.rpartition(":")
        self._write(file, int(line), finding.field, finding.reason, value)

    def _write(self, file: str, line: int, field: str | None, reason: str, value: Any) -> None:
        self.reasons[reason] += 1
        shown = {"file": file, "line": line, "field": field, "reason": reason, "value": shown_value(field, value)}
        try:
            self._file.write(orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE))
        except OSError as error:
            raise StoreError(f"the quarantine cannot be written: {error.strerror or error}") from error


def shown_value(field: str | None, value: Any) -> str | None:
    """Returns a value fit for a report: masked, at most 120 characters, nothing at all of a person's id."""
    if value is None or field in _PERSONAL:
        return None if value is None else "[hidden]"
    text = mask(str(value)[: 4 * _LONGEST_SHOWN]).text
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}… ({len(str(value))} characters)"


def quarantine_path(folder: Path, table: str) -> Path:
    """Returns where the bad rows of a table are listed."""
    return folder / f"{table}.jsonl"


def kept_rows(rows: int, findings: Mapping[int, Finding]) -> pa.Array:
    """Returns a boolean array that is true for the rows without a finding."""
    kept = np.ones(rows, dtype=bool)
    kept[list(findings)] = False
    return pa.array(kept)


def _plain(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
