"""Completion: what a shopper may be about to type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tradewind.index.analysis import fold
from tradewind.index.arrays import map_array, save_array
from tradewind.index.columns import map_table, write_table

Kind = Literal["query", "category", "item"]
KINDS: tuple[Kind, ...] = ("query", "category", "item")
PRIOR = {"query": 6.0, "category": 1.0, "item": 0.0}
"""Added to the logarithm of a completion's weight: what people typed before stands above names."""
KEY_BYTES = 60
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Completion:
    """A `text` to offer; `count` is the people who typed it (query) or the items behind it (category, item)."""

    text: str
    kind: Kind
    count: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """A completion with the score it is ordered by."""

    completion: Completion
    score: float


def score_of(kind: Kind, weight: float) -> float:
    """Returns what completions are ordered by, higher first."""
    return float(np.log1p(weight)) + PRIOR[kind]


def keys_of(text: str, starts: Sequence[int]) -> list[bytes]:
    """Returns what must be typed to reach `text` from each of `starts` (character places in its folded form)."""
    folded = typed(text)
    return [folded[start:].encode("utf-8")[:KEY_BYTES] for start in starts if folded[start : start + 1].strip()]


def typed(text: str) -> str:
    """Returns `text` as it is compared with what is typed: folded, spaces single."""
    return _SPACE.sub(" ", fold(text)).strip()


def write_completions(folder: Path, found: Sequence[Ranked], keys: Sequence[Sequence[bytes]]) -> None:
    """Writes completions, each reached by its `keys`."""
    pairs = sorted({(key, at) for at, own in enumerate(keys) for key in own if key})
    columns = {
        "text": pa.array([each.completion.text for each in found], pa.large_string()),
        "kind": pa.array([KINDS.index(each.completion.kind) for each in found], pa.int8()),
        "count": pa.array([each.completion.count for each in found], pa.int64()),
        "score": pa.array([each.score for each in found], pa.float64()),
    }
    write_table(folder / "completions.arrow", pa.table(columns))
    save_array(folder, "completion_keys", np.asarray([key for key, _ in pairs] or [b""], dtype=f"S{KEY_BYTES}"))
    save_array(folder, "completion_targets", np.asarray([at for _, at in pairs] or [-1], dtype=np.int32))


class Completer:
    """Reads what write_completions wrote, memory-mapped. Thread-safe: it never changes."""

    def __init__(self, folder: Path) -> None:
        table = map_table(folder / "completions.arrow")
        self._keys, self._targets = map_array(folder, "completion_keys"), map_array(folder, "completion_targets")
        self._size = table.num_rows
        self._table = table.combine_chunks()
        self._scores = table.column("score").to_numpy() if self._size else np.zeros(0)

    def complete(self, prefix: str, k: int) -> list[tuple[int, Ranked]]:
        """Returns the `k` best completions of `prefix` with their places, best first; none for an empty prefix."""
        wanted = prefix.encode("utf-8")[:KEY_BYTES]
        if not wanted or k < 1 or not self._size:
            return []
        low = int(np.searchsorted(self._keys, np.bytes_(wanted)))
        high = int(np.searchsorted(self._keys, np.bytes_(_after(wanted))))
        targets = np.unique(self._targets[low:high])
        return [(int(at), self._ranked(int(at))) for at in self._first(targets, k)]

    def _first(self, targets: NDArray[np.int32], k: int) -> NDArray[np.int32]:
        scores = self._scores[targets]
        if len(targets) > 4 * k:
            kept = scores >= np.partition(scores, len(scores) - k)[len(scores) - k]
            targets, scores = targets[kept], scores[kept]
        chosen: NDArray[np.int32] = targets[np.lexsort((targets, -scores))][:k]
        return chosen

    def _ranked(self, at: int) -> Ranked:
        text, kind, count = (self._table.column(name)[at].as_py() for name in ("text", "kind", "count"))
        return Ranked(Completion(text, KINDS[kind], count), float(self._scores[at]))


def _after(prefix: bytes) -> bytes:
    """Returns the smallest key above every key that begins with `prefix` (UTF-8 never holds the byte 0xFF)."""
    return prefix + b"\xff" if len(prefix) < KEY_BYTES else prefix[:-1] + bytes([prefix[-1] + 1])
