"""What makes two events the same: a digest of the body, and an id for events that came without one."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

BODY_FIELDS: Final = (
    "type", "time", "user", "visitor", "item", "query", "request_id", "basket", "value", "quantity", "position"
)  # fmt: skip
"""The fields of an event's body, all but its id, in the order in which they are digested."""

_NUMBERS: Final = frozenset({"value", "quantity", "position", "time"})
_ABSENT: Final = bytes(8)
_NO_NUMBER: Final = 0xFF
"""Eight of these are a NaN that no sum gives, and the position -1: neither passes the checks."""
_WIDTH: Final = 8 * len(BODY_FIELDS)


def body_digests(columns: dict[str, pa.Array]) -> list[bytes]:
    """Returns 16 bytes per row that stand for its body; equal bodies have equal digests on every machine.

    `columns` holds arrays of EVENT_SCHEMA's types by name; a missing field counts as absent.
    """
    cells = _cells(columns)
    return [blake2b(cells[start : start + _WIDTH], digest_size=16).digest() for start in _starts(cells)]


def derived_ids(columns: dict[str, pa.Array], seen: SeenRows, key: bytes) -> list[str]:
    """Returns a deterministic id per row, made of its time, its content and how often that content came before.

    The id starts with the time in milliseconds, so that rows in time order are neighbours in the store's index.
    The content is digested with the store's secret `key`: without the store, nobody can tell a person's events by
    guessing what they bought. `columns` holds the shop's own user ids, so that forgetting a pseudonym does not
    make old rows look new. `seen` counts earlier batches of the same source.
    """
    cells = _cells(columns)
    digests = [blake2b(cells[start : start + _WIDTH], digest_size=16, key=key).digest() for start in _starts(cells)]
    content = np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 16)
    occurrences = seen.count(np.ascontiguousarray(content[:, :8]).view(np.uint64).ravel())
    millis = np.asarray(columns["time"].cast(pa.int64())) // 1000
    names = np.empty((len(digests), 16), dtype=np.uint8)
    names[:, :6] = millis.astype(">i8").view(np.uint8).reshape(-1, 8)[:, 2:]
    names[:, 6:] = content[:, :10]
    for place in np.flatnonzero(occurrences).tolist():
        numbered = blake2b(digests[place] + int(occurrences[place]).to_bytes(8, "little"), digest_size=10).digest()
        names[place, 6:] = np.frombuffer(numbered, dtype=np.uint8)
    text = names.tobytes().hex()
    return [text[start : start + 32] for start in range(0, len(text), 32)]


class SeenRows:
    """Counts how often each content came before, over the batches of one source."""

    def __init__(self) -> None:
        self._sorted = np.zeros(0, dtype=np.uint64)

    def count(self, content: np.ndarray) -> np.ndarray:
        """Returns for each row the number of equal rows before it, and remembers these rows."""
        order = np.argsort(content, kind="stable")
        ranked = content[order]
        first = np.searchsorted(ranked, ranked, side="left")
        earlier = np.searchsorted(self._sorted, ranked, side="right") - np.searchsorted(
            self._sorted, ranked, side="left"
        )
        counts = np.empty(len(content), dtype=np.int64)
        counts[order] = np.arange(len(content)) - first + earlier
        self._sorted = np.sort(np.concatenate([self._sorted, ranked]), kind="stable")
        return counts


def row_digest(row: Sequence[Any]) -> bytes:
    """Returns 16 bytes that stand for a record given as texts, numbers, truths and nulls."""
    return blake2b(orjson.dumps(row), digest_size=16).digest()


def _starts(cells: bytes) -> range:
    return range(0, len(cells), _WIDTH)


def _cells(columns: dict[str, pa.Array]) -> bytes:
    """Returns the rows one after another as fixed-width bytes: eight for each field."""
    rows = len(columns["type"])
    matrix = np.zeros((rows, len(BODY_FIELDS), 8), dtype=np.uint8)
    for place, name in enumerate(BODY_FIELDS):
        column = columns.get(name)
        if name in _NUMBERS:
            matrix[:, place] = _NO_NUMBER
        if column is not None and column.null_count < rows:
            matrix[:, place] = _number_cells(column, name) if name in _NUMBERS else _text_cells(column)
    return matrix.tobytes()


def _number_cells(column: pa.Array, name: str) -> np.ndarray:
    raw = column.cast(pa.int64()) if name == "time" else column
    values = np.asarray(raw.fill_null(0), dtype=np.int64 if name in ("time", "position") else np.float64) + 0
    cells = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"))).view(np.uint8).reshape(-1, 8).copy()
    absent = np.asarray(pc.is_null(column))
    cells[absent] = _NO_NUMBER
    return cells


def _text_cells(column: pa.Array) -> np.ndarray:
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    digests = [
        _ABSENT if word is None else blake2b(word.encode(), digest_size=8).digest()
        for word in coded.dictionary.to_pylist()
    ]
    table = np.frombuffer(b"".join([*digests, _ABSENT]), dtype=np.uint8).reshape(-1, 8)
    cells: np.ndarray = table[np.asarray(coded.indices.fill_null(len(digests)))]
    return cells
