"""The rows that pass a shopper's filters, in the forms that retrieval asks for them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


class Selection:
    """Rows that pass, ascending; the other forms are made when first asked for. Never changes."""

    def __init__(self, rows: NDArray[np.int64], size: int, text_of: NDArray[np.int32], texts: int) -> None:
        self.rows = rows
        self._size, self._text_of, self._texts = size, text_of, texts

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """One flag per row of the catalogue."""
        flags = np.zeros(self._size, dtype=bool)
        flags[self.rows] = True
        return flags

    @cached_property
    def has_text(self) -> NDArray[np.bool_]:
        """One flag per distinct vector: whether any row that passes has it."""
        flags = np.zeros(self._texts, dtype=bool)
        flags[self._text_of[self.rows]] = True
        return flags

    @cached_property
    def texts(self) -> NDArray[np.int64]:
        """The distinct vectors of the rows that pass, ascending."""
        return np.flatnonzero(self.has_text)


class SelectionCache:
    """Keeps the selections asked for last, up to a number of bytes; safe to share between threads."""

    def __init__(self, limit_bytes: int = 64_000_000) -> None:
        self._kept: OrderedDict[str, tuple[Selection, int]] = OrderedDict()
        self._limit, self._held, self._lock = limit_bytes, 0, threading.Lock()

    def get(self, key: str, make: Callable[[], Selection], size: int) -> Selection:
        """Returns the selection kept under `key`, or keeps and returns what `make` gives for `size` base rows."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        made = make()
        weight = made.rows.nbytes + 3 * size
        with self._lock:
            if key not in self._kept:
                self._kept[key] = (made, weight)
                self._held += weight
            while self._held > self._limit and len(self._kept) > 1:
                self._held -= self._kept.popitem(last=False)[1][1]
        return made
