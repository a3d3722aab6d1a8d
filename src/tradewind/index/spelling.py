"""The words a catalogue knows, and the nearest one to a word it does not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tradewind.index.columns import map_table, write_table

MIN_LENGTH = 4
"""Shorter words are not corrected: too many words are near them."""
HELD = 0.01
"""The share of a catalogue's words that must be of a language for the catalogue to hold that language."""
_SCRIPTS = {"en": "^[a-z]{3,}$", "zh": r"^\p{Han}+$"}


def write_vocabulary(folder: Path, frequencies: Mapping[str, int]) -> None:
    """Writes `frequencies` (term to number of items) as vocabulary.arrow, terms sorted."""
    terms = sorted(frequencies)
    columns = {
        "term": pa.array(terms, pa.large_string()),
        "items": pa.array([frequencies[term] for term in terms], pa.int32()),
        "length": pa.array([min(len(term), 255) for term in terms], pa.uint8()),
        "letters": pa.array(_signatures(terms), pa.uint64()),
    }
    write_table(folder / "vocabulary.arrow", pa.table(columns))


class Vocabulary:
    """Memory-mapped terms with the number of items that hold each. Thread-safe: it never changes."""

    def __init__(self, folder: Path) -> None:
        table = map_table(folder / "vocabulary.arrow")
        self._terms = table.column("term").chunk(0) if table.num_rows else pa.array([], pa.large_string())
        self._items = _numbers(table, "items")
        self._length = _numbers(table, "length").astype(np.int16)
        self._letters = _numbers(table, "letters")
        self.nearest = lru_cache(maxsize=20_000)(self._nearest)

    def __len__(self) -> int:
        return len(self._items)

    def items(self, term: str) -> int:
        """Returns how many items hold `term`."""
        at = bisect_left(range(len(self)), term, key=lambda place: self._terms[place].as_py())
        return int(self._items[at]) if at < len(self) and self._terms[at].as_py() == term else 0

    def languages(self) -> frozenset[str]:
        """Returns which of English and Chinese the catalogue's texts hold, as the writing of their words tells."""
        total = int(self._items.sum())
        written = {name: pc.match_substring_regex(self._terms, script) for name, script in _SCRIPTS.items()}
        counts = {name: int(self._items[np.asarray(mask, dtype=bool)].sum()) for name, mask in written.items()}
        return frozenset(name for name, count in counts.items() if count and count >= HELD * total)

    def _nearest(self, word: str) -> str | None:
        """Returns the known term that `word` most likely means, or None.

        The fewest edits win (insert, delete, replace, swap neighbours; one edit below eight letters, two from there),
        then the same first letter, then the term that more items hold, then the alphabet.
        """
        allowed = edits_allowed(word)
        if not allowed or not len(self):
            return None
        near = np.abs(self._length - len(word)) <= allowed
        changed = np.bitwise_count(self._letters ^ np.uint64(_signature(word)))
        places = np.flatnonzero(near & (changed <= 2 * allowed))
        return choose(word, ((self._terms[int(at)].as_py(), int(self._items[at])) for at in places))


def choose(word: str, known: Iterable[tuple[str, int]]) -> str | None:
    """Returns the best correction of `word` among `known` (term, number of items), or None when none is near enough."""
    allowed, ranked = edits_allowed(word), []
    for term, items in known:
        if len(term) < MIN_LENGTH - 1 or not term.isalpha():
            continue
        edits = distance(word, term, allowed)
        if edits <= allowed:
            ranked.append((edits, term[0] != word[0], -items, term))
    return min(ranked)[3] if ranked else None


def edits_allowed(word: str) -> int:
    """Returns how many edits `word` may be from the term it is read as: 0, 1 or 2."""
    if len(word) < MIN_LENGTH or not word.isascii() or not word.isalpha():
        return 0
    return 1 if len(word) < 8 else 2


def distance(left: str, right: str, limit: int) -> int:
    """Returns the edits between two words, or limit + 1 when there are more; swapping neighbours is one edit.

    Optimal string alignment: Damerau, "A technique for computer detection and correction of
    spelling errors" (CACM 1964).
    """
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, char in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == right[j - 2] and left[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def _signature(term: str) -> int:
    """Returns which letters `term` holds, one bit each: one edit changes at most two bits."""
    bits = 0
    for char in term:
        bits |= 1 << (ord(char) % 64)
    return bits


def _signatures(terms: Iterable[str]) -> list[int]:
    return [_signature(term) for term in terms]


def _numbers(table: pa.Table, name: str) -> NDArray[Any]:
    column = table.column(name)
    return column.chunk(0).to_numpy(zero_copy_only=False) if table.num_rows else np.zeros(0, dtype=np.int64)
