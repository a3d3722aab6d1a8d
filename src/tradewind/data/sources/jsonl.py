"""JSON Lines: one object a line. Inner objects become columns named `outer.inner`, lists become category paths,
lists of objects or of lists stay JSON."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from tradewind.data.files import locate
from tradewind.data.records import CATEGORY_SEPARATOR
from tradewind.data.sources import BadLine, SourceBatch
from tradewind.settings import SourceSettings

_BATCH_LINES: Final = 32_768


class JsonLinesSource:
    """One file of JSON Lines, or a folder of them. A field that a line lacks is empty in that row."""

    def __init__(self, settings: SourceSettings, root: Path) -> None:
        self._files = locate(settings.path, root)

    def rows(self) -> int | None:
        return sum(sum(1 for _ in file.open("rb")) for file in self._files)

    def batches(self) -> Iterator[SourceBatch]:
        names: list[str] = []
        for file in self._files:
            with file.open("rb") as opened:
                numbered = enumerate(opened, start=1)
                while lines := list(islice(numbered, _BATCH_LINES)):
                    yield _batch(lines, file.name, names)


def _batch(lines: list[tuple[int, bytes]], file: str, names: list[str]) -> SourceBatch:
    rows: list[dict[str, str | None]] = []
    places: list[int] = []
    bad: list[BadLine] = []
    for line, raw in lines:
        if not raw.strip():
            continue
        try:
            rows.append(_row(raw.removeprefix(b"\xef\xbb\xbf") if line == 1 else raw))
            places.append(line)
        except ValueError as error:
            bad.append(BadLine(line, _reason(raw), f"{error}: {raw[:200].decode('utf-8', 'replace').strip()}"))
    plain = dict.fromkeys(name for row in rows for name, value in row.items() if not isinstance(value, _Whole))
    names += [name for name in plain if name not in names]
    arrays = [pa.array([row.get(name) for row in rows], pa.string()) for name in names]
    return SourceBatch(
        pa.RecordBatch.from_arrays(arrays, names=names), file, np.array(places, dtype=np.int64), tuple(bad)
    )


def _reason(raw: bytes) -> str:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "broken_utf8"
    return "unreadable_line"


def _row(raw: bytes) -> dict[str, str | None]:
    found = orjson.loads(raw)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return {name: _text(value) for name, value in _flat(found)}


class _Whole(str):
    """An object as JSON, where a plain value may have been meant: for a check to find, and no column of its own."""


def _flat(found: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in found.items():
        if isinstance(value, dict):
            yield f"{prefix}{name}", _Whole(orjson.dumps(value).decode())
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        if any(isinstance(part, dict | list) for part in value):
            return orjson.dumps(value).decode()
        return CATEGORY_SEPARATOR.join(str(part) for part in value if part is not None)
    return str(value).lower() if isinstance(value, bool) else str(value)
